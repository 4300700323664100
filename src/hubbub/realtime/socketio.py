"""Socket.IO clients, on whichever transport their Engine.IO session has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec
from msgspec import Struct

from hubbub.errors import Disconnect, HubbubError
from hubbub.wire import engineio, socketio
from hubbub.wire.rejection import CommandError
from hubbub.wire.socketio import PacketType
from hubbub.wire.socketio_events import encode_ok, encode_refusal, event_packet
from hubbub.wire.websocket import TEXT, frame

from .connection import Connection, Handshake
from .engine import EngineSession
from .peer import Peer
from .room import Lane, Outgoing

_MESSAGE: Final = engineio.MESSAGE
_encode_json = msgspec.json.Encoder().encode


class SocketIoSocketLane:
    """Socket.IO packets, one per WebSocket text frame."""

    wire: Final = "socketio"
    transport: Final = "websocket"

    def encode(self, outgoing: Outgoing) -> bytes:
        return frame(TEXT, _MESSAGE + event_packet(outgoing.json))

    def join(self, parts: Sequence[bytes]) -> bytes:
        return b"".join(parts)

    def write(self, members: Sequence[Connection], data: bytes) -> None:
        for member in members:
            member.session.link.transport.write(data)  # type: ignore[attr-defined]  # all are SocketIoConnections


class SocketIoPollingLane:
    """Socket.IO packets in long-polling bodies."""

    wire: Final = "socketio"
    transport: Final = "polling"

    def encode(self, outgoing: Outgoing) -> bytes:
        return _MESSAGE + event_packet(outgoing.json)

    def join(self, parts: Sequence[bytes]) -> bytes:
        return engineio.encode_payload(parts)

    def write(self, members: Sequence[Connection], data: bytes) -> None:
        for member in members:
            member.session.polling.put(data)  # type: ignore[attr-defined]  # all are SocketIoConnections


SOCKETIO_SOCKET: Final = SocketIoSocketLane()
SOCKETIO_POLLING: Final = SocketIoPollingLane()


class Closing(Struct, frozen=True, tag_field="type", tag="closing"):
    """Said before the server ends a Socket.IO connection, whose protocol has no close codes."""

    code: int
    reason: str
    reconnect: bool


class SocketIoConnection(Peer):
    """One client in the main namespace."""

    __slots__ = ("_held", "session")

    def __init__(self, session: EngineSession) -> None:
        super().__init__(session.context, _lane(session))
        self.session = session
        self._held: list[bytes] | None = []  # what the handler says before it has accepted: CONNECT comes first

    @property
    def peer(self) -> str:
        return self.session.peer

    # Connection

    def emit(self, outgoing: Outgoing) -> None:
        self._send(event_packet(outgoing.json))

    def emit_many(self, outgoing: list[Outgoing]) -> None:
        if self._held is not None:
            for one in outgoing:
                self.emit(one)
        elif not self.closed:
            lane = self.lane
            lane.write((self,), lane.join([lane.encode(one) for one in outgoing]))

    def reply(self, ref: int | str, ok: Struct) -> None:
        self._send(encode_ok(int(ref), ok))

    def fail(self, ref: int | str | None, error: HubbubError) -> None:
        self._send(encode_refusal(None if ref is None else int(ref), error))

    def disconnect(self, why: Disconnect) -> None:
        if self.closed:
            return
        self._send(event_packet(_encode_json(Closing(int(why.code), why.reason, why.reconnect))))
        if not why.reconnect:  # after this packet the client does not come back by itself
            self._send(socketio.encode_disconnect())
        self.session.close(why.reason, why.code)

    def refuse(self, error: HubbubError) -> None:
        """The client gets `connect_error` and may CONNECT again on the same session, with other credentials."""
        self.session.send(_MESSAGE + socketio.encode_connect_error(error.message, error.code))
        self.gone("refused")
        self.session.refused()

    def accepted(self) -> None:
        self.session.settled()
        self.session.send(_MESSAGE + socketio.encode_connect(self.id))
        held, self._held = self._held, None
        for packet in held or ():
            self._send(packet)

    def _send(self, packet: bytes) -> None:
        if self._held is not None:
            self._held.append(packet)
        elif not self.closed:
            self.session.send(_MESSAGE + packet)

    def upgraded(self) -> None:
        """The session's transport is another one now: sit in the rooms' other lane."""
        census = self.context.census
        census[self.lane] -= 1
        rooms = tuple(self.rooms)
        for room in rooms:
            room.remove(self)
        self.lane = _lane(self.session)
        for room in rooms:
            room.add(self)
        census[self.lane] += 1


def _lane(session: EngineSession) -> Lane:
    return SOCKETIO_POLLING if session.link is None else SOCKETIO_SOCKET


def receive(session: EngineSession, payload: bytes) -> None:
    """One Socket.IO packet of a session. Raises PacketError: end the session."""
    packet = socketio.decode(payload)
    connection = session.connection
    if packet.type is PacketType.EVENT and packet.namespace == socketio.MAIN and connection is not None:
        try:
            command = session.context.events.decode(packet.data or b"", packet.id)
        except CommandError as rejected:
            connection.fail(rejected.ref, rejected.error)
        else:
            connection.deliver(command)
    elif packet.type is PacketType.CONNECT:
        _connect(session, packet)
    elif packet.type is PacketType.DISCONNECT and packet.namespace == socketio.MAIN and connection is not None:
        session.close("client")
    elif packet.namespace != socketio.MAIN or (connection is not None and packet.type is PacketType.ACK):
        pass  # late packets of a namespace that was refused, and acknowledgements that nobody asked for
    else:
        raise engineio.PacketError("not connected" if connection is None else "unexpected packet")


def _connect(session: EngineSession, packet: socketio.Packet) -> None:
    if packet.namespace != socketio.MAIN:
        session.send(_MESSAGE + socketio.encode_connect_error("Invalid namespace", None, packet.namespace))
        return
    if session.connection is not None:
        raise engineio.PacketError("connected already")
    handshake = session.handshake
    auth = socketio.connect_auth(packet)
    connection = SocketIoConnection(session)
    session.connected(connection)
    connection.begin(
        Handshake(handshake.path, handshake.query, handshake.headers, handshake.peer, handshake.secure, auth)
    )
