"""A load balancer as simple as they come: TCP, one server after the other, no stickiness, no look at the bytes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress

_CHUNK_BYTES = 65_536


class RoundRobin:
    """Attributes:
    url: for the clients.
    ports: the servers behind it on loopback; one that refuses a connection is passed over.
    connections: how many went to each port.
    """

    def __init__(self, ports: Sequence[int]) -> None:
        self.url = ""
        self.ports = list(ports)
        self.connections: dict[int, int] = dict.fromkeys(ports, 0)
        self._next = 0
        self._tasks: set[asyncio.Task[None]] = set()

    def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._pass(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def end(self) -> None:
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far = await self._connect()
            if far is None:
                return
            try:
                await asyncio.wait(
                    [asyncio.create_task(_copy(reader, far[1])), asyncio.create_task(_copy(far[0], writer))],
                    return_when=asyncio.FIRST_COMPLETED,
                )
            finally:
                far[1].close()
        finally:
            writer.close()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        for _ in range(2 * len(self.ports)):
            port = self.ports[self._next % len(self.ports)]
            self._next += 1
            with suppress(OSError):
                far = await asyncio.open_connection("127.0.0.1", port)
                self.connections[port] += 1
                return far
        return None


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError, RuntimeError):  # uvloop's, of a connection that has closed meanwhile
        while data := await reader.read(_CHUNK_BYTES):
            writer.write(data)
            await writer.drain()


@asynccontextmanager
async def round_robin(ports: Sequence[int]) -> AsyncIterator[RoundRobin]:
    """A balancer on a free port."""
    one = RoundRobin(ports)
    server = await asyncio.start_server(one.accept, "127.0.0.1", 0)
    one.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield one
    finally:
        server.close()
        await one.end()
