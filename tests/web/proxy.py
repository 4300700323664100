"""A proxy between browsers and a server, as some networks have them, which spoils connections on demand."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Literal
from urllib.parse import urlsplit

_HEAD_BYTES = 65_536


class Proxy:
    """Relays HTTP, one request per connection.

    Attributes:
        websockets: "refused": an Upgrade is answered with 403. "swallowed": it is answered as the server does, and then
            nothing gets through.
        streams: "buffered": the events of an event stream are held back until it ends.
        url: where browsers reach the server through it.
    """

    def __init__(self, server: str) -> None:
        self.websockets: Literal["open", "refused", "swallowed"] = "open"
        self.streams: Literal["open", "buffered"] = "open"
        self.url = ""
        self._server = urlsplit(server)
        self._open: set[asyncio.Task[None]] = set()
        self._listener: asyncio.Server | None = None

    async def start(self) -> None:
        self._listener = await asyncio.start_server(self._accept, "127.0.0.1", 0, limit=_HEAD_BYTES)
        self.url = f"http://127.0.0.1:{self._listener.sockets[0].getsockname()[1]}"

    async def stop(self) -> None:
        if self._listener is not None:
            self._listener.close()
        await self.cut()

    async def cut(self) -> None:
        """Break every connection."""
        tasks = list(self._open)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(self._serve(reader, writer))
        self._open.add(task)
        task.add_done_callback(self._open.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        upstream: asyncio.StreamWriter | None = None
        try:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                head = await reader.readuntil(b"\r\n\r\n")
                upgrade = re.search(rb"\r\nupgrade: *websocket\r\n", head, re.IGNORECASE) is not None
                if upgrade and self.websockets == "refused":
                    writer.write(b"HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
                    await writer.drain()
                    return
                answers, upstream = await asyncio.open_connection(self._server.hostname, self._server.port)
                # A second request on this connection would pass unseen.
                upstream.write(
                    head
                    if upgrade
                    else re.sub(rb"(?i)\r\nconnection:[^\r]*", b"", head, count=1).replace(
                        b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n", 1
                    )
                )
                await self._relay(head, upgrade, (reader, writer), (answers, upstream))
        finally:
            for one in (writer, upstream):
                if one is not None:
                    one.transport.abort()

    async def _relay(
        self,
        head: bytes,
        upgrade: bool,
        browser: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        server: tuple[asyncio.StreamReader, asyncio.StreamWriter],
    ) -> None:
        """Until either side ends."""
        swallows = upgrade and self.websockets == "swallowed"
        holds = self.streams == "buffered" and head.startswith(b"GET /sse")
        up = asyncio.ensure_future(_copy(browser[0], None if swallows else server[1]))
        down = asyncio.ensure_future(_answer(server[0], browser[1], head_only=swallows or holds))
        try:
            await asyncio.wait((up, down), return_when=asyncio.FIRST_COMPLETED)
        finally:
            up.cancel()
            down.cancel()


async def _answer(server: asyncio.StreamReader, browser: asyncio.StreamWriter, *, head_only: bool) -> None:
    """The head of a response, and what follows it."""
    with contextlib.suppress(OSError, asyncio.IncompleteReadError):
        browser.write(await server.readuntil(b"\r\n\r\n"))
        await _copy(server, None if head_only else browser)
        browser.close()
        await browser.wait_closed()


async def _copy(source: asyncio.StreamReader, to: asyncio.StreamWriter | None) -> None:
    """Until it ends. `to` None: into nothing."""
    with contextlib.suppress(OSError):
        while data := await source.read(_HEAD_BYTES):
            if to is not None:
                to.write(data)
                await to.drain()


@asynccontextmanager
async def proxy_before(server: str) -> AsyncIterator[Proxy]:
    """A running proxy in front of the server at this URL."""
    proxy = Proxy(server)
    await proxy.start()
    try:
        yield proxy
    finally:
        await proxy.stop()
