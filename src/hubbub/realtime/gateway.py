"""Where connections come in: WebSockets of both wires on one port with HTTP, and Engine.IO's long-polling.

gateway = Gateway(handler, Command, GatewaySettings(), hub=hub)
uvicorn.Config(app, http=gateway.http_protocol, ws=gateway.ws_protocol)     # app hands gateway.http what gateway.serves
gateway.start()
…
await gateway.close(grace_seconds=5)
"""

from __future__ import annotations

import asyncio
import secrets
from collections import Counter
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Final, NamedTuple, cast
from urllib.parse import unquote

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from hubbub.wire import engineio
from hubbub.wire.deflate import RESPONSE, negotiate
from hubbub.wire.socketio import MAIN
from hubbub.wire.upgrade import Refusal, Request, accept
from hubbub.wire.websocket import TEXT, frame

from .codec import Codec
from .connection import Handler, Handshake
from .context import Context
from .engine import EngineSession, ProbingSocket
from .link import Endpoint, WebSocketLink, peer_of
from .listener import FirstRequest, LateUpgrade, Upgrade
from .native import NativeConnection, NativeSocketLane
from .polling_app import PollingApp
from .proxies import Client, ForwardedApp, Proxies
from .room import Hub
from .settings import GatewaySettings
from .socketio_server import SocketIoServer
from .streams import StreamApp

NATIVE_PATH: Final = "/ws"
ENGINE_PATH: Final = "/socket.io/"
_STEP_SECONDS: Final = 0.05
_HTTP_PATHS: Final = frozenset({"socket.io", "sse", "poll"})


Elsewhere = Callable[[asyncio.Transport, Client, Request, bytes], bool]
"""Whether the session that an upgrade names is another node's; then it has taken the transport."""


class RawPath(NamedTuple):
    """Plain WebSockets at a path of an application's own.

    Attributes:
        subprotocols: those that it speaks.
        link: made for each WebSocket.
        start: gets the link, the handshake, the agreed subprotocol and whether permessage-deflate was negotiated.
    """

    subprotocols: tuple[str, ...]
    link: type[WebSocketLink]
    start: Callable[[WebSocketLink, Handshake, str | None, bool], Endpoint]


