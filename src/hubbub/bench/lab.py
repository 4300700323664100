"""The scenarios: what is measured, and how a server is put under each load."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from .board import GeneratorError
from .contestants import Contestant
from .dialects import Member, user_names
from .hello import LISTENER, ROOM, SPEAKER, hello_bytes
from .load import Load, Window
from .machine import cpu_seconds, rss_bytes
from .plan import Closed, Idle, Open, Pace, Plan, Rounds, Tally
from .results import Durable, FanOut, IdleCost, Paced, Polling, Saturation, fan_out, percentile_ms
from .scale import Scale
from .seed import seed, token
from .servers import Server, ServerError

_ROOM = "bench"
_NOTHING: Mapping[str, Sequence[str]] = {}
_ADDRESSES_EACH = 8  # loopback addresses of one generator

LabError = (GeneratorError, ServerError)
"""What makes one figure unobtainable."""


class Lab:
    """Runs scenarios, each against servers of its own.

    Args:
        folder: for the peers' packages, the floor's program and logs. Databases go to the system's temporary folder.
        progress: told what happens, one line at a time.
    """

    def __init__(self, scale: Scale, folder: Path, progress: Callable[[str], None]) -> None:
        self.scale = scale
        self._folder = folder
        self.progress = progress

    def idle(self, contestant: Contestant) -> IdleCost:
        """Many connections of distinct users in one room, none saying anything. Raises GeneratorError, ServerError."""
        count = self.scale.idle_connections
        self.progress(f"{count:,} idle connections: {contestant.title}")
        members = [Member(number, token(number), (_ROOM,), sends=False) for number in range(count)]
        with self.server(contestant, user_names(count), {_ROOM: range(count)}) as server:
            time.sleep(self.scale.settle_seconds)
            rss, cpu = rss_bytes(server.pid), cpu_seconds(server.pid)
            with Load(self.plans(server, contestant, members, Idle())) as load:
                took = load.connect()
                used = cpu_seconds(server.pid) - cpu
                time.sleep(self.scale.settle_seconds)
                grown = rss_bytes(server.pid) - rss
                load.finish()
        return IdleCost(count, grown / count, count / max(used, 0.01), count / took)

    def fan_out(self, contestants: Sequence[Contestant], failed: Callable[[Contestant, str], None]) -> _FanOuts:
        """One sender to all members of a room, at each window, the servers in turns."""
        measured: dict[tuple[str, int], list[tuple[Window, Tally]]] = {}
        broken: set[str] = set()
        for round_number in range(self.scale.rounds):
            for contestant in contestants:
                if contestant.key in broken:
                    continue
                self.progress(f"fan-out, round {round_number + 1} of {self.scale.rounds}: {contestant.title}")
                try:
                    for window, found in self._fan_out_round(contestant):
                        measured.setdefault((contestant.key, window), []).append(found)
                except LabError as failure:
                    broken.add(contestant.key)
                    failed(contestant, str(failure))
        members = self.scale.fan_out_members
        return {
            contestant.key: [
                fan_out(window, members, measured[contestant.key, window])
                for window in self.scale.windows
                if (contestant.key, window) in measured
            ]
            for contestant in contestants
        }

    def _fan_out_round(self, contestant: Contestant) -> Iterator[tuple[int, tuple[Window, Tally]]]:
        scale = self.scale
        count = scale.fan_out_members
        members = [Member(number, token(number), (_ROOM,), sends=number == 0) for number in range(count)]
        with self.server(contestant, user_names(count), {_ROOM: range(count)}) as server:
            for window in scale.windows:
                pace = Closed(window, by_reply=False)
                with Load(self.plans(server, contestant, members, pace)) as load:
                    load.connect()
                    found = load.measure(server.pid, scale.warm_up_seconds, scale.seconds)
                    tally = load.finish()
                refuse_errors(tally)
                if not found.deliveries:
                    raise GeneratorError("nothing was delivered")
                yield window, (found, tally)

    def hello(self, contestant: Contestant) -> int:
        """Bytes of a delivered "hello world". Raises GeneratorError, ServerError."""
        self.progress(f"hello world: {contestant.title}")
        names = [SPEAKER.name, LISTENER.name]
        with self.server(contestant, names, {ROOM: range(2)}) as server:
            return hello_bytes(server.address, contestant.dialect, (token(0), token(1)))

    def polling(self, contestant: Contestant) -> list[Polling]:
        """Sessions of long-polling in one room, at each burst. Raises GeneratorError, ServerError."""
        scale = self.scale
        count = scale.poll_sessions
        self.progress(f"long-polling by {count:,} sessions: {contestant.title}")
        members = [Member(number, token(number), (_ROOM,), sends=number == 0) for number in range(count)]
        found = []
        with self.server(contestant, user_names(count), {_ROOM: range(count)}) as server:
            for burst in scale.bursts:
                plans = self.plans(server, contestant, members, Rounds(burst), generators=1)
                with Load(plans) as load:
                    load.connect()
                    window = load.measure(server.pid, scale.warm_up_seconds, scale.seconds)
                    load.finish()
                if not window.polls:
                    raise GeneratorError("nothing was delivered")
                found.append(_polling(count, burst, window))
        return found

    def durable(self, contestant: Contestant) -> Durable:
        """Sends of many to many rooms: at intended times, and as many as the server accepts."""
        scale = self.scale
        members = [
            Member(number, token(number), tuple(self.rooms_of(number)), sends=True) for number in range(scale.senders)
        ]
        rooms: dict[str, list[int]] = {}
        for number in range(scale.senders):
            for room in self.rooms_of(number):
                rooms.setdefault(room, []).append(number)
        found = Durable(scale.senders, scale.rooms, scale.senders * scale.rooms_each // scale.rooms)
        try:
            with self.server(contestant, user_names(scale.senders), rooms) as server:
                self.progress(f"durable sends at {scale.paced_per_second:,.0f}/s: {contestant.title}")
                found.paced = self._paced(server, contestant, members)
                self.progress(f"durable sends at saturation: {contestant.title}")
                found.saturation = self._saturation(server, contestant, members)
        except LabError as failure:
            found.failure = str(failure)
        return found

    def _paced(self, server: Server, contestant: Contestant, members: Sequence[Member]) -> Paced:
        scale = self.scale
        rate = scale.paced_per_second / scale.generators
        with Load(self.plans(server, contestant, members, Open(rate))) as load:
            load.connect()
            window = load.measure(server.pid, scale.warm_up_seconds, scale.durable_seconds)
            tally = load.finish()
        refuse_errors(tally)
        return Paced(
            intended_per_second=scale.paced_per_second,
            accepted_per_second=window.replies / window.seconds,
            reply_p50_ms=percentile_ms(tally.replies, 0.5),
            reply_p99_ms=percentile_ms(tally.replies, 0.99),
            late_p99_ms=percentile_ms(tally.late, 0.99),
            server_load=window.server_load,
            generator_load=window.generator_load,
        )

    def _saturation(self, server: Server, contestant: Contestant, members: Sequence[Member]) -> Saturation:
        scale = self.scale
        with Load(self.plans(server, contestant, members, Closed(scale.in_flight, by_reply=True))) as load:
            load.connect()
            window = load.measure(server.pid, scale.warm_up_seconds, scale.durable_seconds)
            tally = load.finish()
        refuse_errors(tally)
        return Saturation(
            in_flight=scale.in_flight * scale.senders,
            accepted_per_second=window.replies / window.seconds,
            deliveries_per_second=window.deliveries / window.seconds,
            server_load=window.server_load,
            generator_load=window.generator_load,
        )

    def rooms_of(self, number: int) -> list[str]:
        """Rooms of a sender, so that every room has equally many members and no two rooms the same ones."""
        step = self.scale.rooms // self.scale.rooms_each + 1
        return [f"r{(number + place * step) % self.scale.rooms:02d}" for place in range(self.scale.rooms_each)]

    def plans(
        self,
        server: Server,
        contestant: Contestant,
        members: Sequence[Member],
        pace: Pace,
        generators: int | None = None,
        source: int = 2,
    ) -> list[Plan]:
        """The members dealt out to the generators; the first member goes to the first one."""
        generators = min(generators or self.scale.generators, len(members))
        return [
            Plan(
                address=server.address,
                source=source + number * _ADDRESSES_EACH,
                dialect=contestant.dialect,
                members=tuple(members[number::generators]),
                pace=pace,
                text_bytes=self.scale.text_bytes,
                connect_seconds=self.scale.connect_seconds,
            )
            for number in range(generators)
        ]

    @contextmanager
    def server(
        self,
        contestant: Contestant,
        names: Sequence[str],
        rooms: Mapping[str, Sequence[int]],
        *arguments: str,
        said: Mapping[str, Sequence[str]] = _NOTHING,
        password: str = "",
    ) -> Iterator[Server]:
        """The server, running; ours with a fresh database (see `seed`) and these further arguments."""
        if not contestant.ours:
            with contestant.start(self._folder) as server:
                yield server
            return
        data = Path(tempfile.mkdtemp(prefix="hubbub-bench-"))
        try:
            seed(data / "hubbub.db", names, rooms, said=said, password=password)
            with contestant.start(self._folder, "--data", str(data), *arguments) as server:
                yield server
        finally:
            shutil.rmtree(data, ignore_errors=True)


_FanOuts = dict[str, list[FanOut]]


def _polling(sessions: int, burst: int, window: Window) -> Polling:
    return Polling(
        sessions=sessions,
        burst=burst,
        polls_per_cpu_second=window.polls / max(window.server_cpu_seconds, 0.01),
        deliveries_per_cpu_second=window.deliveries_per_cpu_second,
        server_load=window.server_load,
        generator_load=window.generator_load,
    )


def refuse_errors(tally: Tally) -> None:
    """Raises GeneratorError when the server answered with errors."""
    if tally.errors:
        raise GeneratorError(f"the server answered {tally.errors} times with an error: {tally.complaint!r}")
