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
from hubbub.serving import StartError, reserve, url_of

from .process import COMMAND, FIRST_PAUSE_SECONDS, WorkerProcess

_LAST_SECONDS: Final = 10.0
"""Time beyond the grace for a worker to end."""


class FirstWorkerFailed(Exception):
    """The first worker could not start. It has said why, in its one clear line."""


class Supervisor:
    """Runs `config.workers` workers.

    Args:
        command: what to run as one.
        first_pause_seconds: before one that ended by itself is started again.

    Attributes:
        workers: in the order of their numbers.
    """

    def __init__(
        self, config: Config, *, command: Sequence[str] = COMMAND, first_pause_seconds: float = FIRST_PAUSE_SECONDS
    ) -> None:
        self.workers: list[WorkerProcess] = []
        self._config = config
        self._command = command
        self._first_pause_seconds = first_pause_seconds

    async def run(self, stop: asyncio.Event, started: Callable[[str], None]) -> None:
        """Until `stop` is set.

        Args:
            started: gets the address when all workers accept connections.

        Raises:
            StartError: the port is taken, or there is no bus.
            FirstWorkerFailed: nothing is left running.
        """
        with reserve(self._config.host, self._config.port) as place:
            async with _bus(self._config) as bus:
                config = structs.replace(self._config, port=place.getsockname()[1], bus=bus)
                self.workers = [
                    WorkerProcess(
                        number,
                        _of_worker(config, number),
                        command=self._command,
                        first_pause_seconds=self._first_pause_seconds,
                    )
                    for number in range(config.workers)
                ]
                if not await self.workers[0].start():  # alone: it migrates the database, and says what is wrong once
                    raise FirstWorkerFailed
                await asyncio.gather(*(worker.start() for worker in self.workers[1:]))
                started(url_of(place))
                await self._supervise(stop)

    def kill(self) -> None:
        """At once."""
        for worker in self.workers:
            worker.stop(signal.SIGKILL)

    async def _supervise(self, stop: asyncio.Event) -> None:
        keeping = [asyncio.create_task(worker.keep()) for worker in self.workers]
        try:
            await stop.wait()
            for worker in self.workers:
                worker.stop()
            await asyncio.wait(keeping, timeout=self._config.shutdown_grace_seconds + _LAST_SECONDS)
        finally:
            self.kill()
            for task in keeping:
                task.cancel()
            await asyncio.gather(*keeping, return_exceptions=True)


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
