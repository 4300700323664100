"""Socket.IO clients, on whichever transport their Engine.IO session has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec
from msgspec import Struct

from hubbub.errors import Disconnect, HubbubError, comes_back, retry_after_seconds
from hubbub.realtime.core.connection import Connection, ended_by
from hubbub.realtime.core.meter import REFUSED_UNITS
from hubbub.realtime.fanout.direct_write import DirectWriter, SocketLane
from hubbub.realtime.fanout.group import Lane, Outgoing
from hubbub.realtime.transports.engineio import EngineSession
from hubbub.wire import engineio, socketio
from hubbub.wire.socketio_events import encode_ok, encode_refusal
from hubbub.wire.websocket import BINARY, TEXT, Framer

from .base_connection import BaseConnection, GatewayContext, Holding
from .codec import Codec

_MESSAGE: Final = engineio.MESSAGE
_encode_json = msgspec.json.Encoder().encode


class SocketIoSocketLane(SocketLane):
    """Socket.IO packets, one per WebSocket text frame.

    Clients whose frames look otherwise, with permessage-deflate or without binary messages, sit in lanes of their own.
    """

    wire: Final = "socketio"
    transport: Final = "websocket"

    def __init__(self, codec: Codec, frame: Framer) -> None:
        self._codec = codec
        self._frame = frame

    def encode(self, outgoing: Outgoing) -> bytes:
        head = self._frame(TEXT, self._codec.packet(outgoing))
        attachments = self._codec.attachments(outgoing)
        return head + b"".join([self._frame(BINARY, data) for data in attachments]) if attachments else head

    def join(self, parts: Sequence[bytes]) -> bytes:
        return b"".join(parts)

    def write(self, members: Sequence[Connection], data: bytes) -> None:
        for member in members:
            try:
                member.session.link.write(data)  # type: ignore[attr-defined]  # all are SocketIoConnections
            except RuntimeError:  # it has gone since the fan-out began
                continue

    def sockets(self, members: Sequence[Connection]) -> DirectWriter | None:
        links = [member.session.link for member in members]  # type: ignore[attr-defined]  # as above
        return DirectWriter.of(links, members[0].context.unsent)  # type: ignore[attr-defined]


class _PayloadLane:
    """Socket.IO packets joined as a long-polling body."""

    wire: Final = "socketio"

    def __init__(self, codec: Codec) -> None:
        self._codec = codec

    def encode(self, outgoing: Outgoing) -> bytes:
        packet, attachments = self._codec.packet(outgoing), self._codec.attachments(outgoing)
        return engineio.encode_payload([packet, *map(engineio.encode_base64, attachments)]) if attachments else packet

    def join(self, parts: Sequence[bytes]) -> bytes:
        return engineio.encode_payload(parts)


class SocketIoPollingLane(_PayloadLane):
    """Clients that poll."""

    transport: Final = "polling"

    def write(self, members: Sequence[Connection], data: bytes) -> None:
        for member in members:
            member.session.polling.put(data)  # type: ignore[attr-defined]  # all are SocketIoConnections


class HoldingLane(Holding, _PayloadLane):
    """Connections that the handler has not accepted yet: what is meant for them waits behind CONNECT."""

    def __init__(self, codec: Codec, transport: str) -> None:
        super().__init__(codec)
        self.transport = transport


class SocketIoLanes:
    """The lanes of one gateway's Socket.IO clients.

    Attributes:
        polling: clients that poll.
        holding_socket, holding_polling: those that the handler has not accepted yet, by transport.
    """

    def __init__(self, codec: Codec) -> None:
        self.polling = SocketIoPollingLane(codec)
        self.holding_socket = HoldingLane(codec, "websocket")
        self.holding_polling = HoldingLane(codec, "polling")
        self._codec = codec
        self._sockets: dict[Framer, SocketIoSocketLane] = {}

    def of(self, session: EngineSession, *, holding: bool) -> Lane:
        """Where connections of the session sit. `holding`: they have not been accepted yet."""
        if session.link is None:
            return self.holding_polling if holding else self.polling
        if holding:
            return self.holding_socket
        lane = self._sockets.get(session.frame)
        if lane is None:
            lane = self._sockets[session.frame] = SocketIoSocketLane(self._codec, session.frame)
        return lane


class SocketIoConnection(BaseConnection):
    """One client in one namespace."""

    __slots__ = ("_announced", "_lanes", "namespace", "session")

    def __init__(self, context: GatewayContext, lanes: SocketIoLanes, session: EngineSession, namespace: str) -> None:
        super().__init__(context, lanes.of(session, holding=True))
        self.session = session
        self.namespace = namespace
        self._lanes = lanes
        self._announced: tuple[str, str | None] | None = None

    @property
    def peer(self) -> str:
        return self.session.peer

    # Connection

    @property
    def signs_in_later(self) -> bool:
        """CONNECT carries it, or never."""
        return False

    @property
    def busy(self) -> bool:
        return self.session.busy

    @property
    def unsent_bytes(self) -> int:
        return self.session.unsent_bytes

    def emit(self, outgoing: Outgoing) -> None:
        if not self.closed:
            self.lane.write((self,), self.lane.encode(outgoing))

    def emit_many(self, outgoing: Sequence[Outgoing]) -> None:
        lane = self.lane
        if not self.closed:
            lane.write((self,), lane.join([lane.encode(one) for one in outgoing]))

    def reply(self, ref: int | str, ok: Struct) -> None:
        self._send(_MESSAGE + encode_ok(int(ref), ok))

    def charge(self, units: int) -> None:
        self.session.charge(units, noise=False)

    def pause_reading(self) -> None:
        self.session.pause_reading()

    def resume_reading(self) -> None:
        self.session.resume_reading()

    def fail(self, ref: int | str | None, error: HubbubError) -> None:
        if not error.retryable:
            self.session.charge(REFUSED_UNITS)
        self._send(_MESSAGE + encode_refusal(None if ref is None else int(ref), error))

    def send_packet(self, messages: Sequence[bytes]) -> None:
        """Send one Socket.IO packet: its text without the Engine.IO type, then its attachments."""
        self._send(_MESSAGE + messages[0], *messages[1:])

    def disconnect(self, why: Disconnect) -> None:
        if not self.closed:
            self.session.close(ended_by(why), why.code, why.reason)

    def say_goodbye(self, code: int, reason: str) -> None:
        """The session is about to end: tell the client why, which has no close code, and whether to come back."""
        reconnect = comes_back(code)
        closing = {"code": int(code), "reason": reason, "reconnect": reconnect}
        seconds = retry_after_seconds(code)
        if seconds is not None:
            closing["retry_after_seconds"] = seconds
        if self._held is not None:  # it hears of nothing else before its CONNECT is answered
            self.session.send(_MESSAGE + socketio.encode_connect_error(reason, closing, self.namespace))
            return
        self._send(_MESSAGE + socketio.encode_event(_encode_json(["closing", closing]), None, self.namespace))
        if not reconnect:  # after this packet the client does not come back by itself
            self._send(_MESSAGE + socketio.encode_disconnect(self.namespace))

    def refuse(self, error: HubbubError) -> None:
        """The client gets `connect_error` and may CONNECT again on the same session, with other credentials."""
        data = getattr(error, "data", {"code": error.code})
        self.session.send(_MESSAGE + socketio.encode_connect_error(error.message, data, self.namespace))
        self.gone("refused")
        detach(self)

    def accepted(self) -> None:
        self.session.known()
        self.context.deadlines.remove(self.session)
        public_id, recovery_id = self._announced or (self.id, None)
        self._announced = None
        self.session.send(_MESSAGE + socketio.encode_connect(public_id, self.namespace, recovery_id))
        self.sit(self._lanes.of(self.session, holding=False))  # what its rooms have not handed out yet is held, too
        for payload in self.take_held():
            self.session.send_payload(payload)

    def announce(self, public_id: str, recovery_id: str | None) -> None:
        self._announced = (public_id, recovery_id)

    def dismiss(self) -> None:
        self._send(_MESSAGE + socketio.encode_disconnect(self.namespace))
        self.gone("server namespace disconnect")
        detach(self)

    def left(self) -> None:
        """The client has sent DISCONNECT for this namespace, or CONNECT once more, which stands for both."""
        self.gone("client namespace disconnect")
        detach(self)

    def _send(self, *messages: bytes) -> None:
        if self.closed:
            return
        if self._held is not None:
            self.hold(engineio.encode_payload([messages[0], *map(engineio.encode_base64, messages[1:])]))
        else:
            self.session.send_all(messages)

    def upgraded(self) -> None:
        """The session's transport is a WebSocket now: sit in the rooms' other lane, behind CONNECT if need be."""
        self.sit(self._lanes.of(self.session, holding=self._held is not None))


def connections(session: EngineSession) -> tuple[SocketIoConnection, ...]:
    """The Socket.IO connections on a session, one per namespace. They are its state: nearly all have one."""
    return session.state or ()


def detach(connection: SocketIoConnection) -> None:
    """A namespace was left, and without any there is as much time as at first; or refused, and the time goes on."""
    session = connection.session
    session.state = tuple(other for other in connections(session) if other is not connection)
    if session.open and not session.state:
        session.context.deadlines.resume(session)
