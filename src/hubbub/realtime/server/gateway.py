"""Where connections come in: WebSockets of both wires on one port with HTTP, and Engine.IO's long-polling.

    gateway = Gateway(handler, VocabularyCodec(Command), GatewaySettings(), hub=Hub(asyncio.get_running_loop()))
    config = uvicorn.Config(app, http=gateway.http_protocol, ws="none")
    gateway.start()
    ...
    await gateway.close(grace_seconds=5)

`app` is an ASGI application that hands to `gateway.http` the paths that `gateway.serves`.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import Counter
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Final, NamedTuple

from hubbub.realtime.core.connection import Handler, Handshake
from hubbub.realtime.core.settings import GatewaySettings
from hubbub.realtime.fanout.group import Hub
from hubbub.realtime.protocols.base_connection import GatewayContext
from hubbub.realtime.protocols.codec import Codec
from hubbub.realtime.protocols.native import NativeConnection, NativeSocketLane
from hubbub.realtime.protocols.native_http_app import NativeHttpApp
from hubbub.realtime.protocols.socketio_server import SocketIoServer
from hubbub.realtime.transports.websocket import MessageHandler, WebSocketTransport
from hubbub.wire.deflate import Deflate
from hubbub.wire.socketio import MAIN
from hubbub.wire.upgrade import Refusal, Request, accept
from hubbub.wire.websocket import Framer

from .acceptor import Acceptor, handshake_of
from .proxies import Client

NATIVE_PATH: Final = "/ws"
_STREAM_PATHS: Final = frozenset({"sse", "poll"})


class RawPath(NamedTuple):
    """Plain WebSockets at a path of an application's own.

    Attributes:
        subprotocols: those that it speaks.
        link: made for each WebSocket.
        start: gets the link, the handshake, the agreed subprotocol and what makes frames for it.
    """

    subprotocols: tuple[str, ...]
    link: type[WebSocketTransport]
    start: Callable[[WebSocketTransport, Handshake, str | None, Framer], MessageHandler]


class Gateway(Acceptor):
    """All connections of one server process.

    Args:
        codec: gives meaning to what clients send, e.g. `VocabularyCodec`.
        knows_namespace: which Socket.IO namespaces there are; only the main one when not given.
        node: prefix of connection ids, unique among nodes; made up when not given.

    Attributes:
        raw: plain WebSockets by path, none at first.
    """

    def __init__(
        self,
        handler: Handler,
        codec: Codec,
        settings: GatewaySettings,
        *,
        hub: Hub,
        knows_namespace: Callable[[str], bool] | None = None,
        node: str | None = None,
    ) -> None:
        self._context = GatewayContext(handler, codec, settings, hub.loop, node or secrets.token_hex(4))
        self._context.keeps_handshakes = knows_namespace is not None
        super().__init__(self._context, SocketIoServer(self._context, knows_namespace or MAIN.__eq__))
        self.raw: dict[str, RawPath] = {}
        self._natives = {wire.subprotocol: wire for wire in codec.natives}
        self._lanes: dict[tuple[str, Deflate | None], NativeSocketLane] = {}
        self._default_subprotocol = codec.natives[0].subprotocol
        self.streams = NativeHttpApp(self._context, codec.natives[0], hub)

    async def http(self, scope: Any, receive: Any, send: Any) -> None:
        app = self.polling if self._is_engine(scope["path"]) else self.streams
        await app(scope, receive, send)

    def serves(self, path: str) -> bool:
        first = path.split("/", 2)[1] if path.startswith("/") else ""
        return first in _STREAM_PATHS or self._is_engine(path)

    def take(self, transport: asyncio.Transport, client: Client, request: Request, path: str, query: str) -> None:
        if path == NATIVE_PATH:
            self._open_native(transport, client, request, path, query)
        elif path in self.raw:
            self._open_raw(transport, client, request, path, query)
        else:
            where = f"WebSockets are at {NATIVE_PATH} and {self.settings.engine_path}"
            raise Refusal(HTTPStatus.NOT_FOUND, where)

    def census(self) -> dict[tuple[str, str], int]:
        """Open connections by (wire, transport)."""
        totals: Counter[tuple[str, str]] = Counter()
        for lane, count in self._context.census.items():
            totals[lane.wire, lane.transport] += count
        for kind, count in self.streams.ending().items():
            if count:
                totals[kind] += count
        return dict(totals)

    def limits(self) -> dict[str, int]:
        """How often connections had to wait for their turn (`deferred`), were `slowed` down by their rate, were closed
        for it or because too much waited for their address (`limited`), or were `refused` as strangers.
        """
        context = self._context
        return {
            "deferred": context.turns.deferred,
            "slowed": context.slowed,
            "limited": context.limited,
            "refused": context.strangers.refused,
        }

    def pending_polls(self) -> int:
        """Long-polling requests that wait for something to say."""
        sessions = self._context.sessions.values()
        engine = sum(session.polling is not None and session.polling.waiting for session in sessions)
        return engine + self.streams.pending_polls()

    def _open_native(
        self, transport: asyncio.Transport, client: Client, request: Request, path: str, query: str
    ) -> None:
        deflate = self._deflate(request)
        response, chosen = accept(request, tuple(self._natives), extensions=deflate.response if deflate else None)
        link = self._link(transport, client, response, deflate=deflate is not None)
        lane = self._lane(chosen or self._default_subprotocol, deflate)
        connection = NativeConnection(self._context, link, lane)
        link.open(connection)
        connection.begin(handshake_of(client, request, path, query))

    def _open_raw(self, transport: asyncio.Transport, client: Client, request: Request, path: str, query: str) -> None:
        known, kind, start = self.raw[path]
        deflate = self._deflate(request)
        response, chosen = accept(request, known, extensions=deflate.response if deflate else None)
        link = self._link(transport, client, response, deflate=deflate is not None, kind=kind)
        link.open(start(link, handshake_of(client, request, path, query), chosen, self._framer(deflate)))

    def _lane(self, subprotocol: str, deflate: Deflate | None) -> NativeSocketLane:
        """The one that all clients with the same bytes share."""
        lane = self._lanes.get((subprotocol, deflate))
        if lane is None:
            lane = NativeSocketLane(self._natives[subprotocol], self._framer(deflate))
            self._lanes[subprotocol, deflate] = lane
        return lane
