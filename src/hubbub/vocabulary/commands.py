"""What a client asks. One object per command; `type` names it, `ref` is echoed in the reply.

A command with a `ref` gets exactly one reply. Without a `ref` only an error is reported, as a reply whose `ref` is
null. Commands of one connection take effect in the order in which they arrived.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from .types import RoomId

_EXACT = 2**53 - 1  # the greatest integer that every client's language represents exactly

Ref = Annotated[int, Meta(ge=-_EXACT, le=_EXACT)] | Annotated[str, Meta(max_length=64)] | None
Nonce = Annotated[str, Meta(min_length=1, max_length=64, description="The client's idempotency key of this message.")]
PageSize = Annotated[int, Meta(ge=1, le=200)]
Cursor = Annotated[int, Meta(ge=0, le=_EXACT)]


class _Command(Struct, frozen=True, tag_field="type", omit_defaults=True, gc=False):
    pass


class Auth(_Command, frozen=True, tag="auth"):
    """Sign this connection in with a session's token. Answered by `welcome`, then by the reply."""

    token: str
    ref: Ref = None


class Rooms(_Command, frozen=True, tag="rooms"):
    """The rooms that I am a member of, with unread counts, the oldest room first. Reply: `RoomList`.

    `after`: the last room id of the page before.
    """

    after: RoomId | None = None
    limit: PageSize = 200
    ref: Ref = None


class Directory(_Command, frozen=True, tag="directory"):
    """The public rooms, by room id. Reply: `DirectoryPage`. `after`: the last room id of the page before."""

    after: RoomId | None = None
    limit: PageSize = 100
    ref: Ref = None


class CreateRoom(_Command, frozen=True, tag="create_room"):
    """Create a public room and become its first member. Reply: `RoomEntry`. Join it to receive its events."""

    room: RoomId
    title: Annotated[str, Meta(max_length=80)] = ""
    topic: Annotated[str, Meta(max_length=250)] = ""
    ref: Ref = None


class Join(_Command, frozen=True, tag="join"):
    """Become a member if I am not one yet, and receive the room's events on this connection.

    Reply: `Joined`. With `since`, every event with a greater `seq` follows the reply, in order and without a hole,
    then live events. Without it only live events follow: those after the reply's `head`.
    """

    room: RoomId
    since: Cursor | None = None
    ref: Ref = None


class Leave(_Command, frozen=True, tag="leave"):
    """Stop being a member. All connections of the user stop receiving the room. Reply: `Done`."""

    room: RoomId
    ref: Ref = None


class Send(_Command, frozen=True, tag="send"):
    """Say something in a joined room. Reply: `Sent`, after the message is durable, before its event.

    The same nonce by the same sender in the same room returns the first `seq` for as long as the message exists.
    """

    room: RoomId
    text: str
    nonce: Nonce
    ref: Ref = None


class History(_Command, frozen=True, tag="history"):
    """A page of a room's log. Reply: `EventPage`, ascending by `seq` whichever way was asked.

    `before`: events with a smaller `seq`, the nearest first chosen. `after`: events with a greater one. Neither: the
    newest. Both: `bad_field`.
    """

    room: RoomId
    before: Cursor | None = None
    after: Cursor | None = None
    limit: PageSize = 50
    ref: Ref = None


class Members(_Command, frozen=True, tag="members"):
    """Who is in a room, by name. Reply: `MemberPage`. `after`: the last name of the page before."""

    room: RoomId
    after: str | None = None
    limit: PageSize = 100
    ref: Ref = None


class Read(_Command, frozen=True, tag="read"):
    """Set my read mark. It only moves forward. Reply: `ReadMark`. My other connections get a `read` signal."""

    room: RoomId
    seq: Cursor
    ref: Ref = None


class Typing(_Command, frozen=True, tag="typing"):
    """Say that I am typing (or stopped) in a joined room. A client repeats it every few seconds while it goes on."""

    room: RoomId
    typing: bool = True
    ref: Ref = None


class Watch(_Command, frozen=True, tag="watch"):
    """Name the room on the screen: this connection gets `presence` and `typing` signals of that room only.

    Reply: `Watching`. null: of no room.
    """

    room: RoomId | None
    ref: Ref = None


Command = Auth | Rooms | Directory | CreateRoom | Join | Leave | Send | History | Members | Read | Typing | Watch
