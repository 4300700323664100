"""A proxy between a client and a server that misbehaves as proxies do, and can be told to stop it.

    async with proxy(server.url) as between:
        between.refuse_upgrades = True
        ... Client(between.url, token) ...
        between.open()

It stands before the server (a reverse proxy), and takes requests for the server that name it in full, too, as a browser
sends them to a proxy of its network; so does CONNECT.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

_CHUNK_BYTES: Final = 65536
_END: Final = b"\r\n\r\n"
_CERTIFICATE: Final = Path(__file__).with_name("localhost.pem")


class Proxy:
    """What passes, and what does not. Set the attributes at any time.

    Attributes:
        refuse_upgrades: answer 403 to a WebSocket's handshake, and to CONNECT.
        swallow_frames: let the handshake pass, and then nothing more. A connection that met this stays silent.
        buffer_streams: let the head of an event stream pass, and keep its body until it ends; of one that has begun,
            keep the rest.
        refuse_all: answer 502 to every request, as if the server were not there.
        requests: the first lines of the requests that came, refused ones included.
        connections: how many were accepted so far.
    """

    def __init__(self, server: str) -> None:
        parts = urlsplit(server)
        self._host, self._port = parts.hostname or "", parts.port or 80
        self.url = ""
        self.refuse_upgrades = False
        self.swallow_frames = False
        self.buffer_streams = False
        self.refuse_all = False
        self.requests: list[str] = []
        self.connections = 0
        self._passages: set[_Passage] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._changed = asyncio.Condition()

    def open(self) -> None:
        """Everything passes from now on; what was swallowed before stays so."""
        self.refuse_upgrades = self.swallow_frames = self.buffer_streams = self.refuse_all = False

    def cut(self) -> None:
        """Break off every connection, as when a network cable is pulled and put back."""
        for passage in self._passages:
            passage.cut()

    async def until(self, happened: Callable[[], bool]) -> None:
        """Wait for something that a request brings about."""
        async with self._changed:
            await self._changed.wait_for(happened)

    def asked(self, start: str) -> int:
        """How many requests began like this, e.g. "GET /ws"."""
        return sum(request.startswith(start) for request in self.requests)

    async def end(self) -> None:
        """Break off every connection, and wait until nothing of them is left."""
        while self._tasks:
            self.cut()
            for task in self._tasks:
                task.cancel()
            await asyncio.wait(self._tasks)

    def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # No coroutine: one that is cancelled before its first step would leave its connection open.
        self.connections += 1
        passage = _Passage(self, reader, writer)
        self._passages.add(passage)
        task = asyncio.create_task(self._run(passage))
        self._tasks.add(task)
        task.add_done_callback(lambda task: self._left(passage, task))

    async def _run(self, passage: _Passage) -> None:
        with suppress(OSError, EOFError):
            await passage.run()

    def _left(self, passage: _Passage, task: asyncio.Task[None]) -> None:
        self._passages.discard(passage)
        self._tasks.discard(task)
        passage.cut()

    async def seen(self, request: str) -> None:
        self.requests.append(request)
        async with self._changed:
            self._changed.notify_all()

    async def upstream(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection(self._host, self._port)


class _Passage:
    """One connection of a client, and its own connection to the server."""

    def __init__(self, proxy: Proxy, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._proxy = proxy
        self._reader = reader
        self._writer = writer
        self._server: asyncio.StreamWriter | None = None
        self._back: asyncio.Task[None] | None = None
        self._silent = False

    def cut(self) -> None:
        for writer in (self._writer, self._server):
            if writer is not None:
                writer.transport.abort()
        if self._back is not None:
            self._back.cancel()

    async def run(self) -> None:
        while True:
            head = await self._reader.readuntil(_END)
            first = head.partition(b"\r\n")[0].decode()
            await self._proxy.seen(first)
            headers = _headers(head)
            upgrade = "websocket" in headers.get("upgrade", "").lower()
            if self._proxy.refuse_all:
                return await self._refuse("502 Bad Gateway")
            tunnel = first.startswith("CONNECT ")
            if (upgrade or tunnel) and self._proxy.refuse_upgrades:
                return await self._refuse("403 Forbidden")
            server = await self._connect()
            if tunnel:
                self._writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
                return await self._pass_all(server)
            server.write(_origin_form(head) + await self._reader.readexactly(int(headers.get("content-length", "0"))))
            if upgrade:
                return await self._pass_all(server)

    async def _connect(self) -> asyncio.StreamWriter:
        if self._server is None:
            reader, self._server = await self._proxy.upstream()
            self._back = asyncio.create_task(self._pass_back(reader))
        return self._server

    async def _refuse(self, status: str) -> None:
        self._writer.write(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
        await self._writer.drain()
        self._writer.close()
        await self._writer.wait_closed()

    async def _pass_all(self, server: asyncio.StreamWriter) -> None:
        while data := await self._reader.read(_CHUNK_BYTES):
            self._silent = self._silent or self._proxy.swallow_frames
            if not self._silent:
                server.write(data)
                await server.drain()

    async def _pass_back(self, server: asyncio.StreamReader) -> None:
        """What the server says. Its responses come one at a time, so that a head begins a chunk."""
        kept: list[bytes] = []
        upgraded = streaming = False
        with suppress(OSError):
            while data := await server.read(_CHUNK_BYTES):
                head, end, body = data.partition(_END)
                if data.startswith(b"HTTP/1.1 101 "):
                    upgraded = True
                    self._writer.write(head + end)
                    data = body
                elif data.startswith(b"HTTP/1.1 "):
                    streaming = b"text/event-stream" in head
                    if streaming and self._proxy.buffer_streams:
                        self._writer.write(head + end)
                        data = body
                self._silent = self._silent or (upgraded and self._proxy.swallow_frames)
                if kept or (streaming and self._proxy.buffer_streams):
                    kept.append(data)
                elif not self._silent:
                    self._writer.write(data)
                    await self._writer.drain()
            self._writer.write(b"".join(kept))
            if not self._silent:
                self._writer.close()


def _headers(head: bytes) -> dict[str, str]:
    found = {}
    for line in head.decode("latin-1").split("\r\n")[1:]:
        name, _, value = line.partition(":")
        found[name.strip().lower()] = value.strip()
    return found


def _origin_form(head: bytes) -> bytes:
    """The request as the server itself takes it (RFC 9112 section 3.2)."""
    method, target, rest = head.split(b" ", 2)
    if target.startswith(b"http://"):
        target = b"/" + target.split(b"/", 3)[3]
    return b" ".join((method, target, rest))


def trusting() -> ssl.SSLContext:
    """For clients of a proxy with TLS."""
    return ssl.create_default_context(cafile=_CERTIFICATE)


@asynccontextmanager
async def proxy(server: str, *, tls: bool = False) -> AsyncIterator[Proxy]:
    """A proxy before the server at this URL, on a free port; at first everything passes.

    Args:
        tls: it speaks https, with a certificate that `trusting` clients take.
    """
    one = Proxy(server)
    context = None
    if tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(_CERTIFICATE)
    async with await asyncio.start_server(one.accept, "127.0.0.1", 0, ssl=context) as listener:
        one.url = f"http{'s' if tls else ''}://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
        try:
            yield one
        finally:
            listener.close()
            await one.end()
