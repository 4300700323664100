"""Two nodes of Hubbub on one PostgreSQL and one bus: durable sends, delivery across, and what the bus costs."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import msgspec

from .board import GeneratorError
from .contestants import Contestant
from .dialects import Member, user_names
from .engines import postgres, valkey
from .lab import Lab, refuse_errors
from .load import Load
from .plan import Closed, Idle, Open, Pace, Plan
from .results import Across, Cluster, percentile_ms
from .seed import seed, token
from .servers import Server, ServerError

_CROWD = "crowd"
_AWAY = 100  # addresses between those of the two nodes' clients
_COPY_SECONDS = 120.0


def cluster(lab: Lab, contestant: Contestant) -> Cluster:
    """All of it. Raises LabError's."""
    with _nodes(lab, contestant) as nodes:
        return _Bench(lab, contestant, nodes).run()


class _Bench:
    def __init__(self, lab: Lab, contestant: Contestant, nodes: Sequence[Server]) -> None:
        self._lab = lab
        self._scale = lab.scale
        self._contestant = contestant
        self._nodes = nodes
        self._pids = [node.pid for node in nodes]

    def run(self) -> Cluster:
        self._lab.progress("two nodes: durable sends at saturation")
        accepted, generator_load = self._saturation()
        self._lab.progress(f"two nodes: delivery across at {self._scale.across_per_second:,.0f} sends/s")
        latencies, late = self._latency()
        self._lab.progress("two nodes: what the bus costs")
        return Cluster(
            accepted_per_second=accepted,
            generator_load=generator_load,
            across_per_second=self._scale.across_per_second,
            across_p50_ms=percentile_ms(latencies, 0.5),
            across_p99_ms=percentile_ms(latencies, 0.99),
            across_late_p99_ms=percentile_ms(late, 0.99),
            fan_out=[self._cost(window) for window in self._scale.windows],
        )

    def _saturation(self) -> tuple[float, float]:
        """Half of the senders on each node, every room on both."""
        scale = self._scale
        pace = Closed(scale.in_flight, by_reply=True)
        with Load(self._split(self._talkers(everybody=True), pace, pace)) as load:
            load.connect()
            window = load.measure(self._pids, scale.warm_up_seconds, scale.durable_seconds)
            refuse_errors(load.finish())
        return window.replies / window.seconds, window.generator_load

    def _latency(self) -> tuple[list[int], list[int]]:
        """Those on the first node speak; what is measured is how those on the second one hear them."""
        scale = self._scale
        plans = self._split(self._talkers(everybody=False), Open(scale.across_per_second), Idle())
        speaking, hearing = [msgspec.structs.replace(plan, sample=1) for plan in plans]
        with Load([speaking]) as here, Load([hearing]) as there:
            here.connect()
            there.connect()
            there.run()
            here.run()
            here.watch(scale.warm_up_seconds)
            there.run(record=True)
            here.measure(self._pids, 0, scale.durable_seconds)
            there.run()
            said, heard = here.finish(), there.finish()
        refuse_errors(said)
        if not heard.deliveries:
            raise GeneratorError("nothing was delivered across nodes")
        return heard.deliveries, said.late

    def _cost(self, window: int) -> Across:
        """The same crowd, all on one node, and half on each."""
        members = [
            Member(number, token(number), (_CROWD,), sends=number == 0) for number in range(self._scale.fan_out_members)
        ]
        pace = Closed(window, by_reply=False)
        alone = self._deliveries(self._lab.plans(self._nodes[0], self._contestant, members, pace, generators=1))
        return Across(window, alone, self._deliveries(self._split(members, pace, pace)))

    def _deliveries(self, plans: Sequence[Plan]) -> float:
        """Per second of CPU of both nodes."""
        with Load(plans) as load:
            load.connect()
            window = load.measure(self._pids, self._scale.warm_up_seconds, self._scale.seconds)
            refuse_errors(load.finish())
        return window.deliveries_per_cpu_second

    def _talkers(self, *, everybody: bool) -> list[Member]:
        """`everybody` speaks; otherwise those on the first node."""
        return [
            Member(number, token(number), tuple(self._lab.rooms_of(number)), sends=everybody or number % 2 == 0)
            for number in range(self._scale.senders)
        ]

    def _split(self, members: Sequence[Member], *paces: Pace) -> list[Plan]:
        """Every second member to each node, with one generator for each."""
        return [
            plan
            for place, pace in enumerate(paces)
            for plan in self._lab.plans(
                self._nodes[place], self._contestant, members[place::2], pace, generators=1, source=2 + place * _AWAY
            )
        ]


@contextmanager
def _nodes(lab: Lab, contestant: Contestant) -> Iterator[list[Server]]:
    """Two nodes, with the users and the rooms that the scenarios want. Raises ServerError."""
    scale = lab.scale
    count = max(scale.senders, scale.fan_out_members)
    rooms: dict[str, list[int]] = {_CROWD: list(range(scale.fan_out_members))}
    for number in range(scale.senders):
        for room in lab.rooms_of(number):
            rooms.setdefault(room, []).append(number)
    folder = Path(tempfile.mkdtemp(prefix="hubbub-bench-"))
    try:
        with ExitStack() as parts:
            database, bus = parts.enter_context(postgres()), parts.enter_context(valkey())
            seed(folder / "hubbub.db", user_names(count), rooms)
            _copy(folder / "hubbub.db", database)
            flags = ("--database", database, "--bus", bus)
            yield [parts.enter_context(contestant.start(folder / name, *flags)) for name in ("first", "second")]
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _copy(database: Path, address: str) -> None:
    program = "from hubbub.cli import main; main()"
    command = [sys.executable, "-c", program, "copy", "--from", f"sqlite:///{database}", "--to", address]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_COPY_SECONDS)
    if done.returncode:
        raise ServerError(f"the copy into PostgreSQL failed: {(done.stderr.strip().splitlines() or [''])[-1]}")
