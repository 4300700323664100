"""What Hubbub wants to reach beside others on the same machine in the same run, and whether it did."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from .results import Results, Row


class Goal(Struct, frozen=True):
    """One figure and its target.

    Attributes:
        most: the target is the most that it may be; otherwise the least.
        digits: after the point, when it is shown.
    """

    name: str
    value: float
    target: float
    most: bool = False
    digits: int = 2

    @property
    def reached(self) -> bool:
        return self.value <= self.target if self.most else self.value >= self.target

    def __str__(self) -> str:
        verdict = "reached" if self.reached else "NOT reached"
        bound = "at most" if self.most else "at least"
        return f"{self.name}: {self.value:,.{self.digits}f} ({bound} {self.target:,g}: {verdict})"


def goals(results: Results) -> Iterator[Goal]:
    """Those whose figures were measured."""
    first, last = results.scale.windows[0], results.scale.windows[-1]
    raw, packed, socketio = (results.row(key) for key in ("raw", "msgpack", "socketio"))
    node, python = results.row("node-socketio"), results.row("python-socketio")
    if raw is not None and raw.idle is not None:
        kilobytes = raw.idle.rss_bytes_per_connection / 1024
        yield Goal("native JSON, KB an idle connection", kilobytes, 3, most=True)
    if packed is not None and packed.hello_bytes is not None:
        yield Goal('MessagePack, bytes of a delivered "hello world"', packed.hello_bytes, 48, most=True, digits=0)
    yield from _memory("Socket.IO to native JSON", socketio, raw, 1.25)
    yield from _memory("Socket.IO to Socket.IO on Node.js", socketio, node, 0.4)
    yield from _memory("Socket.IO to python-socketio", socketio, python, 0.2)
    yield from _fan_out("native JSON to C floor", raw, results.row("floor"), first, 0.85)
    yield from _fan_out("Socket.IO to native JSON", socketio, raw, last, 0.9)
    for window in results.scale.windows:
        yield from _fan_out("Socket.IO to Socket.IO on Node.js", socketio, node, window, 1.4)
        yield from _fan_out("Socket.IO to python-socketio", socketio, python, window, 8)
    if socketio is not None and (polled := socketio.at_burst(results.scale.bursts[0])) is not None:
        yield Goal("Long-polling, polls/s a core", polled.polls_per_cpu_second, 3_000, digits=0)
    if (storm := results.storm) is not None:
        yield Goal(f"Storm of {storm.connections:,}, seconds until all are back", storm.resumed_seconds, 10, most=True)
        yield Goal("Storm, p99 of delivery to others, ms", storm.others_p99_ms, 250, most=True, digits=0)
    if (nodes := results.cluster) is not None:
        yield Goal("Two nodes, durable sends/s", nodes.accepted_per_second, 5_000, digits=0)
        yield Goal("Two nodes, p99 of delivery across, ms", nodes.across_p99_ms, 25, most=True, digits=1)
        for found in nodes.fan_out:
            yield Goal(f"Two nodes to one, deliveries/CPU-s with {found.window} in flight", found.ratio, 0.7)
    if (slow := results.slow_reader) is not None:
        yield Goal("Slow reader, MB of the server's memory", slow.cost_bytes / 1e6, 2, most=True)
    if results.attacks:
        held = sum(outcome.held for outcome in results.attacks)
        yield Goal("Attacks that ordinary users don't notice", held, len(results.attacks), digits=0)


def _memory(name: str, ours: Row | None, theirs: Row | None, most: float) -> Iterator[Goal]:
    if ours is None or theirs is None or ours.idle is None or theirs.idle is None:
        return
    ratio = ours.idle.rss_bytes_per_connection / max(theirs.idle.rss_bytes_per_connection, 1)
    yield Goal(f"{name}, memory of an idle connection", ratio, most, most=True)


def _fan_out(name: str, ours: Row | None, theirs: Row | None, window: int, least: float) -> Iterator[Goal]:
    above = None if ours is None else ours.at_window(window)
    below = None if theirs is None else theirs.at_window(window)
    if above is not None and below is not None:
        ratio = above.deliveries_per_cpu_second / max(below.deliveries_per_cpu_second, 1)
        yield Goal(f"{name}, deliveries/CPU-s with {window} in flight", ratio, least)
