"""A room's log as the engines store it: kinds of entries, and what the text of each kind means."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct

from hubbub.errors import NOT_UNICODE, BadField
from hubbub.vocabulary import (
    Event,
    MemberJoined,
    MemberLeft,
    Message,
    RoomCreated,
    RoomId,
    Seq,
    UnknownEvent,
    UserName,
)
from hubbub.wire.rejection import UNDECODABLE

from .protocols import Draft

ROOM_CREATED, MEMBER_JOINED, MEMBER_LEFT, MESSAGE = 1, 2, 3, 4
"""events.kind"""

UNREAD_LIMIT = 1_000
"""Unread messages are counted up to here."""

MAX_INTEGER = 2**63 - 1
"""The greatest integer that an engine holds. A cursor beyond it means the same as this one."""

Row = tuple[Seq, int, UserName, int, str]
"""(seq, kind, sender's name, ts, body)"""


class RoomDescription(Struct, frozen=True):
    """The body of a `room_created` event, as JSON."""

    title: str
    topic: str


_object = msgspec.json.Decoder(dict[str, Any]).decode
_described = msgspec.json.Decoder(RoomDescription).decode


def event_of(room: RoomId, row: Row) -> Event:
    """The event that a row holds. Of a kind without a name here the body is the JSON object of the event's own fields.

    A row that can't be read has its place in the log nevertheless: it is an `UnknownEvent`.
    """
    seq, kind, sender, ts, body = row
    if kind == MESSAGE:
        return Message(room, seq, sender, ts, body)
    if kind == MEMBER_JOINED:
        return MemberJoined(room, seq, sender, ts, body)
    if kind == MEMBER_LEFT:
        return MemberLeft(room, seq, sender, ts)
    try:
        if kind == ROOM_CREATED:
            described = _described(body)
            return RoomCreated(room, seq, sender, ts, described.title, described.topic)
        return UnknownEvent.of(room, seq, sender, ts, _object(body))
    except UNDECODABLE:
        return UnknownEvent(room, seq, sender, ts)


def check_unicode(draft: Draft) -> None:
    """Raises BadField. One bad text must not fail the whole group of messages that it is in."""
    # isascii is a flag of the string, not a scan.
    if draft.text.isascii() and draft.nonce.isascii() and draft.room.isascii():
        return
    try:
        f"{draft.room}{draft.nonce}{draft.text}".encode()
    except UnicodeEncodeError:
        raise BadField(NOT_UNICODE) from None
