"""One worker, as the supervisor sees it: a process that is started again whenever it ends by itself."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final

import msgspec

from hubbub.config import Config

logger = logging.getLogger(__name__)

READY: Final = b"ready\n"
"""What a worker says on its standard output."""

COMMAND: Final = (sys.executable, "-m", "hubbub.workers.worker")
FIRST_PAUSE_SECONDS: Final = 0.5
_LONGEST_PAUSE_SECONDS: Final = 30.0
_STABLE_SECONDS: Final = 60.0
"""One that lived so long is started again without growing pauses."""


class WorkerProcess:
    """Args:
        number: from 0, for the log.
        first_pause_seconds: doubles with every failure in a row.

    Attributes:
        pid: of the process that runs or ran last; None before the first.
    """

    def __init__(
        self,
        number: int,
        config: Config,
        *,
        command: Sequence[str] = COMMAND,
        first_pause_seconds: float = FIRST_PAUSE_SECONDS,
    ) -> None:
        self.number = number
        self.pid: int | None = None
        self._config = config
        self._command = command
        self._first_pause_seconds = first_pause_seconds
        self._process: Process | None = None
        self._stopping = False

    async def start(self) -> bool:
        """Start it. Returns when it accepts connections, or False when it ended before; it has said why."""
        # a session of its own: Ctrl-C in the terminal is for the supervisor, who tells the workers
        process = await asyncio.create_subprocess_exec(*self._command, stdin=PIPE, stdout=PIPE, start_new_session=True)
        self._process, self.pid = process, process.pid
        if process.stdin is None or process.stdout is None:  # pragma: no cover  they are pipes
            raise TypeError
        with suppress(OSError):  # it ended already: the next line sees it
            process.stdin.write(msgspec.json.encode(self._config) + b"\n")
            await process.stdin.drain()
        if await process.stdout.readline() == READY:
            return True
        await process.wait()
        return False

    async def keep(self) -> None:
        """Start it again whenever it ends, with growing pauses. Returns when it has ended after `stop`."""
        clock: Callable[[], float] = asyncio.get_running_loop().time
        failures, began = 0, clock()
        while True:
            if self._process is not None:
                code = await self._process.wait()
                if self._stopping:
                    return
                failures = 0 if clock() - began > _STABLE_SECONDS else failures + 1
                pause = min(_LONGEST_PAUSE_SECONDS, self._first_pause_seconds * 2 ** min(failures, 16))
                logger.error("worker %d ended with code %s; the next one starts in %g s", self.number, code, pause)
                await asyncio.sleep(pause)
            began = clock()
            await self.start()

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """Ask it to end, and don't start it again."""
        self._stopping = True
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(number)
