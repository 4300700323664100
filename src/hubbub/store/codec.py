"""A room's log as the engines store it: the one table of kinds, and what a row of each kind means.

A row is (seq, kind, sender, ts, about, body). What is needed of an event beside its place and sender stands in `body`:
the text of a message, the display name of who joined, {"title", "topic"} of a created room, nothing of who left. Of
every other kind it is the JSON object of the event's own fields with its `type`, so that a version which does not know
the kind can pass the event on; `about`, the message that it is about, stands in the row alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeAlias

import msgspec
from msgspec import Struct

from hubbub.errors import NOT_UNICODE, BadField
from hubbub.vocabulary import (
    Event,
    MemberJoined,
    MemberLeft,
    Message,
    MessageDeleted,
    MessageEdited,
    MessageState,
    Reaction,
    ReactionAdded,
    ReactionRemoved,
    RoomChanged,
    RoomCreated,
    RoomId,
    Seq,
    UnknownEvent,
    UserName,
    Version,
)
from hubbub.wire.rejection import UNDECODABLE

from .protocols import Draft

ROOM_CREATED, MEMBER_JOINED, MEMBER_LEFT, MESSAGE, MESSAGE_EDITED = 1, 2, 3, 4, 5
MESSAGE_DELETED, REACTION_ADDED, REACTION_REMOVED, ROOM_CHANGED = 6, 7, 8, 9

UNREAD_LIMIT = 1_000
"""Unread messages are counted up to here."""

REACTIONS_LIMIT = 20
"""Different emoji on a message."""

REACTORS_SHOWN = 10
"""Names of a reaction in a page."""

MAX_INTEGER = 2**63 - 1
"""The greatest integer that an engine holds. A cursor beyond it means the same as this one."""


KINDS: Final[Mapping[int, type[Event]]] = {
    ROOM_CREATED: RoomCreated,
    MEMBER_JOINED: MemberJoined,
    MEMBER_LEFT: MemberLeft,
    MESSAGE: Message,
    MESSAGE_EDITED: MessageEdited,
    MESSAGE_DELETED: MessageDeleted,
    REACTION_ADDED: ReactionAdded,
    REACTION_REMOVED: ReactionRemoved,
    ROOM_CHANGED: RoomChanged,
}
"""What `events.kind` means. A number is never given to another kind."""

_NUMBERS: Final = {event: number for number, event in KINDS.items()}

Row: TypeAlias = tuple[Seq, int, UserName, int, Seq | None, str]
"""(seq, kind, sender's name, ts, about, body)"""

ReactionRow: TypeAlias = tuple[str, int, list[UserName], bool]
"""(emoji, how many, the first of them, whether the reader is one)"""

StateRow: TypeAlias = tuple[Seq, bool, int | None, str | None, list[ReactionRow]]
"""What became of a message: (last seq, deleted, ts and body of its last edit, its reactions)."""


class RoomDescription(Struct, frozen=True):
    """The body of a `room_created` event, as JSON."""

    title: str
    topic: str


_IN_ROW: Final = {"room", "seq", "sender", "ts", "about"}
_encode = msgspec.json.Encoder().encode
_decode_object = msgspec.json.Decoder(dict[str, Any]).decode
_decode_description = msgspec.json.Decoder(RoomDescription).decode
_placed = msgspec.structs.replace


def kind_of(event: Event) -> int:
    """The number of its kind. Raises KeyError for what can't be stored: an event of a kind that is not known here."""
    return _NUMBERS[type(event)]


def about_of(event: Event) -> Seq | None:
    """The `seq` of the message that it is about; None: about none."""
    if isinstance(event, Message):
        return event.reply_to
    about: Seq | None = getattr(event, "about", None)
    return about


def body_of(event: Event) -> str:
    """What a row of this event has as `body`. Raises BadField when a text in it is not Unicode."""
    if isinstance(event, Message):
        return event.text
    if isinstance(event, MemberJoined):
        return event.title
    if isinstance(event, MemberLeft):
        return ""
    try:
        if isinstance(event, RoomCreated):
            return _encode(RoomDescription(event.title, event.topic)).decode()
        config = event.__struct_config__
        own = {name: getattr(event, name) for name in event.__struct_fields__ if name not in _IN_ROW}
        return _encode({config.tag_field: config.tag, **own}).decode()
    except UnicodeEncodeError:
        raise BadField(NOT_UNICODE) from None


def placed(event: Event, seq: Seq, ts: int) -> Event:
    """The event at its place in the log. 0.3 µs."""
    return _placed(event, seq=seq, ts=ts)


def event_of(room: RoomId, row: Row) -> Event:
    """The event that a row holds.

    Of a kind that is not known here it is an `UnknownEvent` with the type and fields of the body. So is a row that
    can't be read: it has its place in the log nevertheless.
    """
    seq, kind, sender, ts, about, body = row
    if kind == MESSAGE:
        return Message(room, seq, sender, ts, body, about)
    if kind == MEMBER_JOINED:
        return MemberJoined(room, seq, sender, ts, body)
    if kind == MEMBER_LEFT:
        return MemberLeft(room, seq, sender, ts)
    try:
        if kind == ROOM_CREATED:
            described = _decode_description(body)
            return RoomCreated(room, seq, sender, ts, described.title, described.topic)
        fields = _decode_object(body)
        if about is not None:
            fields["about"] = about
        known = KINDS.get(kind)
        if known is None:
            return UnknownEvent.of(room, seq, sender, ts, fields)
        return msgspec.convert({**fields, "room": room, "seq": seq, "sender": sender, "ts": ts}, known)
    except UNDECODABLE:
        return UnknownEvent(room, seq, sender, ts)


def with_state(event: Event, state: StateRow | None) -> Event:
    """A message as it is now, as a page of history shows it. Other events are as they are."""
    if state is None or not isinstance(event, Message):
        return event
    last, deleted, edited_ts, edit, reactions = state
    text = event.text if edit is None else text_of(edit)
    shown = [Reaction(emoji, count, users, mine) for emoji, count, users, mine in reactions]
    return _placed(event, text=text, state=MessageState(last, edited_ts, deleted, shown))


def version_of(kind: int, ts: int, body: str) -> Version:
    """The text of a message since one of its events, its own or an edit."""
    return Version(body if kind == MESSAGE else text_of(body), ts)


def text_of(body: str) -> str:
    """The text in the body of a `message_edited`."""
    text: str = _decode_object(body)["text"]
    return text


ERASED_EDIT: Final = '{"type":"message_edited","text":""}'
"""The body of a `message_edited` whose message was deleted."""


def check_draft(draft: Draft) -> None:
    """Raises BadField when a text is not Unicode. One bad draft must not fail the whole group that it is in."""
    event, nonce = draft.event, draft.nonce or ""
    text = event.text if isinstance(event, Message) else body_of(event)
    # isascii is a flag of the string, not a scan
    if text.isascii() and nonce.isascii() and event.room.isascii():
        return
    try:
        f"{event.room}{nonce}{text}".encode()
    except UnicodeEncodeError:
        raise BadField(NOT_UNICODE) from None
