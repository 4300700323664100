"""The parent of the workers: holds the port's place, starts them, replaces those that end, and stops them in order.

It serves nobody itself. The workers share the port by SO_REUSEPORT: the kernel spreads connections over their queues
evenly, whereas of processes that share one listening socket the first that wakes up takes all that wait.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Final

from msgspec import structs

from hubbub.bus import BusError
from hubbub.bus.embedded import EmbeddedValkey
from hubbub.cluster.address import split
from hubbub.config import Config

from .listening import StartError, reserve, url_of
from .server import stop_limit_seconds
from .worker_process import COMMAND, Pace, WorkerProcess

_LAST_SECONDS: Final = 5.0
"""For a worker that ends itself because it did not come to its end: it writes tracebacks."""

_PACE: Final = Pace()


class FirstWorkerFailed(Exception):
    """The first worker could not start. It has said why, in its one clear line."""


class Supervisor:
    """Runs `config.workers` workers.

    Args:
        command: what to run as one.

    Attributes:
        workers: in the order of their numbers.
    """

    def __init__(self, config: Config, *, command: Sequence[str] = COMMAND, pace: Pace = _PACE) -> None:
        self.workers: list[WorkerProcess] = []
        self._config = config
        self._command = command
        self._pace = pace

    async def run(self, stop: asyncio.Event, started: Callable[[str], None]) -> None:
        """Until `stop` is set.

        Args:
            started: gets the address when all workers accept connections. One that can't start is tried again and
                again; the others serve meanwhile, and the log says so.

        Raises:
            StartError: the port is taken, there is no bus, or the first worker ended without a word. Nothing is left
                running.
            FirstWorkerFailed: the first worker ended and said why. Nothing is left running.
        """
        with reserve(self._config.host, self._config.port) as place:
            async with _bus(self._config) as bus:
                config = structs.replace(self._config, port=place.getsockname()[1], bus=bus)
                self.workers = [
                    WorkerProcess(
                        number,
                        _of_worker(config, number),
                        command=self._command,
                        pace=self._pace,
                        census=self._census,
                    )
                    for number in range(config.workers)
                ]
                try:
                    if await self._start_first(stop):
                        await self._supervise(stop, lambda: started(url_of(place)))
                finally:
                    self.kill()

    def kill(self) -> None:
        """At once."""
        for worker in self.workers:
            worker.stop(signal.SIGKILL)

    async def _start_first(self, stop: asyncio.Event) -> bool:
        """Alone: it migrates the database, and says what is wrong once. False: `stop` came first."""
        first = self.workers[0]
        starting = asyncio.create_task(first.start(self._pace.first_start))
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait((starting, stopping), return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if not starting.done():
            first.stop()
            await asyncio.wait((starting,), timeout=worker_stop_seconds(self._config))
            first.stop(signal.SIGKILL)
        failed = await starting
        if failed is None or stop.is_set():
            return failed is None
        if failed.explained:
            raise FirstWorkerFailed
        raise StartError(f"the first worker failed to start: {failed.reason}")

    async def _supervise(self, stop: asyncio.Event, all_ready: Callable[[], None]) -> None:
        """Keep them all until the stop, then end them. What one of the tasks raises, a bug, ends it at once."""
        async with asyncio.TaskGroup() as tasks:
            stopping = tasks.create_task(stop.wait())
            announcing = tasks.create_task(self._announce(all_ready))
            keeping = [tasks.create_task(worker.keep()) for worker in self.workers]
            await stopping
            announcing.cancel()
            for worker in self.workers:
                worker.stop()
            await asyncio.wait(keeping, timeout=worker_stop_seconds(self._config))
            self.kill()

    async def _announce(self, all_ready: Callable[[], None]) -> None:
        for worker in self.workers:
            await worker.ready.wait()
        all_ready()

    def _census(self) -> str:
        return f"{sum(worker.runs for worker in self.workers)} of {len(self.workers)} workers run"


def worker_stop_seconds(config: Config) -> float:
    """What a worker has to end, before it is killed."""
    return stop_limit_seconds(config.shutdown_grace_seconds) + _LAST_SECONDS


def supervisor_stop_seconds(config: Config) -> float:
    """What the supervisor itself has."""
    return worker_stop_seconds(config) + 2 * _LAST_SECONDS


def _of_worker(config: Config, number: int) -> Config:
    """The configuration of one: doors for other hosts are at successive ports."""
    if not config.node_address:
        return config
    host, port = split(config.node_address)
    place = f"[{host}]" if ":" in host else host
    return structs.replace(config, node_address=f"{place}:{port + number}")


@asynccontextmanager
async def _bus(config: Config) -> AsyncIterator[str]:
    """The address of the bus that the configuration names, or of one of our own. Raises StartError."""
    if config.bus:
        yield config.bus
        return
    try:
        own = EmbeddedValkey()
        address = await own.__aenter__()
    except BusError as error:
        raise StartError(f"bus: {error}") from error
    try:
        yield address
    finally:
        await own.__aexit__(None, None, None)
