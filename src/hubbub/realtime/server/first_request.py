"""The first protocol of every accepted connection: waits for the first request and hands the transport on.

A WebSocket's opening handshake is answered here, everything else goes to the HTTP protocol. Compared with uvicorn's own
`ws=` way, a WebSocket never pays for an HTTP parser and an ASGI scope, and bytes that follow the handshake in the same
segment are not lost (docs/decisions/0004-one-port.md).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, Protocol

from hubbub.realtime.transports.websocket import peer_of
from hubbub.wire.http_requests import RequestLimits, RequestSplitter
from hubbub.wire.upgrade import Refusal, Request, parse_request, wants_upgrade

if TYPE_CHECKING:
    from hubbub.realtime.transports.context import TransportContext

Upgrade = Callable[[asyncio.Transport, Request, bytes], None]
"""Takes a transport whose request asks for a WebSocket, and the bytes after that request."""

logger = logging.getLogger(__name__)

_DISCARDED_BYTES: Final = 1_048_576
"""What is read from a client that was refused, so that it gets to see why. Whoever goes on sending waits in vain."""


class Http(Protocol):
    """The protocol of a connection that speaks HTTP."""

    def begin(self, transport: asyncio.Transport, head: bytes) -> None:
        """Take the transport, whose first request has this head."""
        ...


HttpFactory = Callable[[RequestSplitter], Http]


class FirstRequest(asyncio.Protocol):
    """Waits for one request head. Expires when it does not come in time."""

    __slots__ = ("_context", "_http", "_requests", "_transport", "_upgrade")

    def __init__(self, context: TransportContext, upgrade: Upgrade, http: HttpFactory, limits: RequestLimits) -> None:
        self._context = context
        self._upgrade = upgrade
        self._http = http
        self._requests = RequestSplitter(limits)
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]  # a stream's, by the loop's contract
        self._context.deadlines.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._context.deadlines.remove(self)
        self._requests.drop()
        self._transport = None

    def expire(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        transport, requests = self._transport, self._requests
        if transport is None:
            return
        requests.feed(data)
        try:
            head = requests.take_head()
            if head is None:
                return
            self._context.deadlines.remove(self)
            self._transport = None
            # Only a head that names a WebSocket is parsed here; one look at the bytes decides for all others.
            request = parse_request(head[:-4]) if requests.websocket else None
        except Refusal as refusal:
            self._context.deadlines.remove(self)
            self._transport = None
            refuse(self._context, transport, refusal)
            return
        if request is not None and wants_upgrade(request):
            self._upgrade(transport, request, requests.take_rest())
        else:
            self._http(requests).begin(transport, head)


def refuse(context: TransportContext, transport: asyncio.Transport, refusal: Refusal, peer: str | None = None) -> None:
    """Answer a request that is not read to its end, and end the connection.

    To close with bytes unread would reset the connection, which could destroy the answer on its way (RFC 9112
    section 9.6): what still comes is dropped until the client has closed, within limits. `peer`: the client's address,
    when it is not the transport's.
    """
    who = peer_of(transport) if peer is None else peer
    context.throttled_log.info(logger, "refused", "refused a request of %s: %s", who, refusal)
    last_words = _LastWords(context, transport)
    transport.set_protocol(last_words)
    transport.write(refusal.response)
    if transport.can_write_eof():
        transport.write_eof()
        transport.resume_reading()
    else:  # TLS has no such half of an end
        transport.close()
    context.deadlines.add(last_words)


class _LastWords(asyncio.Protocol):
    """An answer is on its way, and nothing more is heard."""

    __slots__ = ("_context", "_heard_bytes", "_transport")

    def __init__(self, context: TransportContext, transport: asyncio.Transport) -> None:
        self._context = context
        self._transport = transport
        self._heard_bytes = 0

    def data_received(self, data: bytes) -> None:
        self._heard_bytes += len(data)
        if self._heard_bytes > _DISCARDED_BYTES:
            self._transport.pause_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        self._context.deadlines.remove(self)

    def expire(self) -> None:
        self._transport.abort()
