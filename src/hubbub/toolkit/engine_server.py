"""Engine.IO by itself, for a protocol of one's own on it, as npm's `engine.io` is.

    engine = EngineServer(GatewaySettings(engine_path="/engine.io/"))

    @engine.on("message")
    def message(socket, data):
        socket.send(data)

    run(engine, port=8000)

docs/toolkit.md has the rest.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Final, TypeVar

from hubbub.errors import CloseCode
from hubbub.realtime.core.connection import Handshake
from hubbub.realtime.core.settings import GatewaySettings
from hubbub.realtime.server.acceptor import Acceptor
from hubbub.realtime.transports.context import TransportContext
from hubbub.realtime.transports.engineio import EngineSession
from hubbub.realtime.transports.opening import Opening
from hubbub.wire import engineio
from hubbub.wire.upgrade import Refusal

from .dispatch import Dispatcher
from .slow_readers import SlowReaders

logger = logging.getLogger(__name__)

EVENTS: Final = frozenset({"connect", "message", "disconnect"})
Function = TypeVar("Function", bound=Callable[..., Any])


class EngineSocket:
    """One client.

    Attributes:
        handshake: path, query, headers, address.
        data: the application's own.
    """

    __slots__ = ("_session", "data", "handshake")

    def __init__(self, session: EngineSession) -> None:
        self._session = session
        self.handshake: Handshake = session.handshake
        self.data: dict[str, Any] = {}

    @property
    def id(self) -> str:
        """The session's id. It is a secret: who knows it can speak as this client."""
        return self._session.sid

    @property
    def transport(self) -> str:
        """One of "polling" and "websocket"; it may become the latter."""
        return self._session.transport

    @property
    def connected(self) -> bool:
        return self._session.open

    def send(self, data: str | bytes) -> None:
        """Send one message. Goes nowhere when the client has gone.

        Raises:
            ValueError: a text with U+001E in it, which separates the packets of a long-polling body.
        """
        if not self._session.open:
            return
        if isinstance(data, str):
            text = data.encode()
            if engineio.SEPARATOR in text:
                raise ValueError("a text message can't contain U+001E; send bytes")
            self._session.send(engineio.MESSAGE + text)
        else:
            self._session.send_binary(bytes(data))

    def close(self) -> None:
        """End the session, after what is buffered."""
        self._session.close("forced close")


class EngineServer:
    """Engine.IO sessions on one path, and nothing else. `run`, `serve` and `serving` take it like a `Server`.

    Args:
        settings: `engine_path`, ping times, limits, allowed origins, the cookie. `handshake_seconds` is for the head
            of a request only.
    """

    def __init__(self, settings: GatewaySettings | None = None) -> None:
        self.settings = settings or GatewaySettings()
        self.sockets: dict[str, EngineSocket] = {}
        self._handlers: dict[str, Callable[..., Any]] = {}
        self._dispatcher = Dispatcher()
        self._gateway: EngineGateway | None = None

    def on(self, event: str) -> Callable[[Function], Function]:
        """Decorator: "connect" (socket), "message" (socket, str or bytes) or "disconnect" (socket, reason).

        Plain functions run at once; coroutines run as tasks that start in the order of the events.
        """
        if event not in EVENTS:
            raise ValueError(f"there is no event {event!r}; there are {', '.join(sorted(EVENTS))}")

        def register(handler: Function) -> Function:
            self._handlers[event] = handler
            return handler

        return register

    @property
    def gateway(self) -> EngineGateway:
        """There is one once the server has been opened."""
        if self._gateway is None:
            raise RuntimeError("the server is not running")
        return self._gateway

    async def open(self) -> None:
        """Begin, on the running event loop. `run` and `serve` do it."""
        self.sockets.clear()
        self._gateway = EngineGateway(
            self, TransportContext(self.settings, asyncio.get_running_loop(), secrets.token_hex(4))
        )
        self._gateway.start()

    async def close(self, grace_seconds: float = 5.0) -> None:
        """End all sessions, at most for the grace, then let handlers come to their end."""
        deadline = time.monotonic() + grace_seconds
        await self.gateway.close(grace_seconds)
        await self._dispatcher.close(max(0.0, deadline - time.monotonic()))

    # EngineApplication

    def opened(self, session: EngineSession) -> None:
        session.known()
        session.state = socket = self.sockets[session.sid] = EngineSocket(session)
        self._tell("connect", socket)

    def message(self, session: EngineSession, payload: bytes) -> None:
        self._tell("message", session.state, payload.decode())

    def binary(self, session: EngineSession, payload: bytes) -> None:
        self._tell("message", session.state, payload)

    def switched(self, session: EngineSession) -> None:
        """The socket asks its session for the transport."""

    def congested(self, session: EngineSession) -> None:
        """A client that does not read is not waited for: its messages would pile up here."""
        self._slow_readers().add(session)

    def relieved(self, session: EngineSession) -> None:
        self._slow_readers().remove(session)

    def ending(self, session: EngineSession, code: int, reason: str) -> None:
        """Engine.IO has no words for it, but for a WebSocket's close code."""

    def ended(self, session: EngineSession, reason: str) -> None:
        self.sockets.pop(session.sid, None)
        self._slow_readers().remove(session)
        self._tell("disconnect", session.state, reason)

    def _slow_readers(self) -> SlowReaders[EngineSession]:
        return self.gateway.slow_readers

    def _tell(self, event: str, socket: EngineSocket, *args: Any) -> None:
        handler = self._handlers.get(event)
        if handler is not None:
            self._dispatcher.notify(handler, socket, *args)


class EngineGateway(Acceptor):
    """The way in, when nothing but Engine.IO is served."""

    def __init__(self, server: EngineServer, context: TransportContext) -> None:
        super().__init__(context, server)
        settings = context.settings
        self.slow_readers: SlowReaders[EngineSession] = SlowReaders(
            context.loop, settings.write_buffer_bytes, settings.heartbeat_timeout_seconds, self._cut
        )

    def _cut(self, session: EngineSession) -> None:
        self._links.throttled_log.info(
            logger,
            "slow",
            "closing a client at %s that reads too slowly: %d bytes wait",
            session.peer,
            session.unsent_bytes,
        )
        session.close("forced server close", CloseCode.TOO_SLOW, "reads too slowly")

    def serves(self, path: str) -> bool:
        return self._is_engine(path)

    async def http(self, scope: Any, receive: Any, send: Any) -> None:
        await self.polling(scope, receive, send)

    def take(self, opening: Opening) -> None:
        raise Refusal(HTTPStatus.NOT_FOUND, f"WebSockets are at {self.settings.engine_path}")
