"""Where connections come in: one port for HTTP and WebSockets, whatever is spoken on them."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Final, cast
from urllib.parse import unquote

from msgspec.structs import replace

from hubbub.auth.origins import without_foreign_cookie
from hubbub.errors import CloseCode, RateLimited
from hubbub.realtime.core.proxies import Client, ForwardedApp, Proxies
from hubbub.realtime.core.throttled_log import ThrottledLog
from hubbub.realtime.transports.context import TransportContext
from hubbub.realtime.transports.engineio import (
    EngineApplication,
    EngineSession,
    ProbingSocket,
    session_cookie,
)
from hubbub.realtime.transports.engineio_polling_app import PollingApp
from hubbub.realtime.transports.opening import Opening
from hubbub.realtime.transports.websocket import WebSocketTransport, peer_of
from hubbub.wire import engineio
from hubbub.wire.http_requests import RequestLimits, RequestSplitter
from hubbub.wire.upgrade import Refusal, Request
from hubbub.wire.websocket import TEXT, frame

from .first_request import FirstRequest, Upgrade, refuse
from .http_protocol import HttpProtocol

_STEP_SECONDS: Final = 0.05

RelayUpgrade = Callable[[asyncio.Transport, Client, Request, bytes], bool]
"""Whether the session that an upgrade names is another node's; then it has taken the transport."""


