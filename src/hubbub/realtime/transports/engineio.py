"""An Engine.IO session: one client over long-polling, WebSocket, or the one becoming the other."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any, Final, Protocol

from hubbub.errors import CloseCode
from hubbub.realtime.core.connection import Handshake
from hubbub.realtime.core.meter import CONTROL_UNITS
from hubbub.realtime.core.settings import GatewaySettings
from hubbub.wire import engineio
from hubbub.wire.engineio import PacketError, PacketType, Step, UpgradeProbe
from hubbub.wire.websocket import BINARY, TEXT, Framer, frame

from .context import TransportContext
from .engineio_polling import PollingTransport
from .websocket import WebSocketTransport

logger = logging.getLogger(__name__)

_PING_FRAME: Final = frame(TEXT, engineio.PING)


class EngineApplication(Protocol):
    """What stands on Engine.IO sessions: Socket.IO, or something of its own. One serves all sessions."""

    def opened(self, session: EngineSession) -> None:
        """The handshake is done; messages may be sent."""
        ...

    def message(self, session: EngineSession, payload: bytes) -> None:
        """A text message, UTF-8."""
        ...

    def binary(self, session: EngineSession, payload: bytes) -> None:
        """A binary message."""
        ...

    def switched(self, session: EngineSession) -> None:
        """Its transport is a WebSocket from now on. What polling had buffered is sent after this returns."""
        ...

    def congested(self, session: EngineSession) -> None:
        """Its write buffer went above the limit. Called inside a write: only take a note."""
        ...

    def relieved(self, session: EngineSession) -> None:
        """Its write buffer is empty enough again."""
        ...

    def ending(self, session: EngineSession, code: int, reason: str) -> None:
        """The server is about to end it, for the reason that a close code has: the last messages may be sent now."""
        ...

    def ended(self, session: EngineSession, reason: str) -> None:
        """It is over. Called once."""
        ...


class EngineSession:
    """What the Engine.IO handshake opened. The message handler of its WebSocket, owner of its polling transport.

    Attributes:
        state: belongs to the application.
        link: the WebSocket, None while it polls.
        frame: makes its frames, as the client can read them.
        polling: the polling transport, None once it has upgraded or when it never polled.
    """

    __slots__ = ("application", "context", "frame", "handshake", "link", "open", "polling", "probing", "sid", "state")

    def __init__(
        self, context: TransportContext, application: EngineApplication, sid: str, handshake: Handshake
    ) -> None:
        """Raises RateLimited: this address has too many sessions whose clients have not said who they are."""
        self.context = context
        self.application = application
        self.sid = sid
        self.handshake = handshake
        self.state: Any = None
        self.link: WebSocketTransport | None = None
        self.frame: Framer = frame
        self.polling: PollingTransport | None = None
        self.probing: ProbingSocket | None = None
        self.open = True
        context.strangers.enter(self, handshake.peer)
        context.sessions[sid] = self

    def known(self) -> None:
        """The application has accepted the client. Harmless a second time."""
        self.context.strangers.leave(self)

    @property
    def peer(self) -> str:
        """The client's address; empty when unknown."""
        return self.link.peer if self.link is not None else self.polling.peer if self.polling is not None else ""

    @property
    def busy(self) -> bool:
        """What is sent now waits in this process."""
        if self.link is not None:
            return self.link.busy
        return self.polling is not None and self.polling.busy

    @property
    def unsent_bytes(self) -> int:
        """What waits in this process for the client."""
        if self.link is not None:
            return self.link.unsent_bytes
        return 0 if self.polling is None else self.polling.unsent_bytes

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
            self.link.write(self.frame(TEXT, packet))
        elif self.polling is not None:
            self.polling.put(packet)

    def send_all(self, messages: Sequence[bytes]) -> None:
        """Send a packet whose first message is text, with its Engine.IO type, and the others are attachments."""
        self.send(messages[0])
        for data in messages[1:]:
            self.send_binary(data)

    def send_binary(self, data: bytes) -> None:
        """Send one binary message."""
        if self.link is not None:
            self.link.write(self.frame(BINARY, data))
        elif self.polling is not None:
            self.polling.put(engineio.encode_base64(data))

    def send_payload(self, payload: bytes) -> None:
        """Send packets that are joined as for polling."""
        if self.link is not None:
            for packet in payload.split(engineio.SEPARATOR):
                self.link.write(self._framed(packet))
        elif self.polling is not None:
            self.polling.put(payload)

    def receive(self, packet: engineio.Packet) -> None:
        """One packet that arrived by either transport."""
        match packet.type:
            case PacketType.MESSAGE if packet.binary:
                self.application.binary(self, packet.data)
            case PacketType.MESSAGE:
                self.application.message(self, packet.data)
            case PacketType.PONG:  # any packet is a sign of life; the transport noted it
                self.charge(CONTROL_UNITS)
            case PacketType.CLOSE:
                if self.polling is not None:
                    self.polling.put(engineio.NOOP)  # what a pending poll ends with: the client knows that it is over
                self.close("transport close")
            case _:
                self.fail(PacketError("unexpected packet"))

    def charge(self, units: int, *, noise: bool = True) -> None:
        """What the client asked for is more work than one packet; `noise`: for nothing."""
        if self.link is not None:
            self.link.charge(units, noise=noise)
        elif self.polling is not None:
            self.polling.flow.charge(units, noise=noise)

    def pause_reading(self) -> None:
        """The application has enough for now."""
        if self.link is not None:
            self.link.hold()
        elif self.polling is not None:
            self.polling.flow.hold()

    def resume_reading(self) -> None:
        """The application can take more. Harmless when it always could."""
        if self.link is not None:
            self.link.read_on()
        elif self.polling is not None:
            self.polling.flow.read_on()

    def expire(self) -> None:
        """The application put it on the list of deadlines, and the time is up."""
        self._note("the client has not connected to a namespace in time")
        self.close("too late")

    def close(self, because: str, code: int = CloseCode.NORMAL, reason: str = "") -> None:
        """End the session on whatever transport it has, after what is buffered.

        Args:
            because: why, in Socket.IO's words, for the application.
            code: why, for the client; `CloseCode.NORMAL`: it knows.
            reason: the same in words; `because` when there are no others.
        """
        if not self.open:
            return
        if self.link is not None:
            self.link.close(code, reason or because, because=because)
            return
        if self.polling is not None and code != CloseCode.NORMAL:
            with self.polling.last_words(keep=because != "parse error"):  # its request is answered with an error
                self.ending(code, reason or because)
        self.ended(because)

    def ended(self, reason: str) -> None:
        """It is over: forget it everywhere."""
        if not self.open:
            return
        self.open = False
        self.known()
        self.context.sessions.pop(self.sid, None)
        self.context.deadlines.remove(self)
        if self.polling is not None:
            self.polling.end()
        if self.probing is not None:
            self.probing.link.drop()
        self.application.ended(self, reason)

    # MessageHandler of its WebSocket

    def text(self, payload: bytes) -> None:
        if payload[:1] == engineio.MESSAGE:
            self.application.message(self, payload[1:])
            return
        try:
            packet = engineio.decode(payload)
        except PacketError as broken:
            self.fail(broken)
        else:
            self.receive(packet)

    def binary(self, payload: bytes) -> None:
        self.application.binary(self, payload)

    def fail(self, broken: PacketError, code: int = CloseCode.PROTOCOL_ERROR) -> None:
        """The client broke the protocol."""
        self._note(str(broken))
        self.close("parse error", code, str(broken))

    def _note(self, why: str) -> None:
        self.context.throttled_log.info(logger, "engine", "ending an Engine.IO session of %s: %s", self.peer, why)

    def ping(self) -> None:
        if self.link is not None:
            self.link.write(_PING_FRAME)

    def congested(self) -> None:
        self.application.congested(self)

    def relieved(self) -> None:
        self.application.relieved(self)

    def ending(self, code: int, reason: str) -> None:
        if self.open and code != CloseCode.NORMAL:
            self.application.ending(self, code, reason)

    def lost(self, reason: str) -> None:
        self.ended(reason)

    # from polling to WebSocket

    def switch(self, link: WebSocketTransport, frame: Framer) -> None:
        """The upgrade is complete: from now on packets come and go by `link`."""
        self.probing = None
        self.link = link
        self.frame = frame
        link.endpoint = self
        self.application.switched(self)  # its rooms hand what is pending to the polling transport, for the last time
        polling, self.polling = self.polling, None
        if polling is not None:
            self.context.heartbeat.replace(polling, link)
            for packet in polling.take():
                link.write(self._framed(packet))
            polling.end()

    def _framed(self, packet: bytes) -> bytes:
        """A packet that was encoded for polling, as a WebSocket frame."""
        if packet[:1] == b"b":
            return self.frame(BINARY, engineio.decode_base64(packet))
        return self.frame(TEXT, packet)


