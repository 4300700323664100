"""Rooms and who is in them."""

from __future__ import annotations

from msgspec import Struct

from hubbub.errors import CursorAhead, NonceReused, RoomExists, UnknownRoom

from .access import Action
from .declaration import CommandBase, EventBase, ReplyBase, Rest, SignalBase, Work, command, declare
from .samples import ADA, BOB, GENERAL, NONCE, TS
from .sent import Sent
from .sessions import Done
from .types import Cursor, NewRoomId, Nonce, PageSize, Ref, RoomId, RoomTitle, RoomTopic, Seq, UserName

# events


@declare(
    number=2,
    keys={"title": 15, "topic": 16},
    example=lambda: RoomCreated(room=GENERAL, seq=1, sender=ADA, ts=TS, title="General", topic="Everything else"),
)
class RoomCreated(EventBase, frozen=True, tag="room_created"):
    """The first entry of every log."""

    title: str = ""
    topic: str = ""


@declare(
    number=3,
    example=lambda: MemberJoined(room=GENERAL, seq=2, sender=ADA, ts=TS, title="Ada Lovelace"),
)
class MemberJoined(EventBase, frozen=True, tag="member_joined"):
    """`sender` became a member. `title` is the display name at that time."""

    title: str = ""


@declare(number=4, example=lambda: MemberLeft(room=GENERAL, seq=44, sender=BOB, ts=TS))
class MemberLeft(EventBase, frozen=True, tag="member_left"):
    """`sender` is no longer a member."""


@declare(
    number=26,
    example=lambda: RoomChanged(room=GENERAL, seq=48, sender=ADA, ts=TS, title="General", topic="Everything else"),
)
class RoomChanged(EventBase, frozen=True, tag="room_changed"):
    """`sender` gave the room this title and this topic."""

    title: str = ""
    topic: str = ""


# my rooms, and all public ones


@declare(keys={"last_ts": 41, "epoch": 58})
class RoomState(ReplyBase, frozen=True, gc=False):
    """A room of mine. `unread`: messages of others after my read mark, counted up to 1,000.

    `epoch`: what its log is known by. When it is another one, the log that a cursor is of is gone: read it anew.
    """

    room: RoomId
    head: Seq
    read: Seq
    unread: int
    title: str = ""
    topic: str = ""
    last_ts: int = 0
    epoch: int = 0


@declare(
    keys={"rooms": 40, "more": 38},
    example=lambda: RoomList(rooms=[RoomState(room=GENERAL, head=43, read=42, unread=1, title="General", last_ts=TS)]),
)
class RoomList(ReplyBase, frozen=True):
    """A page of my rooms. `more`: there are further ones."""

    rooms: list[RoomState]
    more: bool = False


@command(
    number=11,
    keys={"after": 12, "limit": 14},
    access=Action.FIND_ROOMS,
    work=Work(50, page=True),
    errors=(UnknownRoom,),
    rest=Rest(
        "GET",
        "/rooms",
        "rooms",
        "My rooms, with unread counts",
        "The oldest room first, in pages. `after`: the last room id of the page before.",
    ),
    example=lambda: Rooms(ref=2),
)
class Rooms(CommandBase[RoomList], frozen=True, tag="rooms"):
    """The rooms that I am a member of, with unread counts, the oldest room first. Reply: `RoomList`.

    `after`: the last room id of the page before.
    """

    after: RoomId | None = None
    limit: PageSize = 200
    ref: Ref = None


@declare(
    keys={"members": 39, "member": 30},
    example=lambda: RoomEntry(room=GENERAL, title="General", topic="Everything else", members=2, member=True),
)
class RoomEntry(ReplyBase, frozen=True, gc=False):
    """A public room. `members`: how many; `member`: whether I am one."""

    room: RoomId
    title: str = ""
    topic: str = ""
    members: int = 0
    member: bool = False


@declare(
    example=lambda: DirectoryPage(rooms=[RoomEntry(room=GENERAL, title="General", members=2, member=True)], more=False)
)
class DirectoryPage(ReplyBase, frozen=True):
    """A page of the public rooms. `more`: there are further ones."""

    rooms: list[RoomEntry]
    more: bool


@command(
    number=12,
    access=Action.FIND_ROOMS,
    work=Work(50, page=True),
    rest=Rest(
        "GET",
        "/directory",
        "directory",
        "The public rooms",
        "By room id, in pages. `after`: the last room id of the page before.",
    ),
    example=lambda: Directory(after=RoomId("design"), limit=50, ref=3),
)
class Directory(CommandBase[DirectoryPage], frozen=True, tag="directory"):
    """The public rooms, by room id. Reply: `DirectoryPage`. `after`: the last room id of the page before."""

    after: RoomId | None = None
    limit: PageSize = 100
    ref: Ref = None


