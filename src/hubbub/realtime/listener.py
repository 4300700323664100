"""The first protocol of every accepted connection: looks at the first request and hands the transport on.

A WebSocket's opening handshake is answered here, everything else goes to uvicorn's HTTP protocol with every byte that
has arrived. Compared with uvicorn's own `ws=` way, a WebSocket never pays for an HTTP parser and an ASGI scope, and
bytes that follow the handshake in the same segment are not lost (docs/decisions/0004-one-port.md).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from hubbub.wire.upgrade import Refusal, Request, parse_request, wants_upgrade

if TYPE_CHECKING:
    from .context import LinkContext

_HEAD_BYTES: Final = 16384
_END: Final = b"\r\n\r\n"

Upgrade = Callable[[asyncio.Transport, Request, bytes], None]
"""Takes a transport whose first request asks for a WebSocket, and the bytes after that request."""

HttpFactory = Callable[[], asyncio.Protocol]


class FirstRequest(asyncio.Protocol):
    """Waits for one request head. Expires when it does not come in time."""

    __slots__ = ("_context", "_data", "_http", "_transport", "_upgrade")

    def __init__(self, context: LinkContext, upgrade: Upgrade, http: HttpFactory) -> None:
        self._context = context
        self._upgrade = upgrade
        self._http = http
        self._data = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]  # a stream's, by the loop's contract
        self._context.deadlines.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._context.deadlines.remove(self)
        self._transport = None

    def expire(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        transport = self._transport
        if transport is None:
            return
        data = self._data + data if self._data else data
        end = data.find(_END)
        if end < 0 and len(data) <= _HEAD_BYTES and data[:4] == b"GET "[: len(data)]:
            self._data = data
            return
        self._context.deadlines.remove(self)
        self._transport = None
        # Only a head that names a WebSocket is parsed here; one look at the bytes decides for all others.
        if end >= 0 and b"websocket" in data[:end].lower():
            try:
                request = parse_request(data[:end])
            except Refusal as refusal:
                transport.write(refusal.response)
                transport.close()
                return
            if wants_upgrade(request):
                self._upgrade(transport, request, data[end + 4 :])
                return
        http = self._http()
        transport.set_protocol(http)
        http.connection_made(transport)
        http.data_received(data)


class LateUpgrade(asyncio.Protocol):
    """For uvicorn's `ws=`: an upgrade that is not the first request of its connection, as some proxies send it."""

    def __init__(self, upgrade: Upgrade) -> None:
        self._upgrade = upgrade
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        """Uvicorn hands over the head that it has parsed, written out again; then it sets this protocol."""
        transport, self._transport = self._transport, None
        if transport is None:
            return
        # uvicorn sets its protocol after this call, so ours takes over in the next tick, before anything is read
        asyncio.get_running_loop().call_soon(self._take, transport, data)

    def _take(self, transport: asyncio.Transport, data: bytes) -> None:
        head, _, rest = data.partition(_END)
        try:
            self._upgrade(transport, parse_request(head), rest)
        except Refusal as refusal:
            transport.write(refusal.response)
            transport.close()
