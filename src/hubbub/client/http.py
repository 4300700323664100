"""HTTP/1.1 as the fallback transports need it: keep-alive, answers that never end, the environment's proxy.

    http = Http("https://chat.example")
    with await http.request("GET", "/sse") as answer:
        while chunk := await answer.chunk():
            ...
    http.close()

Everything that goes wrong is an OSError or a `BadHttp`.
"""

from __future__ import annotations

import asyncio
import base64
import ssl
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Final, Self
from urllib.parse import SplitResult, unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

import httptools

_CHUNK_BYTES: Final = 65536
_HEAD_BYTES: Final = 65536
_FRESH_SECONDS: Final = 2.0
"""An idle connection is used again for so long: servers close theirs after 5 seconds or more, and a request that meets
the end of its connection may have arrived or not."""

Proxies = Callable[[str, str], str | None]


class BadHttp(Exception):
    """What came is no HTTP, or more of it than is reasonable."""


def environment_proxy(scheme: str, host: str) -> str | None:
    """The proxy for a server by HTTP_PROXY, HTTPS_PROXY and NO_PROXY, or the system's settings; None: go directly."""
    return None if proxy_bypass(host) else getproxies().get(scheme)


class Answer:
    """A response whose head has been read. The body comes by `chunk`. `close` it, or use it in a `with`."""

    def __init__(self, reader: asyncio.StreamReader, done: Callable[[Answer], None]) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        self.complete = False
        self._reader = reader
        self._done = done
        self._parser = httptools.HttpResponseParser(self)
        self._body: list[bytes] = []
        self._has_head = False
        self._keeps_alive = False
        self._head_bytes = 0

    @property
    def reusable(self) -> bool:
        """Whether another request may follow on this connection."""
        return self.complete and self._keeps_alive

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Done with it. Its connection is kept if the body was read to its end."""
        done, self._done = self._done, lambda _: None
        done(self)

    async def head(self) -> None:
        """Read until the status and the headers are known."""
        while not self._has_head:
            await self._feed()

    async def chunk(self) -> bytes:
        """The next bytes of the body; empty at its end."""
        while not self._body and not self.complete:
            await self._feed()
        body, self._body = b"".join(self._body), []
        return body

    async def read(self, limit_bytes: int) -> bytes:
        """The whole body."""
        parts: list[bytes] = []
        size = 0
        while part := await self.chunk():
            parts.append(part)
            size += len(part)
            if size > limit_bytes:
                raise BadHttp("the response is too long")
        return b"".join(parts)

    async def _feed(self) -> None:
        data = await self._reader.read(_CHUNK_BYTES)
        if not data:
            if not self._has_head or self._is_framed():
                raise ConnectionResetError("the connection ended in the middle of a response")
            self.complete = True  # RFC 9112 section 6.3: the end of the connection is the end of the body
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as failure:
            raise BadHttp(f"this is no HTTP: {failure}") from failure
        if not self._has_head:
            self._head_bytes += len(data)
            if self._head_bytes > _HEAD_BYTES:
                raise BadHttp("the response's head is too long")

    def _is_framed(self) -> bool:
        return "content-length" in self.headers or "chunked" in self.headers.get("transfer-encoding", "").lower()

    # the parser's calls

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        status = self._parser.get_status_code()
        if status < 200 and status != 101:
            self.headers.clear()  # 100 Continue and its like: the response follows
        else:
            self.status = status
            self._has_head = True

    def on_body(self, body: bytes) -> None:
        self._body.append(body)

    def on_message_complete(self) -> None:
        self.complete = self._has_head
        self._keeps_alive = bool(self._parser.should_keep_alive())


class _Line:
    """One TCP connection."""

    __slots__ = ("idle_since", "reader", "writer")

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self.idle_since = 0.0


class Http:
    """Requests to one server, `http(s)://HOST[:PORT]` and a path that all its paths begin with.

    Args:
        tls: for https; without one the certificates of the system count.
        proxies: which proxy leads to a server of this scheme and host.

    Attributes:
        reached: whether anything has ever accepted a connection.
    """

    def __init__(self, base: str, *, tls: ssl.SSLContext | None = None, proxies: Proxies = environment_proxy) -> None:
        parts = urlsplit(base)
        self._secure = parts.scheme == "https"
        self._host = parts.hostname or ""
        self._port = parts.port or (443 if self._secure else 80)
        self._authority = parts.netloc.rpartition("@")[2]
        self._prefix = parts.path
        self._tls = (tls or ssl.create_default_context()) if self._secure else None
        proxy = proxies(parts.scheme, self._authority)
        self._proxy = None if proxy is None else urlsplit(proxy if "//" in proxy else f"http://{proxy}")
        self._idle: list[_Line] = []
        self._busy: set[_Line] = set()
        self.reached = False

    async def request(
        self, method: str, path: str, headers: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> Answer:
        """Send a request and read the answer's head.

        Raises:
            OSError: the server can't be reached, or the connection broke off.
            BadHttp: what answered is no HTTP server.
        """
        head = self._head(method, path, headers or {}, body)
        line = await self._take()
        self.reached = True
        self._busy.add(line)
        answer = Answer(line.reader, lambda answer: self._give_back(line, answer))
        try:
            line.writer.write(head + (body or b""))
            await line.writer.drain()
            await answer.head()
        except BaseException:
            answer.close()
            raise
        return answer

    def sockets(self) -> list[asyncio.BaseTransport]:
        """Every connection, idle ones included."""
        return [line.writer.transport for line in (*self._idle, *self._busy)]

    def close(self) -> None:
        """End every connection; a request that is under way fails."""
        for line in (*self._idle, *self._busy):
            line.writer.transport.abort()
        self._idle.clear()

    async def _take(self) -> _Line:
        now = asyncio.get_running_loop().time()
        while self._idle:
            line = self._idle.pop()
            if now - line.idle_since < _FRESH_SECONDS and not line.reader.at_eof():
                return line
            line.writer.transport.abort()
        return await self._connect()

    def _give_back(self, line: _Line, answer: Answer) -> None:
        self._busy.discard(line)
        if answer.reusable and not line.writer.is_closing():
            line.idle_since = asyncio.get_running_loop().time()
            self._idle.append(line)
        else:
            line.writer.transport.abort()

    async def _connect(self) -> _Line:
        if self._proxy is None:
            reader, writer = await asyncio.open_connection(self._host, self._port, ssl=self._tls)
            return _Line(reader, writer)
        if self._proxy.scheme != "http" or not self._proxy.hostname:
            raise OSError(f"a proxy of the kind {self._proxy.scheme!r} is not supported")
        reader, writer = await asyncio.open_connection(self._proxy.hostname, self._proxy.port or 80)
        if self._tls is not None:
            try:
                await self._tunnel(self._proxy, reader, writer, self._tls)
            except BaseException:
                writer.close()
                raise
        return _Line(reader, writer)

    async def _tunnel(
        self, proxy: SplitResult, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, tls: ssl.SSLContext
    ) -> None:
        """RFC 9110 section 9.3.6: CONNECT, then TLS with the server through the proxy."""
        target = f"{f'[{self._host}]' if ':' in self._host else self._host}:{self._port}"
        writer.write(_lines(f"CONNECT {target} HTTP/1.1", {"Host": target, **_authorization(proxy)}))
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except (EOFError, asyncio.LimitOverrunError) as failure:
            raise BadHttp("the proxy did not answer as expected") from failure
        first = head.partition(b"\r\n")[0].decode("latin-1")
        if first.split(" ", 2)[1:2] != ["200"]:
            raise ConnectionRefusedError(f"the proxy refused the connection: {first}")
        await writer.start_tls(tls, server_hostname=self._host)

    def _head(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None) -> bytes:
        target = self._prefix + path
        fields = {"Host": self._authority, "Accept-Encoding": "identity", "User-Agent": "hubbub", **headers}
        if body is not None:
            fields["Content-Length"] = str(len(body))
        if self._proxy is not None and not self._secure:
            target = f"http://{self._authority}{target}"
            fields.update(_authorization(self._proxy))
        return _lines(f"{method} {target} HTTP/1.1", fields)


def _lines(first: str, headers: Mapping[str, str]) -> bytes:
    lines = [first, *(f"{name}: {value}" for name, value in headers.items())]
    if any("\r" in line or "\n" in line for line in lines):
        raise BadHttp("a line break in a request's head")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def _authorization(proxy: SplitResult) -> dict[str, str]:
    if not proxy.username:
        return {}
    pair = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}"
    return {"Proxy-Authorization": "Basic " + base64.b64encode(pair.encode()).decode()}
