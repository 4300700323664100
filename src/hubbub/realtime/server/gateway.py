"""Where connections come in: WebSockets and HTTP of all client protocols on one port.

    gateway = Gateway(handler, VocabularyCodec(Command), GatewaySettings(), hub=Hub(asyncio.get_running_loop()))
    config = uvicorn.Config(app, http=gateway.http_protocol, ws="none")
    gateway.start()
    ...
    await gateway.close(grace_seconds=5)

`app` is an ASGI application that hands to `gateway.http` the paths that `gateway.serves`.

A protocol that stands on WebSockets of its own is a line in `WEBSOCKETS`, one over HTTP a line in `HTTP`.
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Final

from hubbub.realtime.core.connection import Handler
from hubbub.realtime.core.settings import GatewaySettings
from hubbub.realtime.fanout.group import Hub
from hubbub.realtime.protocols.base_connection import GatewayContext
from hubbub.realtime.protocols.codec import Codec
from hubbub.realtime.protocols.native import NativeWebSockets
from hubbub.realtime.protocols.native_http_app import NativeHttpApp
from hubbub.realtime.protocols.protocol import HttpProtocol, WebSocketProtocol
from hubbub.realtime.protocols.socketio_server import SocketIoServer
from hubbub.realtime.transports.opening import Opening
from hubbub.wire.upgrade import Refusal

from .acceptor import Acceptor

WEBSOCKETS: Final[tuple[type[WebSocketProtocol], ...]] = (NativeWebSockets,)
HTTP: Final[tuple[type[HttpProtocol], ...]] = (NativeHttpApp,)


class Gateway(Acceptor):
    """All connections of one server process.

    Args:
        codec: gives meaning to what clients send, e.g. `VocabularyCodec`.
        knows_namespace: which Socket.IO namespaces there are; only the main one when not given.
        node: prefix of connection ids, unique among nodes; made up when not given.

    Attributes:
        websockets: what opens the WebSockets of a path; the application may add to it.
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
        self._context = GatewayContext(handler, codec, settings, hub, node or secrets.token_hex(4))
        super().__init__(self._context, SocketIoServer(self._context, knows_namespace))
        spoken = [make(self._context) for make in WEBSOCKETS]
        self.websockets: dict[str, Callable[[Opening], None]] = {one.path: one.open for one in spoken}
        self._http = [make(self._context) for make in HTTP]

    async def http(self, scope: Any, receive: Any, send: Any) -> None:
        app = self.polling if self._is_engine(scope["path"]) else self._http_of(scope["path"])
        if app is not None:
            await app(scope, receive, send)

    def serves(self, path: str) -> bool:
        return self._http_of(path) is not None or self._is_engine(path)

    def take(self, opening: Opening) -> None:
        open_websocket = self.websockets.get(opening.path)
        if open_websocket is None:
            places = " and ".join([*(spoken.path for spoken in WEBSOCKETS), self.settings.engine_path])
            raise Refusal(HTTPStatus.NOT_FOUND, f"WebSockets are at {places}")
        open_websocket(opening)

    def census(self) -> dict[tuple[str, str], int]:
        """Open connections by (wire, transport)."""
        totals: Counter[tuple[str, str]] = Counter()
        for lane, count in self._context.census.items():
            totals[lane.wire, lane.transport] += count
        for app in self._http:
            for kind, count in app.ending().items():
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
        return engine + sum(app.pending_polls() for app in self._http)

    def _http_of(self, path: str) -> HttpProtocol | None:
        first = path.split("/", 2)[1] if path.startswith("/") else ""
        return next((app for app in self._http if first in app.first_segments), None)
