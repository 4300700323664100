"""An Engine.IO session: one client over long-polling, WebSocket, or the one becoming the other."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from hubbub.errors import CloseCode
from hubbub.wire import engineio
from hubbub.wire.engineio import PacketError, PacketType, Step, UpgradeProbe
from hubbub.wire.websocket import TEXT, frame

from .connection import Handshake
from .context import Context
from .link import WebSocketLink
from .polling import PollTransport

if TYPE_CHECKING:
    from .socketio import SocketIoConnection

logger = logging.getLogger(__name__)

_PING_FRAME: Final = frame(TEXT, engineio.PING)
_FORGOTTEN: Final = Handshake(path="", query="", headers={}, peer="")


class EngineSession:
    """What the Engine.IO handshake opened. Endpoint of its WebSocket link, owner of its polling transport.

    Attributes:
        connection: the Socket.IO connection on it, None before CONNECT.
        link: the WebSocket, None while it polls.
        polling: the polling transport, None once it has upgraded or when it never polled.
    """

    __slots__ = ("_handshake", "connection", "context", "link", "open", "polling", "probing", "sid")

    def __init__(self, context: Context, sid: str, handshake: Handshake) -> None:
        self.context = context
        self.sid = sid
        self._handshake: Handshake | None = handshake
        self.connection: SocketIoConnection | None = None
        self.link: WebSocketLink | None = None
        self.polling: PollTransport | None = None
        self.probing: ProbingSocket | None = None
        self.open = True
        context.sessions[sid] = self
        context.deadlines.add(self)

    @property
    def handshake(self) -> Handshake:
        """How the session was opened."""
        return self._handshake or _FORGOTTEN

    @property
    def peer(self) -> str:
        """The client's address; empty when unknown."""
        return self.link.peer if self.link is not None else self.polling.peer if self.polling is not None else ""

    @property
    def transport(self) -> str:
        return "polling" if self.link is None else "websocket"

    def opening(self, *, upgrades: tuple[str, ...]) -> bytes:
        """The OPEN packet."""
        settings = self.context.settings
        return engineio.encode_open(
            engineio.Open(
                self.sid,
                upgrades,
                settings.heartbeat_seconds,
                settings.heartbeat_timeout_seconds,
                settings.message_bytes,
            )
        )

    def send(self, packet: bytes) -> None:
        """Send one text packet (with its Engine.IO type)."""
        if self.link is not None:
            self.link.transport.write(frame(TEXT, packet))
        elif self.polling is not None:
            self.polling.put(packet)

    def receive(self, packet: engineio.Packet) -> None:
        """One packet that arrived by either transport."""
        match packet.type:
            case PacketType.MESSAGE if not packet.binary:
                self.message(packet.data)
            case PacketType.PONG:
                pass  # any packet is a sign of life; the transport noted it
            case PacketType.CLOSE:
                self.close("client")
            case _:
                self.close("protocol error")

    def message(self, packet: bytes) -> None:
        """One Socket.IO packet."""
        from .socketio import receive

        try:
            receive(self, packet)
        except PacketError as broken:
            logger.debug("ending a Socket.IO client: %s", broken)
            self.close("protocol error")

    def connected(self, connection: SocketIoConnection) -> None:
        """The client has sent CONNECT in time."""
        self.connection = connection
        self.context.deadlines.remove(self)

    def settled(self) -> None:
        """The handler has accepted the connection: the headers have been seen, let their memory go."""
        self._handshake = None

    def refused(self) -> None:
        """The handler did not want it. The client may try again, in the same time as before."""
        self.connection = None
        if self.open:
            self.context.deadlines.add(self)

    def expire(self) -> None:
        """No CONNECT in time."""
        self.close("no CONNECT packet in time")

    def close(self, because: str, code: int = CloseCode.NORMAL) -> None:
        """End the session on whatever transport it has, after what is buffered."""
        if not self.open:
            return
        if self.link is not None:
            self.link.close(code, because, because=because)
        else:
            self.ended(because)

    def ended(self, reason: str) -> None:
        """It is over: forget it everywhere."""
        if not self.open:
            return
        self.open = False
        self.context.sessions.pop(self.sid, None)
        self.context.deadlines.remove(self)
        if self.polling is not None:
            self.polling.end()
        if self.probing is not None:
            self.probing.link.drop()
        if self.connection is not None:
            self.connection.gone(reason)

    # Endpoint of its WebSocket

    def text(self, payload: bytes) -> None:
        if payload[:1] == engineio.MESSAGE:
            self.message(payload[1:])
            return
        try:
            packet = engineio.decode(payload)
        except PacketError as broken:
            logger.debug("ending an Engine.IO session: %s", broken)
            self.close("protocol error", CloseCode.PROTOCOL_ERROR)
        else:
            self.receive(packet)

    def binary(self, payload: bytes) -> None:
        self.close("binary packets are not accepted here", CloseCode.UNSUPPORTED_DATA)

    def ping(self) -> None:
        if self.link is not None:
            self.link.transport.write(_PING_FRAME)

    def congested(self) -> None:
        if self.connection is not None:
            self.connection.congested()

    def relieved(self) -> None:
        if self.connection is not None:
            self.connection.relieved()

    def lost(self, reason: str) -> None:
        self.ended(reason)

    # from polling to WebSocket

    def switch(self, link: WebSocketLink) -> None:
        """The upgrade is complete: from now on packets come and go by `link`."""
        polling, self.polling, self.probing = self.polling, None, None
        self.link = link
        link.endpoint = self
        if self.connection is not None:
            self.connection.upgraded()
        if polling is not None:
            for packet in polling.take():
                link.transport.write(frame(TEXT, packet))
            polling.end()


class ProbingSocket:
    """Endpoint of a WebSocket that asks to become a polling session's transport."""

    __slots__ = ("_probe", "_session", "link")

    def __init__(self, session: EngineSession, link: WebSocketLink) -> None:
        self._session = session
        self._probe = UpgradeProbe()
        self.link = link
        session.probing = self
        if session.polling is not None:
            session.polling.probe = self._probe

    def text(self, payload: bytes) -> None:
        try:
            step = self._probe.receive(payload)
        except PacketError:
            self.link.close(CloseCode.PROTOCOL_ERROR, "probe expected")
            return
        if step is Step.ANSWER:
            self.link.transport.write(frame(TEXT, engineio.PROBE_ANSWER))
            if self._session.polling is not None:
                self._session.polling.release()
        else:
            self._session.switch(self.link)

    def binary(self, payload: bytes) -> None:
        self.link.close(CloseCode.UNSUPPORTED_DATA, "probe expected")

    def ping(self) -> None:
        """A probe lives for seconds; it is not asked for signs of life."""

    def congested(self) -> None: ...

    def relieved(self) -> None: ...

    def lost(self, reason: str) -> None:
        """The session stays on long-polling as if nothing had been."""
        if self._session.probing is self:
            self._session.probing = None
            if self._session.polling is not None:
                self._session.polling.probe = None
