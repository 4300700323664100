"""Events with a name and arguments, as an application emits them, on both wires."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, cast

import msgspec
from msgspec import Struct

from hubbub.errors import BadField, HubbubError
from hubbub.realtime.room import Outgoing
from hubbub.wire import compact, native
from hubbub.wire.engineio import MESSAGE, PacketError
from hubbub.wire.native import NativeJson
from hubbub.wire.rejection import UNDECODABLE, CommandError, ErrorBody, error_json
from hubbub.wire.socketio import MAIN, Packet, PacketType, encode_ack, encode_event
from hubbub.wire.socketio_binary import Assembled, encode_binary
from hubbub.wire.websocket import BINARY, TEXT

RESERVED: Final = frozenset(
    {"connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener", "reply"}
)
"""Names that clients raise by themselves; nobody may send them."""

_encode = msgspec.json.Encoder().encode
_pack = msgspec.msgpack.Encoder().encode
_arguments = msgspec.json.Decoder(list[Any])


class Event(Struct, frozen=True):
    """An event from a client. `ref`: it waits for an answer under this id."""

    name: str
    args: list[Any]
    ref: int | str | None = None


class Answer(Struct, frozen=True):
    """A client's answer to an event of ours that asked for one."""

    id: int
    args: list[Any]


class Emission(Outgoing):
    """An event of ours.

    Args:
        args: what JSON can carry, and bytes anywhere in it.
        ack: the id under which an answer is wanted.
        offset: added as the last argument for Socket.IO clients, which keep it for connection state recovery.

    Raises:
        ValueError: a reserved name.
        TypeError: an argument that can't be encoded (on first use, before anything is sent).
    """

    __slots__ = ("_attachments", "ack", "args", "name", "namespace", "offset")

    def __init__(
        self,
        name: str,
        args: Sequence[Any],
        *,
        namespace: str = MAIN,
        ack: int | None = None,
        offset: str | None = None,
    ) -> None:
        if name in RESERVED:
            raise ValueError(f"{name!r} is a reserved event name")
        self.name = name
        self.args = args
        self.namespace = namespace
        self.ack = ack
        self.offset = offset
        self._json = None
        self._packet = None
        self._attachments: list[bytes] | None = None

    @property
    def json(self) -> bytes:
        """The native wire's form: `{"type":name,"args":[…],"ref":…}`. Bytes become base64 text."""
        if self._json is None:
            ref = b"" if self.ack is None else b',"ref":%d' % self.ack
            self._json = b'{"type":%b,"args":%b%b}' % (_encode(self.name), _encode(self.args), ref)
        return self._json

    def map(self) -> dict[str, Any]:
        """The same for MessagePack."""
        body: dict[str, Any] = {"type": self.name, "args": self.args}
        return body if self.ack is None else {**body, "ref": self.ack}

    @property
    def packet(self) -> bytes:
        if self._packet is None:
            self._make_packet()
        return self._packet or b""

    @property
    def attachments(self) -> Sequence[bytes]:  # type: ignore[override]
        if self._packet is None:
            self._make_packet()
        return self._attachments or ()

    def _make_packet(self) -> None:
        args = [self.name, *self.args] if self.offset is None else [self.name, *self.args, self.offset]
        if any(map(_may_hold_bytes, self.args)):
            text, *parts = encode_binary(PacketType.BINARY_EVENT, args, self.ack, self.namespace)
            if parts:
                self._packet, self._attachments = MESSAGE + text, parts
                return
        self._packet = MESSAGE + encode_event(_encode(args), self.ack, self.namespace)


class AnswerOut(Outgoing):
    """Our answer to a client's event."""

    __slots__ = ("_args", "_attachments", "_namespace", "_ref")

    def __init__(self, ref: int | str, args: list[Any], namespace: str) -> None:
        self._ref = ref
        self._args = args
        self._namespace = namespace
        self._attachments: list[bytes] = []
        self._packet = None

    @property
    def json(self) -> bytes:
        return b'{"type":"reply","ref":%b,"args":%b}' % (_encode(self._ref), _encode(self._args))

    def map(self) -> dict[str, Any]:
        """The same for MessagePack."""
        return {"type": "reply", "ref": self._ref, "args": self._args}

    @property
    def packet(self) -> bytes:
        if self._packet is None:
            ref, packet = int(self._ref), b""
            if any(map(_may_hold_bytes, self._args)):
                packet, *self._attachments = encode_binary(PacketType.BINARY_ACK, self._args, ref, self._namespace)
            if not self._attachments:
                packet = encode_ack(ref, _encode(self._args), self._namespace)
            self._packet = MESSAGE + packet
        return self._packet

    @property
    def attachments(self) -> Sequence[bytes]:  # type: ignore[override]
        return self._attachments if self.packet else ()


