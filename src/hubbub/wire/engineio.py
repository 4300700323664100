"""Engine.IO protocol, revision 4: packets, payloads, the handshake and the upgrade. Sans-I/O.

Source: https://github.com/socketio/socket.io/blob/main/docs/engine.io-protocol/v4-current.md

Over WebSocket each packet is one message: text `<type digit>[data]`, or binary, which is always a message packet and
has no prefix. Over long-polling several packets share a body, separated by 0x1E, and binary ones are base64 behind a
`b`. All packets here are bytes: UTF-8 when they are text.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator, Mapping, Sequence
from enum import Enum, IntEnum
from typing import Final
from urllib.parse import parse_qsl

import msgspec
from msgspec import Struct

SEPARATOR: Final = b"\x1e"

OPEN: Final = b"0"
CLOSE: Final = b"1"
PING: Final = b"2"
PONG: Final = b"3"
MESSAGE: Final = b"4"
UPGRADE: Final = b"5"
NOOP: Final = b"6"

PROBE: Final = b"2probe"
PROBE_ANSWER: Final = b"3probe"

MESSAGE_BYTE: Final = 0x34
"""First byte of a text message packet: what follows is a Socket.IO packet. For hot paths that skip `decode`."""

_FIRST: Final = 0x30
_LAST: Final = 0x36
_BASE64: Final = 0x62


class PacketType(IntEnum):
    OPEN = 0
    CLOSE = 1
    PING = 2
    PONG = 3
    MESSAGE = 4
    UPGRADE = 5
    NOOP = 6


_TYPES: Final = tuple(PacketType)


class PacketError(Exception):
    """The other end broke the Engine.IO or Socket.IO protocol: end the session.

    The text is for logs; over HTTP it is answered as `Refusal.BAD_REQUEST`.
    """


class Packet(Struct, frozen=True, gc=False):
    """`data`: UTF-8 text, or any bytes when `binary` (then `type` is MESSAGE)."""

    type: PacketType
    data: bytes = b""
    binary: bool = False


class Open(Struct, frozen=True):
    """The handshake's answer. The wire has milliseconds and other names; `encode_open` translates."""

    sid: str
    upgrades: tuple[str, ...]
    ping_interval_seconds: float
    ping_timeout_seconds: float
    max_payload_bytes: int


class _OpenBody(Struct, frozen=True, rename="camel"):
    sid: str
    upgrades: tuple[str, ...]
    ping_interval: int
    ping_timeout: int
    max_payload: int


_encode_json = msgspec.json.Encoder().encode


def encode_open(opening: Open) -> bytes:
    """The OPEN packet, the first one that a session's client gets."""
    return OPEN + _encode_json(
        _OpenBody(
            opening.sid,
            opening.upgrades,
            round(opening.ping_interval_seconds * 1000),
            round(opening.ping_timeout_seconds * 1000),
            opening.max_payload_bytes,
        )
    )


def decode(message: bytes) -> Packet:
    """The packet in one text message, whose UTF-8 the caller has checked. A WebSocket's binary one needs no decoding.

    Binary data may come as text, too: by long-polling always, by WebSocket from clients that send no binary messages.

    Raises:
        PacketError: it is empty, its type is unknown, or bad base64.
    """
    if not message:
        raise PacketError("empty packet")
    kind = message[0]
    if not _FIRST <= kind <= _LAST:
        if kind == _BASE64:
            return Packet(PacketType.MESSAGE, decode_base64(message), binary=True)
        raise PacketError("unknown packet type")
    return Packet(_TYPES[kind - _FIRST], message[1:])


_BAD_PACKET: Final = re.compile(rb"(?:^|\x1e)(?![0-6b])")


def decode_payload(body: bytes) -> Iterator[Packet]:
    """The packets of a long-polling request's body, at least one. The caller has limited the body's length.

    They are decoded one by one, so that a body full of them can be worked off in turns with others.

    Raises:
        PacketError: at once when it is not UTF-8, or with an empty packet or an unknown type anywhere; while iterating
            bad base64.
    """
    if not body.isascii():
        try:
            body.decode()
        except UnicodeDecodeError:
            raise PacketError("payload is not UTF-8") from None
    if _BAD_PACKET.search(body):
        raise PacketError("empty packet, or of an unknown type")
    return map(decode, body.split(SEPARATOR))


def decode_base64(packet: bytes) -> bytes:
    """The data of a binary message as long-polling carries it: `b`, then base64.

    Raises:
        PacketError: bad base64.
    """
    try:
        return binascii.a2b_base64(memoryview(packet)[1:], strict_mode=True)
    except binascii.Error:
        raise PacketError("bad base64") from None


