"""What is said on the channels: a version, a kind, the publisher's id, and a body in MessagePack.

The first ten bytes tell a receiver whether it has to decode the rest: its own comes back from the server and is thrown
away unread. A body is a tagged union, so fields that a newer node adds are skipped. Its events of a kind without a name
here come as `UnknownEvent`; everything else that it says in an unknown way is `Unreadable`, which costs a hint and
nothing else.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from hubbub.bus.node_messages import NodeMessage, RoomNodeMessage
from hubbub.vocabulary import Event, RoomId, Signal, UnknownEvent
from hubbub.wire.rejection import UNDECODABLE

VERSION: Final = 1
ORIGIN_BYTES: Final = 8

EVENTS, SIGNAL, ROOM_MESSAGE, MESSAGE, ECHO, LOST = (
    bytes([VERSION]) + kind for kind in (b"e", b"s", b"r", b"n", b"c", b"l")
)
"""Heads. ECHO: a message that its publisher wants to hear as well. LOST: something was dropped; the body is nil."""

HEAD_BYTES: Final = 2
BODY: Final = HEAD_BYTES + ORIGIN_BYTES

Body = Sequence[Event] | Signal | RoomNodeMessage | NodeMessage

_NAME_LENGTH: Final = 64

_encode = msgspec.msgpack.Encoder().encode
_decoders: Final[Mapping[bytes, msgspec.msgpack.Decoder[Any]]] = {
    EVENTS: msgspec.msgpack.Decoder(list[Event]),
    SIGNAL: msgspec.msgpack.Decoder(Signal),
    ROOM_MESSAGE: msgspec.msgpack.Decoder(RoomNodeMessage),
    MESSAGE: msgspec.msgpack.Decoder(NodeMessage),
    ECHO: msgspec.msgpack.Decoder(NodeMessage),
    LOST: msgspec.msgpack.Decoder(None),
}


_raw_events: Final = msgspec.msgpack.Decoder(list[msgspec.Raw]).decode
_event: Final = msgspec.msgpack.Decoder(Event).decode
_object: Final = msgspec.msgpack.Decoder(dict[str, Any]).decode


class Unreadable(Exception):
    """Of a newer version, or of nobody that we know. The message says what it is, for a log."""


class _Tag(msgspec.Struct):
    note: str = ""
    type: str = ""


_tag: Final = msgspec.msgpack.Decoder(_Tag).decode


def pack(head: bytes, origin: bytes, body: object) -> bytes:
    """A whole message. `origin`: `ORIGIN_BYTES` long."""
    return head + origin + _encode(body)


def is_own(data: bytes, origin: bytes) -> bool:
    """Whether this node published it, and has no use for it."""
    return data[HEAD_BYTES:BODY] == origin and data[:HEAD_BYTES] not in {ECHO, LOST}


def unpack(data: bytes) -> Body | None:
    """The body; None for LOST. Raises Unreadable."""
    head, rest = data[:HEAD_BYTES], memoryview(data)[BODY:]
    decoder = _decoders.get(head)
    if decoder is None:
        raise Unreadable(f"the head {head!r}")
    try:
        body: Body | None = decoder.decode(rest)
    except UNDECODABLE:
        if head == EVENTS:
            return _each_event(rest)
        raise Unreadable(_named(rest)) from None
    return body


def _each_event(data: memoryview) -> list[Event]:
    """The events of a batch, one of which is of a later version: the others are not lost with it."""
    try:
        parts = _raw_events(data)
    except UNDECODABLE:
        raise Unreadable("events") from None
    events: list[Event] = []
    for part in parts:
        try:
            events.append(_event(part))
        except UNDECODABLE:
            with contextlib.suppress(*UNDECODABLE):  # without a place in a log it is none
                events.append(UnknownEvent.read(_object(part)))
    return events


def _named(data: memoryview) -> str:
    try:
        tag = _tag(data)
    except UNDECODABLE:
        return "no object"
    return f"the node message {tag.note[:_NAME_LENGTH]!r}" if tag.note else f"the signal {tag.type[:_NAME_LENGTH]!r}"


class Channels:
    """The names of an installation's channels. A room's two have the same hash tag: a cluster keeps them together."""

    def __init__(self, namespace: str) -> None:
        prefix = f"hubbub:{namespace}:"
        self.nodes = f"{prefix}nodes".encode()
        self._events = f"{prefix}events:{{".encode()
        self._signals = f"{prefix}signals:{{".encode()

    def of(self, room: RoomId) -> tuple[bytes, bytes]:
        """(events, signals and room messages)."""
        name = room.encode() + b"}"
        return self._events + name, self._signals + name
