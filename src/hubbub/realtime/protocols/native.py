"""Clients of the native wire on a WebSocket."""

from __future__ import annotations

import functools
import logging
from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from hubbub.errors import BadJson, CloseCode, Disconnect, HubbubError, RateLimited, retry_after_seconds
from hubbub.realtime.core.connection import Connection, ended_by
from hubbub.realtime.core.meter import REFUSED_UNITS
from hubbub.realtime.fanout.direct_write import DirectWriter, SocketLane
from hubbub.realtime.fanout.group import Outgoing
from hubbub.realtime.transports.opening import Opening
from hubbub.realtime.transports.websocket import WebSocketTransport
from hubbub.wire.rejection import CommandError
from hubbub.wire.websocket import BINARY, TEXT, Framer, frame

from .base_connection import BaseConnection, GatewayContext, Holding
from .codec import NativeWire
from .protocol import WebSocketProtocol

logger = logging.getLogger(__name__)

NATIVE_PATH: Final = "/ws"


class NativeSocketLane(SocketLane):
    """One encoding of the native wire, one object per WebSocket frame.

    Clients with permessage-deflate sit in lanes of their own, one for each size of window that they ask for, so that a
    message is compressed once for all of them.
    """

    transport: Final = "websocket"

    def __init__(self, native: NativeWire, frame: Framer = frame) -> None:
        self.native = native
        self.wire = native.name
        self.opcode = native.opcode
        self.frame = frame

    @functools.cached_property
    def holding(self) -> HoldingSocketLane:
        """Where its connections sit until they are accepted."""
        return HoldingSocketLane(self)

    def encode(self, outgoing: Outgoing) -> bytes:
        return self.frame(self.opcode, self.native.encode(outgoing))

    def join(self, parts: Sequence[bytes]) -> bytes:
        return b"".join(parts)

    def write(self, members: Sequence[Connection], data: bytes) -> None:
        for member in members:
            try:
                member.link.write(data)  # type: ignore[attr-defined]  # all are NativeConnections
            except RuntimeError:  # it has gone since the fan-out began
                continue

    def sockets(self, members: Sequence[Connection]) -> DirectWriter | None:
        links = [member.link for member in members]  # type: ignore[attr-defined]  # as above
        return DirectWriter.of(links, members[0].context.unsent)  # type: ignore[attr-defined]


class HoldingSocketLane(Holding, NativeSocketLane):
    """Connections that the handler has not accepted yet."""

    def __init__(self, sending: NativeSocketLane) -> None:
        super().__init__(sending.native, sending.frame)
        self.sending = sending

    def sockets(self, members: Sequence[Connection]) -> None:
        return None


class NativeConnection(BaseConnection):
    """One client of the native wire (docs/protocol.md). The message handler of its WebSocket."""

    __slots__ = ("link",)

    lane: NativeSocketLane

    def __init__(self, context: GatewayContext, link: WebSocketTransport, lane: NativeSocketLane) -> None:
        super().__init__(context, lane.holding)
        self.link = link

    @property
    def peer(self) -> str:
        return self.link.peer

    # Connection

    @property
    def busy(self) -> bool:
        return self.link.busy

    @property
    def unsent_bytes(self) -> int:
        return self.link.unsent_bytes

    def emit(self, outgoing: Outgoing) -> None:
        self._write(self.lane.encode(outgoing))

    def emit_many(self, outgoing: Sequence[Outgoing]) -> None:
        self._write(b"".join([self.lane.encode(one) for one in outgoing]))

    def reply(self, ref: int | str, ok: Struct) -> None:
        lane = self.lane
        self._write(lane.frame(lane.opcode, lane.native.encode_reply(ref, ok)))

    def fail(self, ref: int | str | None, error: HubbubError) -> None:
        if not error.retryable:
            self.link.charge(REFUSED_UNITS)
        lane = self.lane
        self._write(lane.frame(lane.opcode, lane.native.encode_error(ref, error)))

    def disconnect(self, why: Disconnect) -> None:
        self.link.close(why.code, why.reason, because=ended_by(why))

    def dismiss(self) -> None:
        self.link.close(CloseCode.SESSION_ENDED, "disconnected by the server")

    def accepted(self) -> None:
        if isinstance(self.lane, HoldingSocketLane):
            self.sit(self.lane.sending)
        if held := self.take_held():
            self.link.write(b"".join(held))

    def refuse(self, error: HubbubError) -> None:
        self.take_held()
        self.fail(None, error)
        limited = isinstance(error, RateLimited)
        self.link.close(CloseCode.RATE_LIMITED if limited else CloseCode.AUTH_TIMEOUT, error.code)

    def charge(self, units: int) -> None:
        self.link.charge(units, noise=False)

    def pause_reading(self) -> None:
        self.link.hold()

    def resume_reading(self) -> None:
        self.link.read_on()

    def _write(self, data: bytes) -> None:
        if self._held is not None:
            self.hold(data)
        elif not self.closed:
            self.link.write(data)

    # MessageHandler

    def text(self, payload: bytes) -> None:
        if self.lane.opcode == TEXT:
            self._receive(payload)
        else:
            self.fail(None, BadJson("This wire takes binary frames."))

    def binary(self, payload: bytes) -> None:
        if self.lane.opcode == BINARY:
            self._receive(payload)
        else:
            self.fail(None, BadJson("This wire takes text frames."))

    def _receive(self, payload: bytes) -> None:
        try:
            command = self.lane.native.decode(payload)
        except CommandError as rejected:
            self.fail(rejected.ref, rejected.error)
        else:
            self.deliver(command)

    def ping(self) -> None:
        self.link.ping_frame()

    def ending(self, code: int, reason: str) -> None:
        """The close frame says it, but for a number."""
        seconds = retry_after_seconds(code)
        if seconds is not None:
            self.fail(None, RateLimited(retry_after_seconds=seconds))

    def lost(self, reason: str) -> None:
        self.gone(reason)


class NativeWebSockets(WebSocketProtocol):
    """The native wire at `/ws`, in the encoding that the client names as subprotocol."""

    path = NATIVE_PATH

    def __init__(self, context: GatewayContext) -> None:
        self._context = context
        self._natives = {wire.subprotocol: wire for wire in context.codec.natives}
        self._default = context.codec.natives[0].subprotocol
        self._lanes: dict[tuple[str, Framer], NativeSocketLane] = {}

    def open(self, opening: Opening) -> None:
        agreed = opening.agree(tuple(self._natives))
        link = agreed.open()
        lane = self._lane(agreed.subprotocol or self._default, agreed.framer)
        connection = NativeConnection(self._context, link, lane)
        link.open(connection)
        connection.begin(opening.handshake)

    def _lane(self, subprotocol: str, framer: Framer) -> NativeSocketLane:
        """The one that all clients with the same bytes share."""
        lane = self._lanes.get((subprotocol, framer))
        if lane is None:
            lane = self._lanes[subprotocol, framer] = NativeSocketLane(self._natives[subprotocol], framer)
        return lane
