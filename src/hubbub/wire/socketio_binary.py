"""Binary data in Socket.IO packets: taken out of the JSON, sent after it, put back by the other end.

socket.emit("baz", buffer)      51-["baz",{"_placeholder":true,"num":0}]   then the buffer in a binary message
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec
from msgspec import Struct

from .engineio import PacketError
from .rejection import UNDECODABLE
from .socketio import MAIN, Packet, PacketType
from .surrogates import decode_json

DEPTH_MAX: Final = 100
"""Levels of nesting that are searched for placeholders."""

_decode_json = msgspec.json.Decoder(list[Any]).decode
_encode_json = msgspec.json.Encoder().encode


class Assembled(Struct, frozen=True):
    """A whole binary packet: EVENT or ACK, with bytes in the places of the placeholders."""

    type: PacketType
    namespace: str
    id: int | None
    args: list[Any]


class Assembler:
    """Collects the attachments of one connection's binary packets.

    It holds at most one packet, as the messages of two may not be mixed, and refuses one with too many attachments
    or bytes, so that its memory is bounded.
    """

    __slots__ = ("_bytes", "_bytes_max", "_count_max", "_packet", "_parts")

    def __init__(self, *, attachments_max: int, bytes_max: int) -> None:
        self._count_max = attachments_max
        self._bytes_max = bytes_max
        self._packet: Packet | None = None
        self._parts: list[bytes] = []
        self._bytes = 0

    @property
    def waiting(self) -> bool:
        """A packet has begun: only binary messages may come until it is whole, no text message packet."""
        return self._packet is not None

    def begin(self, packet: Packet) -> None:
        """Take a BINARY_EVENT or BINARY_ACK packet; `attach` follows.

        Raises:
            PacketError: one has begun already, or it announces too many attachments.
        """
        if self._packet is not None:
            raise PacketError("packet while attachments are missing")
        if not 0 < packet.attachments <= self._count_max:
            raise PacketError("too many attachments")
        self._packet = packet

    def attach(self, data: bytes) -> Assembled | None:
        """Take a binary message: the whole packet when it was the last one, otherwise None.

        Raises:
            PacketError: no packet waits for it, too many bytes, or placeholders that do not fit.
        """
        packet = self._packet
        if packet is None:
            raise PacketError("binary data without a packet")
        self._bytes += len(data)
        if self._bytes > self._bytes_max:
            raise PacketError("too many bytes in attachments")
        self._parts.append(data)
        if len(self._parts) < packet.attachments:
            return None
        parts = self._parts
        self._packet, self._parts, self._bytes = None, [], 0
        return _assemble(packet, parts)


def _assemble(packet: Packet, parts: list[bytes]) -> Assembled:
    try:
        args = decode_json(_decode_json, packet.data or b"")
    except UNDECODABLE:
        raise PacketError("illegal payload") from None
    kind = PacketType.EVENT if packet.type is PacketType.BINARY_EVENT else PacketType.ACK
    if kind is PacketType.EVENT and not (args and isinstance(args[0], str | int | float)):
        raise PacketError("event without a name")
    return Assembled(kind, packet.namespace, packet.id, fill(args, parts))


def fill(args: list[Any], parts: Sequence[bytes]) -> list[Any]:
    """The arguments with the attachments in their places, in new lists and dicts.

    Each attachment has one place, as every encoder makes it: with one attachment in 100,000 places, a short packet
    would become a huge one when it is sent on.

    Raises:
        PacketError: a placeholder that does not fit, or nested deeper than `DEPTH_MAX`.
    """
    free: list[bytes | None] = [*parts]
    return [_fill(item, free, DEPTH_MAX) for item in args]


def _fill(value: Any, parts: list[bytes | None], depth: int) -> Any:
    if depth == 0:
        raise PacketError("nested too deep")
    if isinstance(value, list):
        return [_fill(item, parts, depth - 1) for item in value]
    if not isinstance(value, dict):
        return value
    if value.get("_placeholder") is not True:
        return {key: _fill(item, parts, depth - 1) for key, item in value.items()}
    number = value.get("num")
    if type(number) is not int or not 0 <= number < len(parts):
        raise PacketError("illegal attachments")
    part, parts[number] = parts[number], None
    if part is None:
        raise PacketError("an attachment in two places")
    return part


def encode_binary(kind: PacketType, args: list[Any], ack: int | None = None, namespace: str = MAIN) -> list[bytes]:
    """A packet whose arguments hold bytes: the text packet, then the binary messages that follow it.

    Args:
        kind: BINARY_EVENT or BINARY_ACK.
        args: for an event with its name in front.
        ack: the acknowledgement's id.
        namespace: where it goes.

    Raises:
        ValueError: nested deeper than `DEPTH_MAX`, or an object that clients would take for a placeholder.
        TypeError: a value that JSON can't carry.
    """
    parts: list[bytes] = []
    body = _encode_json([_take(item, parts, DEPTH_MAX) for item in args])
    where = b"" if namespace == MAIN else namespace.encode() + b","
    number = b"" if ack is None else b"%d" % ack
    return [b"%d%d-%b%b%b" % (kind, len(parts), where, number, body), *parts]


def _take(value: Any, parts: list[bytes], depth: int) -> Any:
    if depth == 0:
        raise ValueError("nested too deep")
    if isinstance(value, bytes | bytearray | memoryview):
        parts.append(bytes(value))
        return {"_placeholder": True, "num": len(parts) - 1}
    if isinstance(value, list | tuple):
        return [_take(item, parts, depth - 1) for item in value]
    if isinstance(value, dict):
        if value.get("_placeholder") is True:
            raise ValueError("'_placeholder' stands for binary data")
        return {key: _take(item, parts, depth - 1) for key, item in value.items()}
    return value
