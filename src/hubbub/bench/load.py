"""A load as the parent sees it: generator processes that connect, run, and are measured over a window."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Sequence
from multiprocessing.sharedctypes import RawArray, RawValue
from types import TracebackType
from typing import Self

import msgspec
from msgspec import Struct

from .board import GeneratorError
from .machine import cpu_seconds
from .plan import Counter, Phase, Plan, Tally
from .worker import work

_SPAWN = multiprocessing.get_context("spawn")


class Window(Struct, frozen=True):
    """What happened in a stretch of time, by all generators together.

    Attributes:
        server_cpu_seconds: of all threads of the server.
        generator_load: CPU of the busiest generator process as a fraction of the time: near 1, it was the limit.
    """

    seconds: float
    server_cpu_seconds: float
    generator_load: float
    deliveries: int
    listener_deliveries: int
    listener_bytes: int
    sent: int
    replies: int
    polls: int = 0

    @property
    def deliveries_per_cpu_second(self) -> float:
        return self.deliveries / self.server_cpu_seconds if self.server_cpu_seconds else 0.0

    @property
    def bytes_per_delivery(self) -> float:
        return self.listener_bytes / self.listener_deliveries if self.listener_deliveries else 0.0

    @property
    def server_load(self) -> float:
        return self.server_cpu_seconds / self.seconds


class Load:
    """Generator processes, one for each plan. Raises GeneratorError wherever one of them gave up.

    Args:
        held: the processes start, but connect only when `connect` is called.
    """

    def __init__(self, plans: Sequence[Plan], *, held: bool = False) -> None:
        self._plans = plans
        self._phase = RawValue("i", Phase.HOLD if held else Phase.CONNECT)
        self._counters = [RawArray("Q", Counter.SIZE) for _ in plans]
        self._results = [_SPAWN.Pipe(duplex=False) for _ in plans]
        self._processes = [
            _SPAWN.Process(target=work, args=(plan, counters, self._phase, sender), daemon=True)
            for plan, counters, (_, sender) in zip(plans, self._counters, self._results, strict=True)
        ]

    def __enter__(self) -> Self:
        for process in self._processes:
            process.start()
        for _, sender in self._results:
            sender.close()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._phase.value = Phase.STOP
        for process in self._processes:
            process.join(10)
            if process.is_alive():
                process.terminate()
                process.join()

    def connect(self) -> float:
        """Wait until all connections are ready; the seconds since the first one was."""
        self._phase.value = Phase.CONNECT
        wanted = sum(len(plan.members) for plan in self._plans)
        began = 0.0
        while (ready := self._total(Counter.READY)) < wanted:
            if ready and not began:
                began = time.monotonic()
            self._check()
            time.sleep(0.005)
        return time.monotonic() - began if began else 0.005

    def wait_until_started(self) -> None:
        """Wait until all processes run."""
        while self._total(Counter.STARTED) < len(self._plans):
            self._check()
            time.sleep(0.005)

    def run(self, *, record: bool = False) -> None:
        """Start the load. `record`: note latencies from now on."""
        self._phase.value = Phase.RECORD if record else Phase.RUN

    def watch(self, seconds: float) -> None:
        """Sleep, but not past the end of a generator."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self._check()
            time.sleep(min(left, 0.25))
        self._check()

    def kill(self) -> None:
        """End the processes with no goodbye: the system closes their connections."""
        for process in self._processes:
            process.kill()
        for process in self._processes:
            process.join()

    def measure(self, server: int | Sequence[int], warm_up_seconds: float, seconds: float) -> Window:
        """Start the load, let it settle, and look at one window of it. `server`: its process, or those of its nodes."""
        self._phase.value = Phase.RUN
        self.watch(warm_up_seconds)
        self._phase.value = Phase.RECORD
        pids = [server] if isinstance(server, int) else server
        before = self._look(pids)
        self.watch(seconds)
        after = self._look(pids)
        self._phase.value = Phase.RUN
        took, counts = after.at - before.at, after.counts
        return Window(
            seconds=took,
            server_cpu_seconds=after.server - before.server,
            generator_load=max((b - a) / took for a, b in zip(before.generators, after.generators, strict=True)),
            deliveries=counts[Counter.DELIVERED] - before.counts[Counter.DELIVERED],
            listener_deliveries=counts[Counter.LISTENER_DELIVERED] - before.counts[Counter.LISTENER_DELIVERED],
            listener_bytes=counts[Counter.LISTENER_BYTES] - before.counts[Counter.LISTENER_BYTES],
            sent=counts[Counter.SENT] - before.counts[Counter.SENT],
            replies=counts[Counter.REPLIED] - before.counts[Counter.REPLIED],
            polls=counts[Counter.POLLS] - before.counts[Counter.POLLS],
        )

    def finish(self) -> Tally:
        """Stop, and put together what the processes noted."""
        self._phase.value = Phase.STOP
        total = Tally([], [], [])
        for receiver, _ in self._results:
            tally = self._receive(receiver.recv_bytes() if receiver.poll(10) else b"")
            total.deliveries += tally.deliveries
            total.replies += tally.replies
            total.late += tally.late
            total.errors += tally.errors
            total.complaint = total.complaint or tally.complaint
        return total

    def _receive(self, data: bytes) -> Tally:
        if not data:
            raise GeneratorError("a generator process did not answer")
        tally = msgspec.msgpack.decode(data, type=Tally)
        if tally.failure:
            raise GeneratorError(tally.failure)
        return tally

    def _check(self) -> None:
        for process, (receiver, _) in zip(self._processes, self._results, strict=True):
            if receiver.poll(0):
                self._receive(receiver.recv_bytes())
                raise GeneratorError("a generator process ended early")
            if not process.is_alive():
                raise GeneratorError(f"a generator process died with exit code {process.exitcode}")

    def _look(self, servers: Sequence[int]) -> _Look:
        return _Look(
            at=time.monotonic(),
            server=sum(map(cpu_seconds, servers)),
            generators=[cpu_seconds(process.pid or 0) for process in self._processes],
            counts=[self._total(place) for place in range(Counter.SIZE)],
        )

    def _total(self, place: int) -> int:
        return sum(counters[place] for counters in self._counters)


class _Look(Struct, frozen=True):
    at: float
    server: float
    generators: list[float]
    counts: list[int]
