"""What a server expects of a client before and in a message: Hubbub's wires, the toolkit's, and the peers'.

A mark stands before the time stamp in each text, another before the one in each reference, and neither occurs
elsewhere in what the servers send: a delivery or a reply is counted by counting its mark, wherever a read was cut.
In JSON one byte is enough. MessagePack's numbers may be any bytes, so there the stamp's first zeros belong to the mark.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence

import msgspec
from msgspec import Struct

from hubbub.vocabulary.keys import FIELD_KEYS, TYPE_KEYS

STAMP = "%019d"
_STAMP_BYTES = 19
_BAR, _CARET = "|", "^"
_LONG = b"00"  # a stamp's first digits: the clock says nanoseconds since the machine's start
_TEXT, _BINARY = 1, 2
_OPENED = b"\r\n\r\n"


class Member(Struct, frozen=True):
    """One connection: who it is, where it is, and whether it speaks.

    `since`: the cursor with which it joins its rooms; None: it joins them for what comes.
    """

    index: int
    token: str
    rooms: tuple[str, ...]
    sends: bool
    since: int | None = None
    name: str = ""

    @property
    def user(self) -> str:
        """What the server calls it."""
        return self.name or user_name(self.index)


def user_name(index: int) -> str:
    """The name of the user of this number."""
    return f"u{index:05d}"


def user_names(count: int) -> list[str]:
    """The names of the first so many users."""
    return [user_name(index) for index in range(count)]


class Step(Struct, frozen=True):
    """When `expect` has arrived, say these payloads."""

    expect: bytes
    say: tuple[bytes, ...] = ()


class Dialect(Struct, frozen=True):
    """A protocol on top of WebSocket.

    Attributes:
        path: request target of the opening handshake; `{name}` is the member's name.
        headers: further header lines for a member, each with its end.
        greeting: what happens after the handshake's response until the connection is ready.
        message: the payload that says a text in a room; the text is given. It may hold `%019d` for time stamps.
        opcode: of the frames that carry messages (RFC 6455 section 5.2).
        delivery, reply: the marks.
    """

    name: str
    path: str
    headers: Callable[[Member], str]
    greeting: Callable[[Member], list[Step]]
    message: Callable[[Member, str, str], bytes]
    opcode: int = _TEXT
    delivery: bytes = _BAR.encode()
    reply: bytes = _CARET.encode()

    def opening(self, member: Member) -> bytes:
        """The opening handshake's request (RFC 6455 section 4.1). One key for all: it is no secret."""
        return (
            f"GET {self.path.format(name=member.user)} HTTP/1.1\r\nHost: bench\r\nUpgrade: websocket\r\n"
            "Connection: Upgrade\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
            f"{self.headers(member)}\r\n"
        ).encode()

    def templates(self, member: Member, text_bytes: int) -> list[bytes]:
        """One payload with places for time stamps for each room of the member."""
        text = _BAR + STAMP + "x" * (text_bytes - 1 - _STAMP_BYTES)
        return [self.message(member, room, text) for room in member.rooms]

    @property
    def engine(self) -> bool:
        """Whether Engine.IO is below it, which has pings of its own."""
        return self.path.startswith("/socket.io/")


def _none(member: Member) -> str:
    return ""


def _bearer(member: Member) -> str:
    return f"Authorization: Bearer {member.token}\r\n"


def _compact_headers(member: Member) -> str:
    return _bearer(member) + "Sec-WebSocket-Protocol: hubbub.v1.msgpack\r\n"


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))


def _joins(member: Member) -> list[dict[str, object]]:
    since = {} if member.since is None else {"since": member.since}
    return [{"type": "join", "ref": n, "room": room, **since} for n, room in enumerate(member.rooms)]


def _native_greeting(member: Member) -> list[Step]:
    steps = [Step(_OPENED, tuple(_json(join).encode() for join in _joins(member)))]
    for n in range(len(member.rooms)):
        steps.append(Step(b'"ref":%d,"ok"' % n))
        if member.since is not None:
            steps.append(Step(b'"seq":%d,' % (member.since + 1)))
    return steps


