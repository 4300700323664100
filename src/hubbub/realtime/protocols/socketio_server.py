"""Socket.IO on Engine.IO sessions: namespaces, packets with attachments, and who gets what."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from msgspec import structs

from hubbub.realtime.core.connection import NO_HANDSHAKE, Handshake
from hubbub.realtime.core.meter import CONTROL_UNITS
from hubbub.realtime.transports.engineio import EngineSession
from hubbub.wire import engineio, socketio
from hubbub.wire.engineio import PacketError
from hubbub.wire.rejection import CommandError
from hubbub.wire.socketio import MAIN, Packet, PacketType
from hubbub.wire.socketio_binary import Assembled, Assembler

from .base_connection import GatewayContext
from .socketio import SocketIoConnection, SocketIoLanes, connections

ATTACHMENTS: Final = 64
"""Binary attachments that one packet may have."""

NAMESPACES: Final = 100
"""Namespaces that one client may be in at the same time: each takes memory, and those of a pattern have no end."""


class _Arrival:
    """A connection that the handler is deciding about.

    Attributes:
        again: what the client said in another CONNECT for the same namespace since then; the last one counts.
    """

    __slots__ = ("again", "connection")

    def __init__(self, connection: SocketIoConnection) -> None:
        self.connection = connection
        self.again: Handshake | None = None


class SocketIoServer:
    """The Engine.IO application that speaks Socket.IO (protocol revision 5).

    Args:
        knows_namespace: whether clients may connect to a namespace of this name; None: to the main one only, and then
            nobody asks for a handshake's headers again, which take 1 KB.
    """

    def __init__(self, context: GatewayContext, knows_namespace: Callable[[str], bool] | None = None) -> None:
        self._context = context
        self._lanes = SocketIoLanes(context.codec)
        self._knows_namespace = knows_namespace or MAIN.__eq__
        self._keeps_handshakes = knows_namespace is not None
        self._arriving: dict[EngineSession, dict[str, _Arrival]] = {}
        self._assemblers: dict[EngineSession, Assembler] = {}  # of packets whose attachments are on their way

    def opened(self, session: EngineSession) -> None:
        self._context.deadlines.add(session)

    def message(self, session: EngineSession, payload: bytes) -> None:
        try:
            packet = socketio.decode(payload)
            if self._assemblers and session in self._assemblers:
                raise PacketError("packet while attachments are missing")
            if packet.attachments:
                limit = self._context.settings.message_bytes
                assembler = Assembler(attachments_max=ATTACHMENTS, bytes_max=limit)
                assembler.begin(packet)
                self._assemblers[session] = assembler
            else:
                self._receive(session, packet)
        except PacketError as broken:
            session.fail(broken)

    def binary(self, session: EngineSession, payload: bytes) -> None:
        try:
            assembler = self._assemblers.get(session)
            if assembler is None:
                raise PacketError("binary data without a packet: only the default parser is spoken")
            whole = assembler.attach(payload)
            if whole is not None:
                del self._assemblers[session]
                self._receive_assembled(session, whole)
        except PacketError as broken:
            session.fail(broken)

    def switched(self, session: EngineSession) -> None:
        for connection in connections(session):
            connection.upgraded()

    def congested(self, session: EngineSession) -> None:
        for connection in connections(session):
            connection.congested()

    def relieved(self, session: EngineSession) -> None:
        for connection in connections(session):
            connection.relieved()

    def ending(self, session: EngineSession, code: int, reason: str) -> None:
        for connection in connections(session):
            connection.say_goodbye(code, reason)

    def ended(self, session: EngineSession, reason: str) -> None:
        self._context.deadlines.remove(session)
        self._assemblers.pop(session, None)
        for connection in connections(session):
            connection.gone(reason)

    def _receive(self, session: EngineSession, packet: Packet) -> None:
        connection = _find(session, packet.namespace)
        if packet.type is PacketType.EVENT and connection is not None:
            try:
                command = self._context.codec.event(packet)
            except CommandError as rejected:
                connection.fail(rejected.ref, rejected.error)
            else:
                connection.deliver(command)
        elif packet.type is PacketType.CONNECT:
            self._connect(session, packet, connection)
        elif packet.type is PacketType.DISCONNECT:
            self._left(session, packet.namespace, connection)
        elif packet.type is PacketType.ACK and connection is not None:
            answer = self._context.codec.ack(packet)
            if answer is not None:
                connection.deliver(answer)
            else:
                session.charge(CONTROL_UNITS)
        elif packet.type is PacketType.CONNECT_ERROR or not session.state:
            raise PacketError("not connected")
        # else: a late packet for a namespace that has just been left or refused

    def _receive_assembled(self, session: EngineSession, packet: Assembled) -> None:
        connection = _find(session, packet.namespace)
        if connection is None:
            return
        try:
            command = self._context.codec.assembled(packet)
        except CommandError as rejected:
            connection.fail(rejected.ref, rejected.error)
        else:
            if command is not None:
                connection.deliver(command)

    def _left(self, session: EngineSession, namespace: str, connection: SocketIoConnection | None) -> None:
        arrival = self._arriving.get(session, {}).get(namespace)
        if arrival is not None:
            arrival.again = None
        if connection is not None:
            connection.left()
        elif arrival is None and not session.state:
            raise PacketError("not connected")

    def _connect(self, session: EngineSession, packet: Packet, present: SocketIoConnection | None) -> None:
        auth = socketio.connect_auth(packet)
        if not socketio.possible_namespace(packet.namespace) or not self._knows_namespace(packet.namespace):
            refusal = socketio.encode_connect_error("Invalid namespace", None, packet.namespace)
            session.send(engineio.MESSAGE + refusal)
            return
        handshake = structs.replace(session.handshake, auth=auth, namespace=packet.namespace)
        arriving = self._arriving.get(session, {})
        if packet.namespace in arriving:  # before the client knew what becomes of its first one
            arriving[packet.namespace].again = handshake
            return
        if present is not None:  # it was on its way when the first one was answered; the client begins anew
            present.left()
        if len(arriving.keys() | {one.namespace for one in connections(session)}) >= NAMESPACES:
            raise PacketError("too many namespaces")
        self._begin(session, handshake)

    def _begin(self, session: EngineSession, handshake: Handshake) -> None:
        connection = SocketIoConnection(self._context, self._lanes, session, handshake.namespace)
        session.state = (*connections(session), connection)
        self._context.deadlines.hold(session)
        arrival = self._arriving.setdefault(session, {})[handshake.namespace] = _Arrival(connection)
        connection.begin(handshake).add_done_callback(lambda _: self._decided(session, arrival))

    def _decided(self, session: EngineSession, arrival: _Arrival) -> None:
        """The handler has accepted or refused it. A CONNECT that came meanwhile counts from now on."""
        connection = arrival.connection
        if not connection.closed and arrival.again is None and not self._keeps_handshakes:
            session.handshake = NO_HANDSHAKE
        arriving = self._arriving[session]
        del arriving[connection.namespace]
        if not arriving:
            del self._arriving[session]
        if arrival.again is not None and session.open:
            if not connection.closed:
                connection.left()
            self._begin(session, arrival.again)


def _find(session: EngineSession, namespace: str) -> SocketIoConnection | None:
    for connection in connections(session):
        if connection.namespace == namespace:
            return connection
    return None
