"""The native wire over HTTP, for clients whose proxies break WebSockets (docs/protocol.md, "Without WebSocket").

    GET  /sse                 an event stream; its first event carries the key of the connection
    GET  /poll                opens a long-polling connection: {"key":…}
    GET  /poll/KEY            waits for objects: an array of them
    POST /sse/KEY, /poll/KEY  commands, one JSON object per line; their replies come down
    DELETE the same           ends it

The key is a secret: who knows it acts as the connection. So a page of another origin, which can make a browser send
its cookie but can't read the answer, can do nothing with it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any, Final, Protocol, runtime_checkable

from hubbub.auth.origins import cors_headers, may_read, preflight_headers
from hubbub.errors import CloseCode, Disconnect
from hubbub.realtime.core.connection import Connection, Handshake
from hubbub.realtime.transports.http_body import ClientGone, hangup, headers_of, read_body

from .base_connection import GatewayContext
from .native_http import NativeHttpConnection, PollingLane, SseLane
from .protocol import HttpProtocol, Receive, Scope, Send

Headers = list[tuple[bytes, bytes]]

SSE_PATH: Final = "/sse"
POLL_PATH: Final = "/poll"

_JSON: Final = (b"content-type", b"application/json")
_NO_STORE: Final = (b"cache-control", b"no-store, no-transform")
_STREAM: Final = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    _NO_STORE,
    (b"x-accel-buffering", b"no"),  # nginx holds back what it buffers
]
_UNKNOWN: Final = (
    b'{"error":{"code":"unknown_connection","message":"This connection has ended. Open a new one.","retryable":true}}'
)
_BUSY: Final = (
    b'{"error":{"code":"already_polling","message":"Another request waits for this connection.","retryable":false}}'
)
_TOO_BIG: Final = b'{"error":{"code":"body_too_big","message":"The body is too long.","retryable":false}}'
_CLOSING: Final = (
    b'{"error":{"code":"shutting_down","message":"The server is restarting. Try again.","retryable":true}}'
)
_FOREIGN: Final = (
    b'{"error":{"code":"forbidden","message":"This request came from a page of another site.","retryable":false}}'
)
_METHOD: Final = (
    b'{"error":{"code":"method_not_allowed","message":"This method is not allowed here.","retryable":false}}'
)


@runtime_checkable
class Resumable(Protocol):
    """A handler whose connections can go on where an event stream broke off, by `Last-Event-ID` alone."""

    def position(self, connection: Connection) -> str:
        """Where this connection is now that everything published has been handed to it; empty: not known."""
        ...

    def resume(self, handshake: Handshake, last_event_id: str) -> list[Any]:
        """The commands that bring a new stream to what its URL asks for, from a position on; empty: from now on."""
        ...


class NativeHttpApp(HttpProtocol):
    """ASGI application for `/sse` and `/poll`."""

    first_segments = frozenset({"sse", "poll"})

    def __init__(self, context: GatewayContext) -> None:
        self._context = context
        self._sse = SseLane(context.codec.natives[0])
        self._polling = PollingLane(context.codec.natives[0])
        self._connections: dict[str, NativeHttpConnection] = {}
        self._streams: set[NativeHttpConnection] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        method: str = scope["method"]
        headers = headers_of(scope)
        allowed = self._context.settings.allowed_origins
        cors = cors_headers(headers, allowed)
        if method == "OPTIONS":
            await respond(send, 204, b"", [*cors, *preflight_headers(headers, b"GET, POST, DELETE, OPTIONS")])
            return
        if "cookie" in headers and not may_read(headers, allowed, secure=scope["scheme"] == "https"):
            await respond(send, 403, _FOREIGN, [_JSON, *cors])
            return
        base, _, key = str(scope["path"]).strip("/").partition("/")
        try:
            if not key:
                await self._open(base, method, scope, headers, receive, send, cors)
                return
            connection = self._connections.get(key)
            polls = method == "GET" and base == "poll"
            strange = connection is not None and base != connection.base
            over = connection is not None and connection.closed and not polls  # a poll may still get its last words
            if connection is None or strange or over:
                await respond(send, 404, _UNKNOWN, [_JSON, *cors])
            elif method == "POST":
                await self._post(connection, headers, receive, send, cors)
            elif method == "DELETE":
                connection.lost("transport close")
                await respond(send, 204, b"", cors)
            elif polls:
                await self._poll(connection, receive, send, cors)
            else:
                await respond(send, 405, _METHOD, [_JSON, (b"allow", b"POST, DELETE"), *cors])
        except ClientGone:
            pass

    def ending(self) -> dict[tuple[str, str], int]:
        """Those whose streams have not been read to the end."""
        return {(self._sse.wire, self._sse.transport): sum(one.closed for one in self._streams)}

    def pending_polls(self) -> int:
        return sum(one.base == "poll" and one.waiting for one in self._connections.values())

    async def _open(
        self,
        base: str,
        method: str,
        scope: Scope,
        headers: dict[str, str],
        receive: Receive,
        send: Send,
        cors: Headers,
    ) -> None:
        if method != "GET":
            await respond(send, 405, _METHOD, [_JSON, (b"allow", b"GET"), *cors])
            return
        if self._context.closing:
            await respond(send, 503, _CLOSING, [_JSON, *cors])
            return
        client = scope.get("client")
        peer = str(client[0]) if client else ""
        query: str = scope["query_string"].decode("latin-1")
        handshake = Handshake(str(scope["path"]), query, headers, peer, scope.get("scheme") == "https")
        lane = self._sse if base == "sse" else self._polling
        connection = NativeHttpConnection(self._context, lane, self._context.new_key(), peer, self._forget)
        self._connections[connection.key] = connection
        if lane is self._polling:
            connection.open(handshake)
            await respond(send, 200, b'{"key":"%b"}' % connection.key.encode(), [_JSON, *cors])
            return
        connection.put(b'data: {"type":"opened","key":"%b"}\n\n' % connection.key.encode())
        connection.open(handshake)
        if isinstance(self._context.handler, Resumable):
            for command in self._context.handler.resume(handshake, headers.get("last-event-id", "")):
                connection.deliver(command)
        await self._stream(connection, receive, send, cors)

    async def _stream(self, connection: NativeHttpConnection, receive: Receive, send: Send, cors: Headers) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [*_STREAM, *cors]})
        handler = self._context.handler
        position = ""
        self._streams.add(connection)
        gone = asyncio.ensure_future(hangup(receive))
        gone.add_done_callback(lambda _: connection.lost("transport close"))
        try:
            ended = False
            while not ended:
                await connection.wait()
                self._context.hub.flush()  # so that the position is that of the bytes that are taken
                ended = connection.closed
                data = connection.take()
                if isinstance(handler, Resumable) and not ended:
                    here = handler.position(connection)
                    if here and here != position:
                        position = here
                        data += b"id: %b\n\n" % here.encode()
                if gone.done():
                    return
                await send({"type": "http.response.body", "body": data, "more_body": not ended})
        finally:
            gone.cancel()
            self._streams.discard(connection)
            connection.lost("transport close")

    async def _poll(self, connection: NativeHttpConnection, receive: Receive, send: Send, cors: Headers) -> None:
        connection.silent = 0
        if connection.waiting:
            await respond(send, 409, _BUSY, [_JSON, *cors])
            return
        waiting = asyncio.ensure_future(connection.wait())
        gone = asyncio.ensure_future(hangup(receive))
        try:
            await asyncio.wait((waiting, gone), return_when=asyncio.FIRST_COMPLETED)
        finally:
            gone.cancel()
            waiting.cancel()
        if gone.done() and not gone.cancelled():
            raise ClientGone
        connection.silent = 0
        if connection.closed:  # these were its last words
            self._forget(connection)
        await respond(send, 200, b"[%b]" % connection.take(), [_JSON, *cors])

    async def _post(
        self, connection: NativeHttpConnection, headers: dict[str, str], receive: Receive, send: Send, cors: Headers
    ) -> None:
        async with connection.posting:
            await connection.flow.ready()
            body = await read_body(headers, receive, self._context.settings.message_bytes)
            if connection.closed:
                await respond(send, 404, _UNKNOWN, [_JSON, *cors])
                return
            if body is None:
                await respond(send, 413, _TOO_BIG, [_JSON, *cors])
                return
            if not await connection.flow.deliver(_commands(connection, body)):
                connection.disconnect(Disconnect(CloseCode.RATE_LIMITED, "too much at once"))
        await respond(send, 202, b"{}", [_JSON, *cors])

    def _forget(self, connection: NativeHttpConnection) -> None:
        self._connections.pop(connection.key, None)


def _commands(connection: NativeHttpConnection, body: bytes) -> Iterator[int]:
    """Each command in its turn, and its units of work."""
    for line in body.split(b"\n"):
        if line.strip():
            connection.text(line)
            yield 1 + (len(line) >> 10)


async def respond(send: Send, status: int, body: bytes, headers: Headers) -> None:
    """Send a whole response that nobody may keep."""
    length = (b"content-length", b"%d" % len(body))
    await send({"type": "http.response.start", "status": status, "headers": [*headers, length, _NO_STORE]})
    await send({"type": "http.response.body", "body": body})
