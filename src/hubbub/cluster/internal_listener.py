"""A node's internal listener: where other nodes bring requests of clients whose connections are here.

Only who knows the store's secret gets in. What comes in is answered here or not at all: a forwarded request is never
forwarded again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, MutableMapping
from http import HTTPStatus
from typing import Any, Final, Protocol

import uvicorn
from uvicorn.server import ServerState

from hubbub.realtime.core.proxies import Client
from hubbub.realtime.server.first_request import Upgrade
from hubbub.wire.http_requests import RequestLimits
from hubbub.wire.upgrade import Refusal, Request

from .address import leave, listen
from .metrics import METRICS, Traffic
from .node_secret import PEER, SECRET, SECURE, NodeSecret

logger = logging.getLogger(__name__)

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_KEEP_ALIVE_SECONDS: Final = 3600
"""The other node decides how long a connection stays: one that closes idle ones would meet a request on its way."""

_LAST_ANSWERS_SECONDS: Final = 1.0
_OWN_BYTES: Final = 1024
_OWN_HEADERS: Final = 8


class Connections(Protocol):
    """The gateway, as far as it is behind the listener."""

    async def http(self, scope: Scope, receive: Receive, send: Send) -> None: ...

    def upgrade(self, transport: asyncio.Transport, request: Request, rest: bytes, told: Client | None) -> None: ...

    @property
    def request_limits(self) -> RequestLimits:
        """Of the requests that clients may send."""
        ...

    def first_request(self, upgrade: Upgrade, limits: RequestLimits) -> type[asyncio.Protocol]: ...


class InternalListener:
    """Listens from `open` to `close`.

    Args:
        metrics: this node's page.

    Attributes:
        address: what to announce; empty while it is closed.
    """

    def __init__(
        self, connections: Connections, secret: NodeSecret, traffic: Traffic, metrics: Callable[[], bytes]
    ) -> None:
        self.address = ""
        self._connections = connections
        self._secret = secret
        self._traffic = traffic
        self._metrics = metrics
        self._state = ServerState()
        self._server: asyncio.Server | None = None

    async def open(self, address: str, name: str) -> None:
        """Listen on `address`; empty: for this machine only. Raises InternalListenerError."""
        listener, self.address = listen(address, name)
        config = uvicorn.Config(
            self._answer,
            http=self._connections.first_request(self._upgrade, _with_ours(self._connections.request_limits)),
            ws="none",
            interface="asgi3",
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        )
        config.load()
        first: Callable[..., asyncio.Protocol] = config.http_protocol_class
        loop = asyncio.get_running_loop()

        def connected() -> asyncio.Protocol:
            return first(config=config, server_state=self._state, app_state={})

        if self.address.startswith("/"):
            self._server = await loop.create_unix_server(connected, sock=listener)
        else:
            self._server = await loop.create_server(connected, sock=listener)

    async def close(self) -> None:
        """Let nobody in any more; what is being answered is answered first."""
        if self._server is None:
            return
        self._server.close()
        for connection in list(self._state.connections):
            connection.shutdown()
        if self._state.tasks:
            await asyncio.wait(self._state.tasks, timeout=_LAST_ANSWERS_SECONDS)
        leave(self.address)
        self.address = ""

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        given = dict(scope["headers"])
        if not self._secret.fits(given.get(SECRET, b"")):
            self._traffic.refused += 1
            logger.warning("somebody without the secret was at the internal listener")
            await _respond(send, HTTPStatus.FORBIDDEN, b"")
        elif scope["path"] == METRICS:
            await _respond(send, HTTPStatus.OK, self._metrics())
        else:
            self._traffic.answered += 1
            peer = given.get(PEER, b"").decode("latin-1")
            scope["client"] = (peer, 0) if peer else None
            scope["scheme"] = "https" if given.get(SECURE) == b"1" else "http"
            await self._connections.http(scope, receive, send)

    def _upgrade(self, transport: asyncio.Transport, request: Request, rest: bytes) -> None:
        if self._secret.fits(request.headers.get(SECRET.decode(), "").encode("latin-1")):
            self._traffic.answered += 1
            peer, secure = request.headers.get(PEER.decode(), ""), request.headers.get(SECURE.decode()) == "1"
            self._connections.upgrade(transport, request, rest, Client(peer, secure, forwarded=True))
            return
        self._traffic.refused += 1
        logger.warning("somebody without the secret was at the internal listener")
        transport.write(Refusal(HTTPStatus.FORBIDDEN, "for nodes only").response)
        transport.close()


def _with_ours(clients: RequestLimits) -> RequestLimits:
    """What a client may send, and what a node adds."""
    return RequestLimits(clients.line_bytes, clients.header_bytes + _OWN_BYTES, clients.header_count + _OWN_HEADERS)


async def _respond(send: Send, status: HTTPStatus, body: bytes) -> None:
    await send(
        {"type": "http.response.start", "status": int(status), "headers": [(b"content-length", b"%d" % len(body))]}
    )
    await send({"type": "http.response.body", "body": body})
