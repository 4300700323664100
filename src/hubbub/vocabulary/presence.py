"""Who is there, and who is typing."""

from __future__ import annotations

from msgspec import field

from .access import Action
from .declaration import CommandBase, ReplyBase, SignalBase, Work, command, declare
from .samples import ADA, BOB, GENERAL
from .sessions import Done
from .types import Ref, RoomId, UserName


@command(
    number=6,
    keys={"typing": 17},
    access=Action.WRITE,
    work=Work(10),
    joined=True,
    example=lambda: Typing(room=GENERAL, ref=11),
)
class Typing(CommandBase[Done], frozen=True, tag="typing"):
    """Say that I am typing (or stopped) in a joined room. A client repeats it every few seconds while it goes on."""

    room: RoomId
    typing: bool = True
    ref: Ref = None


@declare(number=6, example=lambda: TypingChanged(room=GENERAL, user=BOB))
class TypingChanged(SignalBase, frozen=True, tag="typing"):
    """`user` began or stopped typing. It ends by itself after 6 seconds without a new signal."""

    room: RoomId
    user: UserName
    typing: bool = True


@declare(
    keys={"count": 26, "online": 27},
    example=lambda: Watching(room=GENERAL, count=2, online=[ADA, BOB]),
)
class Watching(ReplyBase, frozen=True):
    """Who is online in the watched room. Above 200 members online, `online` is empty and only `count` tells."""

    room: RoomId | None
    count: int = 0
    online: list[UserName] = field(default_factory=list)


@command(
    number=19,
    access=Action.READ_ROOM,
    work=Work(10),
    joined=True,
    example=lambda: Watch(room=GENERAL, ref=12),
)
class Watch(CommandBase[Watching], frozen=True, tag="watch"):
    """Name the room on the screen: this connection gets `presence` and `typing` signals of that room only.

    Reply: `Watching`. null: of no room.
    """

    room: RoomId | None
    ref: Ref = None


@declare(number=7, keys={"offline": 28}, example=lambda: Presence(room=GENERAL, count=2, online=[BOB]))
class Presence(SignalBase, frozen=True, tag="presence"):
    """Who came and went in the watched room since the last such signal; `count` members are online now.

    In a room with more than 200 members online only `count` is sent and both lists are empty.
    """

    room: RoomId
    count: int
    online: list[UserName] = field(default_factory=list)
    offline: list[UserName] = field(default_factory=list)