def _nonce(member: Member) -> str:
    return f"{STAMP}{member.index:05d}"


def _native_message(member: Member, room: str, text: str) -> bytes:
    send = {"type": "send", "ref": _CARET + STAMP, "room": room, "text": text, "nonce": _nonce(member)}
    return _json(send).encode()


def _packed(command: Mapping[str, object]) -> bytes:
    """A command with the compact wire's keys."""
    keyed = {FIELD_KEYS[name]: TYPE_KEYS[str(value)] if name == "type" else value for name, value in command.items()}
    return msgspec.msgpack.encode(keyed)


def _compact_greeting(member: Member) -> list[Step]:
    before = bytes((FIELD_KEYS["type"], TYPE_KEYS["reply"], FIELD_KEYS["ref"]))
    joins = tuple(_packed(join) for join in _joins(member))
    replies = (before + bytes((n, FIELD_KEYS["ok"])) for n in range(len(joins)))
    return [Step(_OPENED, joins), *map(Step, replies)]


def _compact_message(member: Member, room: str, text: str) -> bytes:
    """Its lengths are those of the stamps that will stand in it, not of their places."""
    digits = "9" * _STAMP_BYTES
    send = {
        "type": "send",
        "ref": _CARET + digits,
        "room": room,
        "text": text.replace(STAMP, digits),
        "nonce": _nonce(member).replace(STAMP, digits),
    }
    return _packed(send).replace(b"%", b"%%").replace(digits.encode(), STAMP.encode())


def _socketio_greeting(member: Member) -> list[Step]:
    since = {} if member.since is None else {"since": member.since}
    joins = tuple(f"42{n}{_json(['join', {'room': room, **since}])}".encode() for n, room in enumerate(member.rooms))
    ready = [Step(b'43%d[{"ok"' % n) for n in range(len(member.rooms))]
    connect = b"40" + _json({"token": member.token}).encode()
    return [Step(b'0{"sid"', (connect,)), Step(b'40{"sid"', joins), *ready]


def _socketio_message(member: Member, room: str, text: str) -> bytes:
    return b"427" + _json(["send", {"room": room, "text": text, "nonce": _nonce(member)}]).encode()


def _plain_greeting(member: Member) -> list[Step]:
    return [Step(_OPENED)]


def _plain_message(member: Member, room: str, text: str) -> bytes:
    return text.encode()


def _peer_message(member: Member, room: str, text: str) -> bytes:
    return _json({"room": room, "text": text}).encode()


def _peer_socketio_greeting(member: Member) -> list[Step]:
    return [Step(b'0{"sid"', (b"40",)), Step(b'40{"sid"')]


def _peer_socketio_message(member: Member, room: str, text: str) -> bytes:
    return b"42" + _json(["send", {"room": room, "text": text}]).encode()


def _toolkit_message(member: Member, room: str, text: str) -> bytes:
    return _json({"type": "send", "args": [{"room": room, "text": text}]}).encode()


_ENGINE = "/socket.io/?EIO=4&transport=websocket"

_ALL: Sequence[Dialect] = (
    Dialect("native", "/ws", _bearer, _native_greeting, _native_message),
    Dialect(
        "compact",
        "/ws",
        _compact_headers,
        _compact_greeting,
        _compact_message,
        opcode=_BINARY,
        delivery=_BAR.encode() + _LONG,
        reply=_CARET.encode() + _LONG,
    ),
    Dialect("socketio", _ENGINE, _none, _socketio_greeting, _socketio_message),
    Dialect("plain", "/", _none, _plain_greeting, _plain_message),
    Dialect("peer", "/?name={name}", _none, _plain_greeting, _peer_message),
    Dialect("peer-socketio", _ENGINE + "&name={name}", _none, _peer_socketio_greeting, _peer_socketio_message),
    Dialect("toolkit", "/ws?name={name}", _none, _plain_greeting, _toolkit_message),
)

DIALECTS = {dialect.name: dialect for dialect in _ALL}
"""By name: a plan that crosses to another process names its dialect."""