class Acceptor(ABC):
    """Takes accepted connections from uvicorn, and Engine.IO sessions on either transport.

    Subclasses say which other paths there are and what stands behind them.

    Attributes:
        relay: asked about each WebSocket for an Engine.IO session before it is opened here; None at first.
    """

    def __init__(self, context: TransportContext, engine: EngineApplication) -> None:
        self.settings = context.settings
        self.polling = PollingApp(context, engine)
        self.relay: RelayUpgrade | None = None
        self._engine = engine
        self._links = context
        self._proxies = Proxies(context.settings.trusted_proxies)

    @abstractmethod
    def serves(self, path: str) -> bool:
        """Whether an HTTP request of this path is for `http`."""

    @abstractmethod
    async def http(self, scope: Any, receive: Any, send: Any) -> None:
        """ASGI application for the transports over HTTP: what `serves` says yes to."""

    @abstractmethod
    def take(self, opening: Opening) -> None:
        """Answer a WebSocket's opening handshake on another path. Raises Refusal."""

    def _is_engine(self, path: str) -> bool:
        """Engine.IO's path, or something below it, which is refused in the protocol's own words."""
        return path.startswith(self.settings.engine_path) or self._is_engine_itself(path)

    def _is_engine_itself(self, path: str) -> bool:
        where = self.settings.engine_path
        return path in {where, where[:-1]}

    def forwarded(self, app: Any) -> ForwardedApp:
        """An ASGI application for `uvicorn.Config`, where a trusted proxy's client is the client; see `proxies.py`."""
        return ForwardedApp(app, self._proxies)

    @property
    def throttled_log(self) -> ThrottledLog:
        """For log lines about what clients do."""
        return self._links.throttled_log

    def start(self) -> None:
        """Begin to look after connections. Needed before the first one."""
        self._links.heartbeat.start()
        self._links.deadlines.start()

    async def close(self, grace_seconds: float, *, spread_seconds: float = 0.0) -> None:
        """Ask every client to come back elsewhere, wait until they have gone, at most for the grace.

        `spread_seconds`: over so much of the grace the asking is spread evenly, so that other nodes don't get all at
        once. What has not been asked yet is served as before.
        """
        context = self._links
        context.closing = True
        deadline = context.loop.time() + grace_seconds
        await self._retire(min(spread_seconds, grace_seconds))
        while context.links and context.loop.time() < deadline:  # noqa: ASYNC110  once in a process's life
            await asyncio.sleep(0.01)
        for link in [*context.goodbyes]:
            link.transport.abort()
        context.heartbeat.stop()
        context.deadlines.stop()
        context.stalls.stop()
        await context.close()

    async def _retire(self, spread_seconds: float) -> None:
        links = self._links.heartbeat.links()
        steps = max(1, min(len(links), round(spread_seconds / _STEP_SECONDS)))
        for step in range(steps):
            if step:
                await asyncio.sleep(spread_seconds / steps)
            for link in links[step::steps]:
                if link.slot >= 0:  # it has not ended by itself
                    link.retire()
        for link in self._links.heartbeat.links():  # one that was being opened
            link.retire()

    @property
    def http_protocol(self) -> type[asyncio.Protocol]:
        """For `uvicorn.Config(http=…)`: makes the protocol of each accepted connection."""
        return self.first_request(self.upgrade)

    def first_request(self, upgrade: Upgrade, limits: RequestLimits | None = None) -> type[asyncio.Protocol]:
        """The same for a further port, with a gate of its own before `upgrade`.

        `limits`: other ones than `request_limits`.
        """
        context = self._links
        bounds = limits or self.request_limits

        def connect(**uvicorn: Any) -> asyncio.Protocol:
            def http(requests: RequestSplitter) -> HttpProtocol:
                return HttpProtocol(context, requests, upgrade, **uvicorn)

            return FirstRequest(context, upgrade, http, bounds)

        return cast("type[asyncio.Protocol]", connect)

    @property
    def request_limits(self) -> RequestLimits:
        """Of the head of any request."""
        settings = self.settings
        return RequestLimits(settings.request_line_bytes, settings.header_bytes, settings.header_count)

    def upgrade(self, transport: asyncio.Transport, request: Request, rest: bytes, told: Client | None = None) -> None:
        """Answer a WebSocket's opening handshake, and take the transport if it is sound.

        `told`: another node has sent it here, and says who the client is; then it goes nowhere else.
        """
        client = told or self._client(transport, request)
        path, _, query = request.target.partition("?")
        path = unquote(path)
        kept = without_foreign_cookie(request.headers, self.settings.allowed_origins, secure=client.secure)
        if kept is not request.headers:
            request = replace(request, headers=kept)
        try:
            if self._links.closing:
                raise Refusal(HTTPStatus.SERVICE_UNAVAILABLE, "the server is going down")
            if self._is_engine_itself(path):
                if told is None and self.relay is not None and self.relay(transport, client, request, rest):
                    return
                self._open_engine(Opening(self._links, transport, client, request, path, query))
            else:
                self.take(Opening(self._links, transport, client, request, path, query))
        except Refusal as refusal:
            refuse(self._links, transport, refusal, client.peer)
            return
        protocol = transport.get_protocol()
        if rest and isinstance(protocol, WebSocketTransport):
            protocol.feed(rest)

    def _client(self, transport: asyncio.Transport, request: Request) -> Client:
        secure = transport.get_extra_info("sslcontext") is not None
        return self._proxies.client(peer_of(transport), request.headers, secure=secure)

    def _open_engine(self, opening: Opening) -> None:
        context = self._links
        parameters = engineio.parse_query(opening.query)
        session = context.sessions.get(parameters.get("sid", ""))
        refused = engineio.verify(
            opening.request.method, parameters, websocket=True, transport=None if session is None else session.transport
        )
        if refused is not None:
            raise Refusal(HTTPStatus(refused.status), refused.message)
        base64 = engineio.wants_base64(parameters)
        if session is not None:
            agreed = opening.agree(base64=base64)
            link = agreed.open()
            if session.link is not None or session.probing is not None:
                link.close(CloseCode.POLICY, "the session has another WebSocket")
            else:
                link.open(ProbingSocket(session, link, agreed.framer))
            return
        sid = context.new_key()
        headers = session_cookie(self.settings, sid, secure=opening.client.secure)
        agreed = opening.agree(headers=headers, base64=base64)
        try:
            session = EngineSession(context, self._engine, sid, opening.handshake)
        except RateLimited as limited:
            raise Refusal(HTTPStatus.TOO_MANY_REQUESTS, limited.message) from None
        session.link = link = agreed.open()
        session.frame = agreed.framer
        link.open(session)
        link.write(frame(TEXT, session.opening(upgrades=())))
        self._engine.opened(session)
