"""What passes without a trace: no `seq`, not stored, dropped or merged when a reader is slow."""

from __future__ import annotations

from msgspec import Struct

from .types import Limits, RoomId, Seq, User, UserName


class _Signal(Struct, frozen=True, tag_field="type", omit_defaults=True, gc=False):
    pass


class Welcome(_Signal, frozen=True, tag="welcome"):
    """This connection now acts as `user`.

    `session` names the login for lists of devices; `transport` and `wire` are what this connection uses, as the
    server sees it. The server pings every `heartbeat_seconds`.
    """

    user: User
    session: str
    transport: str
    wire: str
    heartbeat_seconds: float
    limits: Limits


class TypingChanged(_Signal, frozen=True, tag="typing"):
    """`user` began or stopped typing. It ends by itself after 6 seconds without a new signal."""

    room: RoomId
    user: UserName
    typing: bool = True


class Presence(_Signal, frozen=True, tag="presence"):
    """Who came and went in the watched room since the last such signal; `count` members are online now.

    In a room with more than 200 members online only `count` is sent and both lists are empty.
    """

    room: RoomId
    count: int
    online: list[UserName] = []
    offline: list[UserName] = []


class ReadChanged(_Signal, frozen=True, tag="read"):
    """My read mark moved, on another connection of mine."""

    room: RoomId
    seq: Seq
    unread: int


class Membership(_Signal, frozen=True, tag="membership"):
    """I became a member of `room`, or stopped being one, on another connection of mine."""

    room: RoomId
    member: bool


class ProfileChanged(_Signal, frozen=True, tag="user"):
    """A user has another display name now: myself, or somebody who is a member of a room that I have joined.

    Once for each connection, however many rooms are shared.
    """

    user: User


Signal = Welcome | TypingChanged | Presence | ReadChanged | Membership | ProfileChanged
