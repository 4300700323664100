"""Nodes of one installation as real processes, `hubbub serve` each, to be killed, frozen and restarted."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

_START_SECONDS: Final = 60.0
_STOP_SECONDS: Final = 30.0


class Node:
    """One server process, again and again at the same address.

    Args:
        arguments: of `hubbub serve`, the port excepted.
        module: the program; `hubbub` unless a test runs another build of it.
    """

    def __init__(self, folder: Path, number: int, arguments: Sequence[str], module: str = "hubbub") -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port: int = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.module = module
        self._folder = folder
        self._number = number
        self._arguments = arguments
        self._process: Process | None = None

    @property
    def log(self) -> Path:
        """What it wrote, all of its processes one after the other."""
        return self._folder / f"node{self._number}.log"

    async def start(self) -> None:
        """Returns when it accepts connections."""
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", self.module, "serve", "--port", str(self.port), *self._arguments),
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                cwd=Path(__file__).parents[2],
            )
        assert self._process.stdout is not None
        async with asyncio.timeout(_START_SECONDS):
            if not await self._process.stdout.readline():
                raise AssertionError(f"the node did not start:\n{self.log.read_text()[-2_000:]}")

    async def kill(self) -> None:
        """By SIGKILL: it finishes nothing."""
        await self._end(signal.SIGKILL)

    async def stop(self) -> None:
        """In good order. Returns when the process has ended."""
        await self._end(signal.SIGTERM)

    def freeze(self) -> None:
        """It stands still; its connections stay open."""
        self._send(signal.SIGSTOP)

    def thaw(self) -> None:
        self._send(signal.SIGCONT)

    async def _end(self, number: signal.Signals) -> None:
        self._send(number)
        if self._process is not None:
            async with asyncio.timeout(_STOP_SECONDS):
                await self._process.wait()

    def _send(self, number: signal.Signals) -> None:
        if self._process is not None and self._process.returncode is None:
            os.kill(self._process.pid, number)


@asynccontextmanager
async def running_nodes(
    folder: Path, count: int, arguments: Sequence[str], module: str = "hubbub"
) -> AsyncIterator[list[Node]]:
    """So many nodes with the same settings, which must name what they share; each has a data directory of its own."""
    nodes = [
        Node(folder, number, [*arguments, "--data", str(folder / f"data{number}")], module)
        for number in range(1, count + 1)
    ]
    try:
        for node in nodes:  # the first one makes the schema
            await node.start()
        yield nodes
    finally:
        for node in nodes:
            node.thaw()
            await node.kill()