def encode_payload(packets: Sequence[bytes]) -> bytes:
    """Encoded packets as one long-polling body. Binary ones come from `encode_base64`."""
    return SEPARATOR.join(packets)


def encode_base64(data: bytes) -> bytes:
    """A binary message as text. (Over WebSocket it is a binary message, when the client takes those.)"""
    return b"b" + binascii.b2a_base64(data, newline=False)


class Refusal(Enum):
    """Why an HTTP request is refused: code and message of the reference server, with its HTTP status."""

    UNKNOWN_TRANSPORT = (0, 400, "Transport unknown")
    UNKNOWN_SID = (1, 400, "Session ID unknown")
    BAD_HANDSHAKE_METHOD = (2, 400, "Bad handshake method")
    BAD_REQUEST = (3, 400, "Bad request")
    FORBIDDEN = (4, 403, "Forbidden")
    UNSUPPORTED_VERSION = (5, 400, "Unsupported protocol version")
    NO_JSONP = (3, 400, "JSONP is not supported")
    """Our own: the protocol's fourth revision has none any more, and scripts of other origins could read answers."""

    def __init__(self, code: int, status: int, message: str) -> None:
        self.code = code
        self.status = status
        self.message = message
        self.body = b'{"code":%d,"message":"%b"}' % (code, message.encode())
        """JSON body of the response."""


def parse_query(query: str) -> dict[str, str]:
    """The request's query parameters, percent-decoded. Of a repeated one the last counts."""
    return dict(parse_qsl(query, keep_blank_values=True))


def wants_base64(query: Mapping[str, str]) -> bool:
    """Whether the client takes no binary messages: `forceBase64` of the reference client."""
    return query.get("b64", "") != ""


def verify(method: str, query: Mapping[str, str], *, websocket: bool, transport: str | None) -> Refusal | None:
    """Why a request is refused, or None when it may go on.

    Args:
        method: the HTTP method in upper case.
        query: from `parse_query`.
        websocket: whether the request asks for a WebSocket.
        transport: what the session named by the `sid` parameter uses now, "polling" or "websocket"; None: there is
            no such session.
    """
    asked = query.get("transport")
    if asked not in {"polling", "websocket"}:
        return Refusal.UNKNOWN_TRANSPORT
    if websocket != (asked == "websocket"):
        return Refusal.BAD_REQUEST
    if query.get("EIO") != "4":
        return Refusal.UNSUPPORTED_VERSION
    if "j" in query:
        return Refusal.NO_JSONP
    if query.get("sid"):
        return _verify_session(method, websocket=websocket, transport=transport)
    return None if method == "GET" else Refusal.BAD_HANDSHAKE_METHOD


def _verify_session(method: str, *, websocket: bool, transport: str | None) -> Refusal | None:
    if transport is None:
        return Refusal.UNKNOWN_SID
    if transport != "polling" and not websocket:  # polling is over; a second WebSocket is opened and closed at once
        return Refusal.BAD_REQUEST
    if method not in ({"GET"} if websocket else {"GET", "POST"}):
        return Refusal.BAD_REQUEST
    return None


class Step(Enum):
    """What the server does after a packet on the WebSocket that probes. See `UpgradeProbe.receive`."""

    ANSWER = "answer"
    """Send `PROBE_ANSWER` on the WebSocket, and answer the pending poll with what is buffered, or with `NOOP`."""

    SWITCH = "switch"
    """The WebSocket is the session's transport now: send what is buffered on it, end the pending poll with `NOOP`."""


class UpgradeProbe:
    """The server's side of one session's way from long-polling to WebSocket.

    A session has at most one at a time; it ends with `Step.SWITCH`, or with PacketError or the probing WebSocket's
    close, after which the session stays on long-polling as if nothing had been.

        CLIENT on the WebSocket     2probe           5
        SERVER                             3probe        (switched)
    """

    __slots__ = ("_probed", "switched")

    def __init__(self) -> None:
        self._probed = False
        self.switched = False
        """True: packets of the session now come and go by the WebSocket only."""

    @property
    def drains_polls(self) -> bool:
        """A poll that arrives now must not wait: answer it with what is buffered, or with `NOOP`."""
        return self._probed

    def receive(self, message: bytes) -> Step:
        """A text message of the probing WebSocket, until `switched`.

        Raises:
            PacketError: anything but the next step: close this WebSocket.
        """
        if message == PROBE and not self.switched:  # the reference server answers repeated probes, too
            self._probed = True
            return Step.ANSWER
        if message == UPGRADE and self._probed and not self.switched:
            self.switched = True
            return Step.SWITCH
        raise PacketError("unexpected packet while probing")
