"""What a server expects of a client before and in a message: Hubbub's two wires and the peers'.

`|` stands before the time stamp in each text, `^` before the one in each reference, and neither occurs elsewhere in
what the servers send: a delivery or a reply is counted by counting one byte, wherever a read was cut.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

from msgspec import Struct

from .frames import Masker

DELIVERY = b"|"
REPLY = b"^"
STAMP = "%019d"


class Member(Struct, frozen=True):
    """One connection: who it is, where it is, and whether it speaks."""

    index: int
    token: str
    rooms: tuple[str, ...]
    sends: bool


class Step(Struct, frozen=True):
    """When `expect` has arrived, send `answer`; empty: nothing."""

    expect: bytes
    answer: bytes


class Dialect(Struct, frozen=True):
    """A protocol on top of WebSocket.

    Attributes:
        path: request target of the opening handshake.
        headers: further header lines for a member, each with its end.
        greeting: what happens after the handshake's response until the connection is ready.
        message: the payload that says a text in a room; the text is given.
        replies: whether a message is answered.
    """

    name: str
    path: str
    headers: Callable[[Member], str]
    greeting: Callable[[Member, Masker], list[Step]]
    message: Callable[[Member, str, str], str]
    replies: bool

    def opening(self, member: Member) -> bytes:
        """The opening handshake's request (RFC 6455 section 4.1). One key for all: it is no secret."""
        return (
            f"GET {self.path} HTTP/1.1\r\nHost: bench\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
            f"{self.headers(member)}\r\n"
        ).encode()

    def templates(self, member: Member, masker: Masker, text_bytes: int) -> list[bytes]:
        """One payload with places for time stamps for each room of the member."""
        text = "|" + STAMP + "x" * (text_bytes - 20)
        return [self.message(member, room, text).encode() for room in member.rooms]


def _none(member: Member) -> str:
    return ""


def _bearer(member: Member) -> str:
    return f"Authorization: Bearer {member.token}\r\n"


def _compact(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))


def _native_greeting(member: Member, masker: Masker) -> list[Step]:
    joins = [_compact({"type": "join", "ref": n, "room": room}) for n, room in enumerate(member.rooms)]
    frames = b"".join(masker.frame(join.encode()) for join in joins)
    return [Step(b"\r\n\r\n", frames), *(Step(b'"ref":%d,"ok"' % n, b"") for n in range(len(joins)))]


def _native_message(member: Member, room: str, text: str) -> str:
    nonce = f"{STAMP}{member.index:05d}"
    return _compact({"type": "send", "ref": "^" + STAMP, "room": room, "text": text, "nonce": nonce})


def _socketio_greeting(member: Member, masker: Masker) -> list[Step]:
    connect = masker.frame(b"40" + _compact({"token": member.token}).encode())
    joins = b"".join(
        masker.frame(f"42{n}{_compact(['join', {'room': room}])}".encode()) for n, room in enumerate(member.rooms)
    )
    ready = [Step(b'43%d[{"ok"' % n, b"") for n in range(len(member.rooms))]
    return [Step(b'0{"sid"', connect), Step(b'40{"sid"', joins), *ready]


def _socketio_message(member: Member, room: str, text: str) -> str:
    nonce = f"{STAMP}{member.index:05d}"
    return "427" + _compact(["send", {"room": room, "text": text, "nonce": nonce}])


def _plain_greeting(member: Member, masker: Masker) -> list[Step]:
    return [Step(b"\r\n\r\n", b"")]


def _plain_message(member: Member, room: str, text: str) -> str:
    return text


def _peer_socketio_greeting(member: Member, masker: Masker) -> list[Step]:
    return [Step(b'0{"sid"', masker.frame(b"40")), Step(b'40{"sid"', b"")]


def _peer_socketio_message(member: Member, room: str, text: str) -> str:
    return "42" + _compact(["msg", text])


_ENGINE = "/socket.io/?EIO=4&transport=websocket"

_ALL: Sequence[Dialect] = (
    Dialect("native", "/ws", _bearer, _native_greeting, _native_message, replies=True),
    Dialect("socketio", _ENGINE, _none, _socketio_greeting, _socketio_message, replies=False),
    Dialect("plain", "/", _none, _plain_greeting, _plain_message, replies=False),
    Dialect("peer-socketio", _ENGINE, _none, _peer_socketio_greeting, _peer_socketio_message, replies=False),
)

DIALECTS = {dialect.name: dialect for dialect in _ALL}
"""By name: a plan that crosses to another process names its dialect."""
