"""Socket.IO protocol, revision 5, default encoding: packets inside Engine.IO messages. Sans-I/O.

Source: https://github.com/socketio/socket.io/blob/main/docs/socket.io-protocol/v5-current.md

    <type>[<attachments>-][<namespace>,][<acknowledgement id>][JSON]

Everything here is without the Engine.IO prefix: what follows the `4` of a text message. Binary packets are put
together by `Assembler` (socketio_binary.py); a vocabulary of Structs is spoken by `EventDecoder`
(socketio_events.py).
"""

from __future__ import annotations

import re
from enum import IntEnum
from typing import Final

import msgspec
from msgspec import Struct

from .engineio import PacketError
from .rejection import UNDECODABLE
from .surrogates import decode_json

MAIN: Final = "/"
"""The namespace that every client knows; the only one that is not written out on the wire."""

ACK_DIGITS: Final = 15
"""Digits of an acknowledgement's id: below 2**53, so that it is exact in every client's language."""


class PacketType(IntEnum):
    CONNECT = 0
    DISCONNECT = 1
    EVENT = 2
    ACK = 3
    CONNECT_ERROR = 4
    BINARY_EVENT = 5
    BINARY_ACK = 6


class Packet(Struct, frozen=True, gc=False):
    """One packet.

    Attributes:
        id: of the acknowledgement that is wanted (EVENT) or given (ACK); None: none is.
        attachments: how many binary messages follow.
        data: the JSON, as it came; None: there is none. `decode` has only checked that it begins like what its type
            must have: `{` or `[`.
    """

    type: PacketType
    namespace: str = MAIN
    id: int | None = None
    attachments: int = 0
    data: bytes | None = None


_EVENT: Final = PacketType.EVENT
_EVENT_DIGIT: Final = 0x32
_TYPES: Final = tuple(PacketType)
_BINARY: Final = frozenset({PacketType.BINARY_EVENT, PacketType.BINARY_ACK})

_PACKET: Final = re.compile(
    rb"""
    ([0-6])                                  # type
    (?:(?<=[56])([1-9]\d{0,3})-)?            # attachments
    (?:(/[^,]*)(?:,|\Z))?                    # namespace; its comma may be missing at the end
    (\d{1,15})?                              # acknowledgement id
    """,
    re.VERBOSE,
)

_BEGINS: Final = {
    PacketType.CONNECT: b"{",
    PacketType.EVENT: b"[",
    PacketType.ACK: b"[",
    PacketType.CONNECT_ERROR: b'{"',
    PacketType.BINARY_EVENT: b"[",
    PacketType.BINARY_ACK: b"[",
}
"""What the JSON of each type may begin with; DISCONNECT has none."""

_WITH_ID: Final = frozenset({PacketType.EVENT, PacketType.ACK, PacketType.BINARY_EVENT, PacketType.BINARY_ACK})


def decode(payload: bytes) -> Packet:
    """The packet in one Engine.IO text message, whose UTF-8 the caller has checked. Its JSON is not decoded.

    0.4 µs for an event in the main namespace.

    Raises:
        PacketError: the protocol is broken; the specification wants the connection closed.
    """
    start = payload.find(b"[")
    if start > 0 and payload[0] == _EVENT_DIGIT:
        ack = payload[1:start]
        if not ack:
            return Packet(_EVENT, MAIN, None, 0, payload[1:])
        if start <= ACK_DIGITS + 1 and ack.isdigit():
            return Packet(_EVENT, MAIN, int(ack), 0, payload[start:])
    return _decode(payload)


def _decode(payload: bytes) -> Packet:
    head = _PACKET.match(payload)
    if head is None:
        raise PacketError("unknown packet type")
    kind = _TYPES[payload[0] - 0x30]
    count, namespace, ack = head.groups()[1:]
    if (count is None) == (kind in _BINARY):
        raise PacketError("illegal attachments")
    if ack is None:
        if kind is PacketType.ACK or kind is PacketType.BINARY_ACK:
            raise PacketError("acknowledgement without an id")
    elif kind not in _WITH_ID:
        raise PacketError("unexpected acknowledgement id")
    name = MAIN if namespace is None else _namespace(namespace)
    if kind is not PacketType.CONNECT and namespace is not None and not possible_namespace(name):
        raise PacketError("illegal namespace")
    return Packet(
        kind,
        name,
        None if ack is None else int(ack),
        0 if count is None else int(count),
        _data(kind, payload[head.end() :]),
    )


_POSSIBLE: Final = re.compile(r"/[^,?\x00-\x1f\x7f]{0,255}")


def possible_namespace(name: str) -> bool:
    """Whether clients can say this name, and a server may be asked to have it.

    A comma ends a name on the wire, and what follows a question mark is dropped. A CONNECT for another name is no
    packet that breaks the protocol: its answer is a CONNECT_ERROR.
    """
    return _POSSIBLE.fullmatch(name) is not None


def _namespace(raw: bytes) -> str:
    """A client may append a query string to the namespace; the specification leaves it to the server to drop it."""
    try:
        return raw.partition(b"?")[0].decode()
    except UnicodeDecodeError:
        raise PacketError("namespace is not UTF-8") from None


def _data(kind: PacketType, data: bytes) -> bytes | None:
    if not data:
        if kind is PacketType.CONNECT or kind is PacketType.DISCONNECT:
            return None
        raise PacketError("payload is missing")
    if data[0] not in _BEGINS.get(kind, b""):
        raise PacketError("illegal payload")
    return data


_connect_auth = msgspec.json.Decoder(dict[str, object])


def connect_auth(packet: Packet) -> dict[str, object] | None:
    """The `auth` of a CONNECT packet: what the client gave as credentials; None when it gave none.

    Raises:
        PacketError: it is no JSON object.
    """
    if packet.data is None:
        return None
    try:
        return decode_json(_connect_auth.decode, packet.data)
    except UNDECODABLE:
        raise PacketError("illegal payload") from None


_encode_json = msgspec.json.Encoder().encode


def _prefix(kind: bytes, namespace: str) -> bytes:
    if namespace == MAIN:
        return kind
    if "," in namespace:
        raise ValueError("a comma ends a namespace on the wire")
    return b"%b%b," % (kind, namespace.encode())


def encode_connect(sid: str, namespace: str = MAIN, pid: str | None = None) -> bytes:
    """The client is connected to `namespace`. `sid` identifies it there; it is not the Engine.IO session's id.

    `pid`: the secret of connection state recovery, None: there is none.
    """
    return _prefix(b"0", namespace) + _encode_json({"sid": sid} if pid is None else {"sid": sid, "pid": pid})


def encode_connect_error(message: str, data: object = None, namespace: str = MAIN) -> bytes:
    """The client may not connect. It reads `error.message`, and `error.data` when there is any."""
    body = {"message": message} if data is None else {"message": message, "data": data}
    return _prefix(b"4", namespace) + _encode_json(body)


def encode_disconnect(namespace: str = MAIN) -> bytes:
    """The server ends the connection to `namespace`. The client does not come back by itself."""
    return _prefix(b"1", namespace)


def encode_event(args: bytes, ack: int | None = None, namespace: str = MAIN) -> bytes:
    """`args`: a JSON array whose first element is the event's name."""
    return b"%b%b%b" % (_prefix(b"2", namespace), b"" if ack is None else b"%d" % ack, args)


def encode_ack(ack: int, args: bytes, namespace: str = MAIN) -> bytes:
    """The answer to the event that carried `ack`. `args`: a JSON array, the callback's arguments."""
    return b"%b%d%b" % (_prefix(b"3", namespace), ack, args)
