"""The results as a table for people."""

from __future__ import annotations

from collections.abc import Iterator

from .results import Results, Row


def report(results: Results) -> str:
    """All of it, ready to print."""
    return "\n".join(
        [*_head(results), "", *_table(results), "", *_durable(results), *_ratios(results), *_notes(results)]
    )


def _head(results: Results) -> Iterator[str]:
    machine, scale = results.machine, results.scale
    yield f"Hubbub {results.version}, {results.begun}"
    yield (
        f"{machine.cpus} CPUs ({machine.model}), {machine.memory_gib} GiB, Linux {machine.kernel}, "
        f"Python {machine.python}; texts of {scale.text_bytes} bytes; {scale.generators} generator process(es)"
    )
    yield (
        f"Idle: {scale.idle_connections:,} connections in one room. Fan-out: to {scale.fan_out_members:,} members, "
        f"deliveries per server-CPU-second, median of {scale.rounds}."
    )
    yield "Hubbub authenticates every connection and stores every message before delivering it; the others do neither."


def _table(results: Results) -> Iterator[str]:
    windows = results.scale.windows
    heads = [
        "server",
        "KB/idle conn.",
        "connects/CPU-s",
        *(f"{window} in flight" for window in windows),
        "bytes/delivery",
    ]
    rows = [heads, *([row.title, *_cells(row, windows)] for row in results.rows)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(heads))]
    for number, row in enumerate(rows):
        first, *others = (
            cell.ljust(width) if not column else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        failure = results.rows[number - 1].failure if number else ""
        yield "  ".join([first, *others, *([f"({failure})"] if failure else [])]).rstrip()
        if not number:
            yield "  ".join("-" * width for width in widths)


def _cells(row: Row, windows: tuple[int, ...]) -> Iterator[str]:
    yield "–" if row.idle is None else f"{row.idle.rss_bytes_per_connection / 1024:.1f}"
    yield "–" if row.idle is None else _short(row.idle.connects_per_cpu_second)
    for window in windows:
        found = row.at_window(window)
        yield "–" if found is None else _short(found.deliveries_per_cpu_second) + "*" * found.generator_limited
    last = row.at_window(windows[0])
    yield "–" if last is None else f"{last.bytes_per_delivery:.0f}"


def _short(value: float) -> str:
    if value >= 1e6:
        return f"{value / 1e6:.2f}M"
    return f"{value / 1e3:.1f}k" if value >= 1e3 else f"{value:.0f}"


def _durable(results: Results) -> Iterator[str]:
    durable = results.durable
    if durable is None:
        return
    yield f"Durable sends, {durable.connections} connections, {durable.rooms} rooms of {durable.members} members:"
    if (most := durable.saturation) is not None:
        limited = "*" if most.generator_limited else ""
        yield (
            f"  accepted at saturation: {most.accepted_per_second:,.0f}{limited} sends/s, "
            f"{_short(most.deliveries_per_second)} deliveries/s "
            f"(server {most.server_load:.0%} CPU, generator {most.generator_load:.0%})"
        )
    if (paced := durable.paced) is not None:
        yield (
            f"  at {paced.intended_per_second:,.0f} sends/s: reply p50 {paced.reply_p50_ms:.2f} ms, "
            f"p99 {paced.reply_p99_ms:.2f} ms (accepted {paced.accepted_per_second:,.0f}/s, "
            f"generator late by {paced.late_p99_ms:.2f} ms at p99)"
        )
    if durable.failure:
        yield f"  failed: {durable.failure}"
    yield ""


def _ratios(results: Results) -> Iterator[str]:
    """The promises, each with what it came to."""
    raw, socketio, floor = results.row("raw"), results.row("socketio"), results.row("floor")
    first, last = results.scale.windows[0], results.scale.windows[-1]
    if raw is not None and raw.idle is not None:
        yield f"raw, KB an idle connection: {raw.idle.rss_bytes_per_connection / 1024:.2f} (goal: at most 3)"
        if socketio is not None and socketio.idle is not None:
            ratio = socketio.idle.rss_bytes_per_connection / max(raw.idle.rss_bytes_per_connection, 1)
            yield f"Socket.IO to raw, memory: {ratio:.2f} (goal: at most 1.25)"
    yield from _ratio("raw to C floor", raw, floor, first, "at least 0.85")
    yield from _ratio("Socket.IO to raw", socketio, raw, last, "at least 0.9")


def _ratio(name: str, upper: Row | None, lower: Row | None, window: int, goal: str) -> Iterator[str]:
    above = None if upper is None else upper.at_window(window)
    below = None if lower is None else lower.at_window(window)
    if above is not None and below is not None:
        ratio = above.deliveries_per_cpu_second / below.deliveries_per_cpu_second
        yield f"{name}, fan-out with {window} in flight: {ratio:.2f} (goal: {goal})"


def _notes(results: Results) -> Iterator[str]:
    limited = any(found.generator_limited for row in results.rows for found in row.fan_out)
    durable = results.durable
    if limited or (durable is not None and durable.saturation is not None and durable.saturation.generator_limited):
        yield ""
        yield "* The generator was busy more than 90 % of the time: the server may have been able to do more."
