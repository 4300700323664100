"""Receiving rooms: many at once, each from where the client is. It makes nobody a member."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
from msgspec import Struct, field

from hubbub.errors import CursorAhead, ErrorBody, UnknownRoom

from .access import Action
from .declaration import CommandBase, ReplyBase, SignalBase, Work, command, declare
from .samples import GENERAL
from .types import Cursor, Ref, RoomId, Seq

SUBSCRIPTIONS_MAX: Final = 1000
"""Rooms in one list."""

declare()(ErrorBody)  # it stands below the vocabulary; its fields have the numbers of a reply's


@declare()
class RoomCursor(Struct, frozen=True, omit_defaults=True, gc=False):
    """A room to receive. `since`: the last `seq` that I have; without it only what comes from now on."""

    room: RoomId
    since: Cursor | None = None


RoomCursors = Annotated[list[RoomCursor], msgspec.Meta(max_length=SUBSCRIPTIONS_MAX)]


@declare()
class RoomOutcome(Struct, frozen=True, omit_defaults=True, gc=False):
    """What became of one room of a list: the fields of `Joined` (0 is left out), or the `error` that it has."""

    room: RoomId
    head: Seq = 0
    read: Seq = 0
    unread: int = 0
    title: str = ""
    topic: str = ""
    error: ErrorBody | None = None


@declare(example=lambda: Subscribed(rooms=[RoomOutcome(room=GENERAL, head=43, read=42, unread=1, title="General")]))
class Subscribed(ReplyBase, frozen=True):
    """How each room went, in the order of the list."""

    rooms: list[RoomOutcome] = field(default_factory=list)


@command(
    number=34,
    access=Action.READ_ROOM,
    work=Work(100, per_room=20),
    errors=(UnknownRoom, CursorAhead),
    example=lambda: Subscribe(rooms=[RoomCursor(room=GENERAL, since=42)], ref=7),
)
class Subscribe(CommandBase[Subscribed], frozen=True, tag="subscribe"):
    """Receive rooms that I am a member of on this connection, up to 1,000 of them. Reply: `Subscribed`.

    It never makes a member. A room that can't be received has its own error in the reply, and the others go on. What
    was missed follows the reply, in the order of each room's log and without a hole, then live events: see `join`.
    """

    rooms: RoomCursors
    ref: Ref = None


@declare(
    number=35,
    example=lambda: SubscribedAtOnce(rooms=[RoomOutcome(room=GENERAL, head=43, read=42, unread=1, title="General")]),
)
class SubscribedAtOnce(SignalBase, frozen=True, tag="subscribed"):
    """How each room of the list went that came with the handshake. What was missed follows."""

    rooms: list[RoomOutcome]