class Gateway:
    """All connections of one server process.

    Args:
        codec: gives meaning to what clients send, e.g. `VocabularyCodec`.
        knows_namespace: which Socket.IO namespaces there are; only the main one when not given.
        node: prefix of connection ids, unique among nodes; made up when not given.

    Attributes:
        raw: plain WebSockets by path, none at first.
        elsewhere: asked about each WebSocket for an Engine.IO session before it is opened here; None at first.
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
        self.settings = settings
        self.raw: dict[str, RawPath] = {}
        self.elsewhere: Elsewhere | None = None
        self._context = Context(handler, codec, settings, hub.loop, node or secrets.token_hex(4))
        self._context.keeps_handshakes = knows_namespace is not None
        self._natives = {wire.subprotocol: NativeSocketLane(wire) for wire in codec.natives}
        self._deflated = {wire.subprotocol: NativeSocketLane(wire, deflate=True) for wire in codec.natives}
        self._default_subprotocol = codec.natives[0].subprotocol
        self._proxies = Proxies(settings.trusted_proxies)
        self._engine = SocketIoServer(self._context, knows_namespace or MAIN.__eq__)
        self.polling = PollingApp(self._context, self._engine)
        self.streams = StreamApp(self._context, codec.natives[0], hub)

    async def http(self, scope: Any, receive: Any, send: Any) -> None:
        """ASGI application for the transports over HTTP: what `serves` says yes to."""
        path: str = scope["path"]
        app = self.polling if path.startswith(ENGINE_PATH[:-1]) else self.streams
        await app(scope, receive, send)

    @staticmethod
    def serves(path: str) -> bool:
        """Whether an HTTP request of this path is for `http`."""
        first = path.split("/", 2)[1] if path.startswith("/") else ""
        return first in _HTTP_PATHS

    def forwarded(self, app: Any) -> ForwardedApp:
        """An ASGI application for `uvicorn.Config`, where a trusted proxy's client is the client; see `proxies.py`."""
        return ForwardedApp(app, self._proxies)

    def start(self) -> None:
        """Begin to look after connections. Needed before the first one."""
        self._context.heartbeat.start()

    async def close(self, grace_seconds: float, *, spread_seconds: float = 0.0) -> None:
        """Ask every client to come back elsewhere, wait until they have gone, at most for the grace.

        `spread_seconds`: over so much of the grace the asking is spread evenly, so that other nodes don't get all at
        once. What has not been asked yet is served as before.
        """
        context = self._context
        context.closing = True
        deadline = context.loop.time() + grace_seconds
        await self._retire(min(spread_seconds, grace_seconds))
        while context.links and context.loop.time() < deadline:  # noqa: ASYNC110  once in a process's life
            await asyncio.sleep(0.01)
        context.heartbeat.stop()
        context.deadlines.stop()
        await context.close()

    async def _retire(self, spread_seconds: float) -> None:
        links = self._context.heartbeat.links()
        steps = max(1, min(len(links), round(spread_seconds / _STEP_SECONDS)))
        for step in range(steps):
            if step:
                await asyncio.sleep(spread_seconds / steps)
            for link in links[step::steps]:
                if link.slot >= 0:  # it has not ended by itself
                    link.retire()
        for link in self._context.heartbeat.links():  # one that was being opened
            link.retire()

    def census(self) -> dict[tuple[str, str], int]:
        """Open connections by (wire, transport)."""
        totals: Counter[tuple[str, str]] = Counter()
        for lane, count in self._context.census.items():
            totals[lane.wire, lane.transport] += count
        return dict(totals)

    def pending_polls(self) -> int:
        """Long-polling requests that wait for something to say."""
        sessions = self._context.sessions.values()
        engine = sum(session.polling is not None and session.polling.waiting for session in sessions)
        return engine + self.streams.pending_polls()

    @property
    def http_protocol(self) -> type[asyncio.Protocol]:
        """For `uvicorn.Config(http=…)`: makes the protocol of each accepted connection."""
        return self.first_request(self.upgrade)

    def first_request(self, upgrade: Upgrade) -> type[asyncio.Protocol]:
        """The same for a further port, with a gate of its own before `upgrade`."""

        def connect(config: Any, server_state: Any, app_state: Any, _loop: Any = None) -> asyncio.Protocol:
            def http() -> asyncio.Protocol:
                return HttpToolsProtocol(config=config, server_state=server_state, app_state=app_state, _loop=_loop)

            return FirstRequest(self._context, upgrade, http)

        return cast("type[asyncio.Protocol]", connect)

    @property
    def ws_protocol(self) -> type[asyncio.Protocol]:
        """For `uvicorn.Config(ws=…)`: upgrades that are not the first request of their connection."""
        return cast("type[asyncio.Protocol]", self._late_upgrade)

    def _late_upgrade(self, config: Any, server_state: Any, app_state: Any) -> asyncio.Protocol:
        return LateUpgrade(self.upgrade)

    def upgrade(self, transport: asyncio.Transport, request: Request, rest: bytes, told: Client | None = None) -> None:
        """Answer a WebSocket's opening handshake, and take the transport if it is sound.

        `told`: another node has sent it here, and says who the client is; then it goes nowhere else.
        """
        client = told or self._client(transport, request)
        path, _, query = request.target.partition("?")
        path = unquote(path)
        try:
            if self._context.closing:
                raise Refusal(HTTPStatus.SERVICE_UNAVAILABLE, "the server is going down")
            if path == NATIVE_PATH:
                self._open_native(transport, client, request, path, query)
            elif path in {ENGINE_PATH, ENGINE_PATH[:-1]}:
                if told is None and self.elsewhere is not None and self.elsewhere(transport, client, request, rest):
                    return
                self._open_engine(transport, client, request, path, query)
            elif path in self.raw:
                self._open_raw(transport, client, request, path, query)
            else:
                raise Refusal(HTTPStatus.NOT_FOUND, f"WebSockets are at {NATIVE_PATH} and {ENGINE_PATH}")
        except Refusal as refusal:
            transport.write(refusal.response)
            transport.close()
            return
        protocol = transport.get_protocol()
        if rest and isinstance(protocol, WebSocketLink):
            protocol.feed(rest)

    def _link(
        self,
        transport: asyncio.Transport,
        client: Client,
        response: bytes,
        *,
        deflate: bool = False,
        kind: type[WebSocketLink] = WebSocketLink,
    ) -> WebSocketLink:
        transport.set_write_buffer_limits(high=self.settings.write_buffer_bytes)
        transport.write(response)
        link = kind(transport, self._context, deflate=deflate)
        link.forwarded = client.peer if client.forwarded else None
        transport.set_protocol(link)
        return link

    def _client(self, transport: asyncio.Transport, request: Request) -> Client:
        secure = transport.get_extra_info("sslcontext") is not None
        return self._proxies.client(peer_of(transport), request.headers, secure=secure)

    def _open_native(
        self, transport: asyncio.Transport, client: Client, request: Request, path: str, query: str
    ) -> None:
        deflate = self.settings.compression and negotiate(request)
        response, chosen = accept(request, tuple(self._natives), extensions=RESPONSE if deflate else None)
        link = self._link(transport, client, response, deflate=deflate)
        lanes = self._deflated if deflate else self._natives
        connection = NativeConnection(self._context, link, lanes[chosen or self._default_subprotocol])
        link.open(connection)
        connection.begin(_handshake(client, request, path, query))

    def _open_raw(self, transport: asyncio.Transport, client: Client, request: Request, path: str, query: str) -> None:
        known, kind, start = self.raw[path]
        deflate = self.settings.compression and negotiate(request)
        response, chosen = accept(request, known, extensions=RESPONSE if deflate else None)
        link = self._link(transport, client, response, deflate=deflate, kind=kind)
        link.open(start(link, _handshake(client, request, path, query), chosen, deflate))

    def _open_engine(
        self, transport: asyncio.Transport, client: Client, request: Request, path: str, query: str
    ) -> None:
        context = self._context
        parameters = engineio.parse_query(query)
        session = context.sessions.get(parameters.get("sid", ""))
        refused = engineio.verify(
            request.method, parameters, websocket=True, transport=None if session is None else session.transport
        )
        if refused is not None:
            raise Refusal(HTTPStatus(refused.status), refused.message)
        response, _ = accept(request)
        if session is not None:
            if session.probing is not None:
                raise Refusal(HTTPStatus.BAD_REQUEST, "another WebSocket is probing for this session")
            link = self._link(transport, client, response)
            link.open(ProbingSocket(session, link))
            return
        link = self._link(transport, client, response)
        handshake = _handshake(client, request, path, query)
        session = EngineSession(context, self._engine, context.new_key(), handshake)
        session.link = link
        link.open(session)
        link.write(frame(TEXT, session.opening(upgrades=())))
        self._engine.opened(session)


def _handshake(client: Client, request: Request, path: str, query: str) -> Handshake:
    return Handshake(path, query, request.headers, client.peer, client.secure)
