"""The answers to commands: what stands under `ok`."""

from __future__ import annotations

from msgspec import Struct

from .events import Event
from .types import Member, RoomId, Seq, UserName


class _Reply(Struct, frozen=True, omit_defaults=True):
    pass


class Done(_Reply, frozen=True):
    """It happened; there is nothing to add."""


class Joined(_Reply, frozen=True):
    """`head`: the last `seq` of the log at the time of joining; `read`: my read mark; `unread`: see `RoomState`."""

    room: RoomId
    head: Seq
    read: Seq
    unread: int
    title: str = ""
    topic: str = ""


class Sent(_Reply, frozen=True, gc=False):
    """The message is durable at `seq`; `ts` as in its event. `repeat`: this nonce had been stored before."""

    seq: Seq
    ts: int
    repeat: bool = False


class EventPage(_Reply, frozen=True):
    """`events` ascend by `seq`. `more`: there are further ones in the asked direction. `head`: the log's last `seq`."""

    events: list[Event]
    more: bool
    head: Seq


class RoomEntry(_Reply, frozen=True, gc=False):
    """A public room. `members`: how many; `member`: whether I am one."""

    room: RoomId
    title: str = ""
    topic: str = ""
    members: int = 0
    member: bool = False


class DirectoryPage(_Reply, frozen=True):
    rooms: list[RoomEntry]
    more: bool


class RoomState(_Reply, frozen=True, gc=False):
    """A room of mine. `unread`: messages of others after my read mark, counted up to 1,000."""

    room: RoomId
    head: Seq
    read: Seq
    unread: int
    title: str = ""
    topic: str = ""
    last_ts: int = 0


class RoomList(_Reply, frozen=True):
    """A page of my rooms. `more`: there are further ones."""

    rooms: list[RoomState]
    more: bool = False


class MemberPage(_Reply, frozen=True):
    members: list[Member]
    more: bool
    total: int


class ReadMark(_Reply, frozen=True, gc=False):
    room: RoomId
    read: Seq
    unread: int


class Watching(_Reply, frozen=True):
    """Who is online in the watched room. Above 200 members online, `online` is empty and only `count` tells."""

    room: RoomId | None
    count: int = 0
    online: list[UserName] = []


Reply = Done | Joined | Sent | EventPage | RoomEntry | DirectoryPage | RoomList | MemberPage | ReadMark | Watching
