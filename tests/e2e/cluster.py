"""Several `hubbub serve` on one PostgreSQL and one Valkey, each a process that can be killed, frozen and restarted."""

from __future__ import annotations

import asyncio
import re
import signal
import socket
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

START_SECONDS = 60


class NodeProcess:
    """`hubbub serve` on a port of its own, again and again.

    Attributes:
        start_seconds: how long the last start took.
    """

    def __init__(self, database: str, bus: str) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._options = (
            "--port",
            str(self.port),
            "--database",
            database,
            "--bus",
            bus,
            "--shutdown-grace-seconds",
            "4",
        )
        self.start_seconds = 0.0
        self._process: Process | None = None

    async def start(self) -> None:
        """Returns when it accepts connections."""
        began = time.monotonic()
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "hubbub", "serve", *self._options), stdout=PIPE
        )
        assert self._process.stdout is not None
        async with asyncio.timeout(START_SECONDS):
            assert b" is at " in await self._process.stdout.readline()
        self.start_seconds = time.monotonic() - began

    def signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        if self._process.returncode is None:
            self._process.send_signal(number)

    async def ended(self) -> int:
        assert self._process is not None
        return await self._process.wait()

    async def kill(self) -> None:
        self.signal(signal.SIGKILL)
        await self.ended()

    async def restart(self) -> None:
        """In good order, as a deployment does it."""
        self.signal(signal.SIGTERM)
        assert await self.ended() == 0
        await self.start()


@asynccontextmanager
async def cluster(database: str, bus: str, size: int = 3) -> AsyncIterator[list[NodeProcess]]:
    """So many nodes, all up."""
    nodes = [NodeProcess(database, bus) for _ in range(size)]
    try:
        await nodes[0].start()  # alone: it makes the tables
        await asyncio.gather(*(node.start() for node in nodes[1:]))
        yield nodes
    finally:
        await asyncio.gather(*(node.kill() for node in nodes))


async def forwarded_share(url: str) -> float:
    """Of all requests of long-polling and event-stream clients, those that came to another node than their owner."""
    async with httpx.AsyncClient(base_url=url) as http:
        page = (await http.get("/metrics")).text
    own, forwarded = (
        sum(float(value) for value in re.findall(rf"^hubbub_{name}_requests_total{{.*}} (.*)$", page, re.MULTILINE))
        for name in ("own", "forwarded")
    )
    return forwarded / (own + forwarded)
