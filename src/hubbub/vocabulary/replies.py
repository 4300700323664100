"""The answers to commands: what stands under `ok`."""

from __future__ import annotations

from msgspec import Struct

from .events import Event
from .types import Member, RoomId, Seq, UserName


class _Reply(Struct, frozen=True, omit_defaults=True):
    pass


class Done(_Reply):
    """It happened; there is nothing to add."""


class Joined(_Reply):
    """`head`: the last `seq` of the log at the time of joining; `read`: my read mark; `unread`: see `RoomState`."""

    room: RoomId
    head: Seq
    read: Seq
    unread: int
    title: str = ""
    topic: str = ""


class Sent(_Reply, gc=False):
    """The message is durable at `seq`; `ts` as in its event. `repeat`: this nonce had been stored before."""

    seq: Seq
    ts: int
    repeat: bool = False


class EventPage(_Reply):
    """`events` ascend by `seq`. `more`: there are further ones in the asked direction. `head`: the log's last `seq`."""

    events: list[Event]
    more: bool
    head: Seq


class RoomEntry(_Reply, gc=False):
    """A public room. `members`: how many; `member`: whether I am one."""

    room: RoomId
    title: str = ""
    topic: str = ""
    members: int = 0
    member: bool = False


class DirectoryPage(_Reply):
    rooms: list[RoomEntry]
    more: bool


class RoomState(_Reply, gc=False):
    """A room of mine. `unread`: messages of others after my read mark, counted up to 1,000."""

    room: RoomId
    head: Seq
    read: Seq
    unread: int
    title: str = ""
    topic: str = ""
    last_ts: int = 0


class RoomList(_Reply):
    rooms: list[RoomState]


class MemberPage(_Reply):
    members: list[Member]
    more: bool
    total: int


class ReadMark(_Reply, gc=False):
    room: RoomId
    read: Seq
    unread: int


class Watching(_Reply):
    """Who is online in the watched room. Above 200 members online, `online` is empty and only `count` tells."""

    room: RoomId | None
    count: int = 0
    online: list[UserName] = []


Reply = Done | Joined | Sent | EventPage | RoomEntry | DirectoryPage | RoomList | MemberPage | ReadMark | Watching