@command(
    number=13,
    access=Action.CREATE_ROOM,
    work=Work(200),
    errors=(RoomExists,),
    rest=Rest("POST", "/rooms", "createRoom", "Create a public room", "I become its first member.", status=201),
    example=lambda: CreateRoom(room=GENERAL, title="General", topic="Everything else", ref=4),
)
class CreateRoom(CommandBase[RoomEntry], frozen=True, tag="create_room"):
    """Create a public room and become its first member. Reply: `RoomEntry`. Join it to receive its events."""

    room: NewRoomId
    title: RoomTitle = ""
    topic: RoomTopic = ""
    ref: Ref = None


# membership


@command(
    number=33,
    access=Action.CHANGE_ROOM,
    work=Work(50),
    errors=(NonceReused,),
    rest=Rest(
        "PATCH",
        "/rooms/{room}",
        "changeRoom",
        "Change a room's title or topic",
        "What is absent stays as it is. When no answer comes, repeat it with the same nonce.",
    ),
    example=lambda: ChangeRoom(room=GENERAL, title="The hall", nonce=NONCE, ref=18),
)
class ChangeRoom(CommandBase[Sent], frozen=True, tag="change_room"):
    """Give a room another title or topic, or both. Reply: `Sent`, with the `seq` of the `room_changed` event.

    What is absent stays as it is.
    """

    room: RoomId
    nonce: Nonce
    title: RoomTitle | None = None
    topic: RoomTopic | None = None
    ref: Ref = None


@declare(
    keys={"head": 34, "read": 35, "unread": 29},
    example=lambda: Joined(room=GENERAL, head=43, read=42, unread=1, title="General", topic="Everything else"),
)
class Joined(ReplyBase, frozen=True):
    """`head`: the last `seq` of the log at the time of joining; `read`: my read mark; the rest: see `RoomState`."""

    room: RoomId
    head: Seq
    read: Seq
    unread: int
    title: str = ""
    topic: str = ""
    epoch: int = 0


@command(
    number=14,
    keys={"since": 10},
    access=Action.JOIN_ROOM,
    work=Work(100),
    errors=(UnknownRoom, CursorAhead),
    rest=Rest(
        "POST",
        "/rooms/{room}/members",
        "joinRoom",
        "Become a member",
        "Does nothing when I am one. To receive the room's events, join it on a connection.",
        without=("since",),
        never=(CursorAhead,),
    ),
    example=lambda: Join(room=GENERAL, since=42, ref=5),
)
class Join(CommandBase[Joined], frozen=True, tag="join"):
    """Become a member if I am not one yet, and receive the room's events on this connection.

    Reply: `Joined`. With `since`, every event with a greater `seq` follows the reply, in order and without a hole,
    then live events. Without it only live events follow: those after the reply's `head`.
    """

    room: RoomId
    since: Cursor | None = None
    ref: Ref = None


@command(
    number=15,
    access=Action.LEAVE_ROOM,
    work=Work(100),
    errors=(UnknownRoom,),
    rest=Rest(
        "DELETE",
        "/rooms/{room}/members/me",
        "leaveRoom",
        "Stop being a member",
        "All my connections stop receiving the room.",
        status=204,
    ),
    example=lambda: Leave(room=GENERAL, ref=6),
)
class Leave(CommandBase[Done], frozen=True, tag="leave"):
    """Stop being a member. All connections of the user stop receiving the room. Reply: `Done`."""

    room: RoomId
    ref: Ref = None


@declare(number=9, example=lambda: Membership(room=GENERAL, member=True))
class Membership(SignalBase, frozen=True, tag="membership"):
    """I became a member of `room`, or stopped being one, on another connection of mine."""

    room: RoomId
    member: bool


@declare(keys={"since_ms": 33})
class Member(Struct, frozen=True, omit_defaults=True, gc=False):
    """A room's member. `since_ms`: Unix milliseconds of joining."""

    name: UserName
    title: str = ""
    online: bool = False
    since_ms: int = 0


@declare(
    keys={"total": 42},
    example=lambda: MemberPage(members=[Member(name=BOB, title="Bob", online=True, since_ms=TS)], more=False, total=2),
)
class MemberPage(ReplyBase, frozen=True):
    """A page of a room's members. `more`: there are further ones; `total`: how many there are in all."""

    members: list[Member]
    more: bool
    total: int


@command(
    number=18,
    access=Action.READ_ROOM,
    work=Work(50, page=True),
    rest=Rest(
        "GET",
        "/rooms/{room}/members",
        "members",
        "Who is in a room",
        "By name, in pages. `after`: the last name of the page before.",
    ),
    example=lambda: Members(room=GENERAL, after="ada", ref=9),
)
class Members(CommandBase[MemberPage], frozen=True, tag="members"):
    """Who is in a room, by name. Reply: `MemberPage`. `after`: the last name of the page before."""

    room: RoomId
    after: str | None = None
    limit: PageSize = 100
    ref: Ref = None