class Failure(Outgoing):
    """Our answer to a client's event that failed."""

    __slots__ = ("_error", "_namespace", "_ref")

    def __init__(self, ref: int | str, error: HubbubError, namespace: str) -> None:
        self._ref = ref
        self._error = error
        self._namespace = namespace

    @property
    def json(self) -> bytes:
        return NativeJson.encode_error(self._ref, self._error)

    def map(self) -> dict[str, Any]:
        """The same for MessagePack."""
        return _error_map(self._ref, self._error)

    @property
    def packet(self) -> bytes:
        body = b'[{"error":%b}]' % error_json(self._error)
        return MESSAGE + encode_ack(int(self._ref), body, self._namespace)


def _may_hold_bytes(value: Any) -> bool:
    return not isinstance(value, str | int | float | bool | None)


class _Said(Struct):
    type: str
    args: list[Any] = []
    ref: int | str | None = None


class JsonEvents:
    """`{"type":name,"args":[…],"ref":…}` in a text frame; an answer is `{"type":"reply","ref":…,"args":[…]}`."""

    name: Final = "native.json"
    subprotocol: Final = native.SUBPROTOCOL
    opcode: Final = TEXT

    def __init__(self) -> None:
        self._decoder = msgspec.json.Decoder(_Said)

    def decode(self, payload: bytes) -> Event | Answer:
        try:
            return _meaning(self._decoder.decode(payload))
        except UNDECODABLE:
            raise CommandError(BadField('An event is {"type": its name, "args": [its arguments]}.')) from None

    def encode(self, outgoing: Outgoing) -> bytes:
        return outgoing.json

    def encode_reply(self, ref: int | str, ok: Struct) -> bytes:
        return NativeJson.encode_reply(ref, ok)

    def encode_error(self, ref: int | str | None, error: HubbubError) -> bytes:
        return NativeJson.encode_error(ref, error)


class MessagePackEvents:
    """The same maps in binary frames. Bytes travel as bytes."""

    name: Final = "native.msgpack"
    subprotocol: Final = compact.SUBPROTOCOL
    opcode: Final = BINARY

    def __init__(self) -> None:
        self._decoder = msgspec.msgpack.Decoder(_Said)

    def decode(self, payload: bytes) -> Event | Answer:
        try:
            return _meaning(self._decoder.decode(payload))
        except UNDECODABLE:
            raise CommandError(BadField('An event is {"type": its name, "args": [its arguments]}.')) from None

    def encode(self, outgoing: Outgoing) -> bytes:
        return _pack(cast("Emission | AnswerOut | Failure", outgoing).map())

    def encode_reply(self, ref: int | str, ok: Struct) -> bytes:
        return _pack({"type": "reply", "ref": ref, "ok": ok})

    def encode_error(self, ref: int | str | None, error: HubbubError) -> bytes:
        return _pack(_error_map(ref, error))


def _error_map(ref: int | str | None, error: HubbubError) -> dict[str, Any]:
    return {"type": "reply", "ref": ref, "error": ErrorBody(error.code, error.message, error.retryable)}


def _meaning(said: _Said) -> Event | Answer:
    if said.type == "reply" and isinstance(said.ref, int):
        return Answer(said.ref, said.args)
    if said.type in RESERVED:
        raise CommandError(BadField("This event name is reserved."), said.ref)
    return Event(said.type, said.args, said.ref)


class EventCodec:
    """Of an application whose events are names with arguments. Holds no state of a connection."""

    def __init__(self) -> None:
        self.natives = (JsonEvents(), MessagePackEvents())

    def event(self, packet: Packet) -> Event:
        name, *args = _list(packet)
        return _event(name, args, packet.id)

    def ack(self, packet: Packet) -> Answer | None:
        return None if packet.id is None else Answer(packet.id, _list(packet))

    def assembled(self, packet: Assembled) -> Event | Answer | None:
        if packet.type is PacketType.ACK:
            return None if packet.id is None else Answer(packet.id, packet.args)
        return _event(packet.args[0], packet.args[1:], packet.id)


def _list(packet: Packet) -> list[Any]:
    try:
        found: list[Any] = _arguments.decode(packet.data or b"")
    except UNDECODABLE:
        raise PacketError("illegal payload") from None
    if packet.type is PacketType.EVENT and not found:
        raise PacketError("event without a name")
    return found


def _event(name: Any, args: list[Any], ref: int | None) -> Event:
    if isinstance(name, int | float):
        name = str(name)
    if not isinstance(name, str) or name in RESERVED:
        raise PacketError("illegal event name")
    return Event(name, args, ref)
