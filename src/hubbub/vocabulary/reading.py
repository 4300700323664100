"""Pages of a room's log, and how far somebody has read it."""

from __future__ import annotations

from hubbub.errors import CursorAhead

from .access import Action
from .declaration import CommandBase, ReplyBase, Rest, SignalBase, Work, command, declare
from .events import Event
from .messages import Message
from .rooms import MemberJoined
from .samples import ADA, BOB, GENERAL, TS
from .types import Cursor, PageSize, Ref, RoomId, Seq


@declare(
    keys={"events": 37},
    example=lambda: EventPage(
        events=[
            MemberJoined(room=GENERAL, seq=42, sender=BOB, ts=TS),
            Message(room=GENERAL, seq=43, sender=ADA, ts=TS, text="Good *morning*"),
        ],
        more=True,
        head=43,
    ),
)
class EventPage(ReplyBase, frozen=True):
    """`events` ascend by `seq`. `more`: there are further ones in the asked direction. `head`: the log's last `seq`.

    A page of long messages has fewer events than were asked for: it ends at 128 KiB of text.
    """

    events: list[Event]
    more: bool
    head: Seq


@command(
    number=17,
    keys={"before": 13},
    access=Action.READ_ROOM,
    work=Work(50, page=True),
    rest=Rest(
        "GET",
        "/rooms/{room}/events",
        "events",
        "A page of a room's log",
        "Ascending by `seq`, whichever way was asked.\n\n"
        "`before`: the nearest events with a smaller `seq`. `after`: with a greater one. Neither: the newest. Both: "
        "refused.",
    ),
    example=lambda: History(room=GENERAL, before=43, limit=2, ref=8),
)
class History(CommandBase[EventPage], frozen=True, tag="history"):
    """A page of a room's log. Reply: `EventPage`, ascending by `seq` whichever way was asked.

    `before`: events with a smaller `seq`, the nearest first chosen. `after`: events with a greater one. Neither: the
    newest. Both: `bad_field`.
    """

    room: RoomId
    before: Cursor | None = None
    after: Cursor | None = None
    limit: PageSize = 50
    ref: Ref = None


@declare(example=lambda: ReadMark(room=GENERAL, read=43, unread=0))
class ReadMark(ReplyBase, frozen=True, gc=False):
    """My read mark now, and how many messages of others are after it."""

    room: RoomId
    read: Seq
    unread: int


@command(
    number=8,
    access=Action.READ_ROOM,
    work=Work(20),
    errors=(CursorAhead,),
    rest=Rest("PUT", "/rooms/{room}/read", "markRead", "Set my read mark", "It only moves forward."),
    example=lambda: Read(room=GENERAL, seq=43, ref=10),
)
class Read(CommandBase[ReadMark], frozen=True, tag="read"):
    """Set my read mark. It only moves forward. Reply: `ReadMark`. My other connections get a `read` signal."""

    room: RoomId
    seq: Cursor
    ref: Ref = None


@declare(number=8, example=lambda: ReadChanged(room=GENERAL, seq=43, unread=0))
class ReadChanged(SignalBase, frozen=True, tag="read"):
    """My read mark moved, on another connection of mine."""

    room: RoomId
    seq: Seq
    unread: int