def session_cookie(settings: GatewaySettings, sid: str, *, secure: bool) -> tuple[tuple[str, str], ...]:
    """The header of the answer that opens a session, none when no cookie is wanted."""
    name = settings.engine_cookie
    attributes = "Path=/; HttpOnly; SameSite=Lax" + ("; Secure" if secure else "")
    return (("Set-Cookie", f"{name}={sid}; {attributes}"),) if name else ()


class ProbingSocket:
    """The message handler of a WebSocket that asks to become a polling session's transport."""

    __slots__ = ("_frame", "_probe", "_session", "link")

    def __init__(self, session: EngineSession, link: WebSocketTransport, frame: Framer) -> None:
        self._session = session
        self._frame = frame
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
            self.link.write(frame(TEXT, engineio.PROBE_ANSWER))
            if self._session.polling is not None:
                self._session.polling.release()
        else:
            self._session.switch(self.link, self._frame)

    def binary(self, payload: bytes) -> None:
        self.link.close(CloseCode.UNSUPPORTED_DATA, "probe expected")

    def ping(self) -> None:
        """A probe lives for seconds; it is not asked for signs of life."""

    def congested(self) -> None: ...

    def relieved(self) -> None: ...

    def ending(self, code: int, reason: str) -> None:
        """The session does not end."""

    def lost(self, reason: str) -> None:
        """The session stays on long-polling as if nothing had been."""
        if self._session.probing is self:
            self._session.probing = None
            if self._session.polling is not None:
                self._session.polling.probe = None
