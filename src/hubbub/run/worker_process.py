"""One worker, as the supervisor sees it: a process that is started again whenever it ends by itself."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

import msgspec

from hubbub.config import Config

logger = logging.getLogger(__name__)

READY: Final = b"ready\n"
"""What a worker says on its standard output."""

COMMAND: Final = (sys.executable, "-m", "hubbub.run.worker")

_LONGEST_PAUSE_SECONDS: Final = 30.0


@dataclass(frozen=True, slots=True)
class Pace:
    """Times of a worker's life, in seconds.

    Attributes:
        first_pause: before it is started again; doubles with every failure in a row, up to 30.
        start: for it to accept connections; then it is killed.
        first_start: the same for the very first worker, which may have to migrate the database.
        stable: one that lived so long is started again without growing pauses.
    """

    first_pause: float = 0.5
    start: float = 60.0
    first_start: float = 600.0
    stable: float = 60.0


@dataclass(frozen=True, slots=True)
class StartFailure:
    """Why a worker does not accept connections.

    Attributes:
        reason: for a line in the log.
        explained: it ended by itself, with a line about it on standard error.
    """

    reason: str
    explained: bool = False


class WorkerProcess:
    """Args:
        number: from 0, for the log.
        census: says how many workers run, for the log.

    Attributes:
        pid: of the process that runs or ran last; None before the first.
        ready: set for ever as soon as it has accepted connections once.
        runs: whether it accepts connections now.
    """

    def __init__(
        self,
        number: int,
        config: Config,
        *,
        command: Sequence[str] = COMMAND,
        pace: Pace,
        census: Callable[[], str],
    ) -> None:
        self.number = number
        self.pid: int | None = None
        self.ready = asyncio.Event()
        self.runs = False
        self._config = config
        self._command = command
        self._pace = pace
        self._census = census
        self._process: Process | None = None
        self._stopping = asyncio.Event()
        self._last_signal = signal.SIGTERM

    async def start(self, limit_seconds: float) -> StartFailure | None:
        """Start it. Returns when it accepts connections, or why it does not; then nothing of it is left."""
        try:
            # a session of its own: Ctrl-C in the terminal is for the supervisor, who tells the workers
            process = await asyncio.create_subprocess_exec(
                *self._command, stdin=PIPE, stdout=PIPE, start_new_session=True
            )
        except OSError as error:  # too many processes, no memory, no such file
            return StartFailure(error.strerror or str(error))
        self._process, self.pid = process, process.pid
        if self._stopping.is_set():
            self._signal()
        try:
            async with asyncio.timeout(limit_seconds):
                if await self._hear(process) == READY:
                    self.runs = True
                    self.ready.set()
                    return None
                code = await process.wait()
        except TimeoutError:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
            return StartFailure(f"not ready within {limit_seconds:g} s")
        return StartFailure(_end(code), explained=code > 0)

    async def keep(self) -> None:
        """Start it unless it runs, and again whenever it ends, with growing pauses, until it has ended after `stop`.

        A failure to start is one like any other: it is logged, and tried again.
        """
        clock: Callable[[], float] = asyncio.get_running_loop().time
        failures = 0
        while self.runs or not self._stopping.is_set():
            failed = None if self.runs else await self.start(self._pace.start)
            if failed is None:
                if failures:
                    logger.info("worker %d has recovered; %s", self.number, self._census())
                began = clock()
                end = await self._ended()
                lived = clock() - began
                failures = 0 if lived > self._pace.stable else failures
                what = f"died after {lived:.1f} s: {end}"
            else:
                what = f"failed to start: {failed.reason}"
            if not self._stopping.is_set():
                failures += 1
                await self._pause(what, failures)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """Ask it to end, and don't start it again."""
        self._last_signal = number
        self._stopping.set()
        self._signal()

    def _signal(self) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(self._last_signal)

    async def _hear(self, process: Process) -> bytes:
        """Give it its configuration; the first line that it says, empty when it ends without one."""
        if process.stdin is None or process.stdout is None:  # pragma: no cover  they are pipes
            raise TypeError
        with suppress(OSError, RuntimeError):  # it ended already (uvloop says RuntimeError): the next line sees it
            process.stdin.write(msgspec.json.encode(self._config) + b"\n")
            await process.stdin.drain()
        return await process.stdout.readline()

    async def _ended(self) -> str:
        if self._process is None:  # pragma: no cover  it runs
            raise TypeError
        code = await self._process.wait()
        self.runs = False
        return _end(code)

    async def _pause(self, what: str, failures: int) -> None:
        """Say what happened, and wait for the next attempt or for `stop`."""
        seconds = min(_LONGEST_PAUSE_SECONDS, self._pace.first_pause * 2.0 ** min(failures - 1, 16))
        times = f" ({failures} times in a row)" if failures > 1 else ""
        logger.error("worker %d %s%s, next try in %g s; %s", self.number, what, times, seconds, self._census())
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stopping.wait()


def _end(code: int) -> str:
    """How a process ended, in words."""
    return f"exit code {code}" if code >= 0 else f"killed by signal {-code} ({signal.strsignal(-code)})"
