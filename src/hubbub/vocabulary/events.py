"""The entries of a room's log. Each is durable before anybody sees it, and each has the next `seq` of its room."""

from __future__ import annotations

from msgspec import Struct

from .types import RoomId, Seq, UserName


class _Event(Struct, frozen=True, tag_field="type", omit_defaults=True, gc=False):
    """`sender` is who caused it, `ts` the Unix milliseconds at which the server stored it."""

    room: RoomId
    seq: Seq
    sender: UserName
    ts: int


class RoomCreated(_Event, frozen=True, tag="room_created"):
    """The first entry of every log."""

    title: str = ""
    topic: str = ""


class MemberJoined(_Event, frozen=True, tag="member_joined"):
    """`sender` became a member. `title` is the display name at that time."""

    title: str = ""


class MemberLeft(_Event, frozen=True, tag="member_left"):
    """`sender` is no longer a member."""


class Message(_Event, frozen=True, tag="message"):
    """`sender` said `text`: Markdown, as it was typed."""

    text: str = ""


Event = RoomCreated | MemberJoined | MemberLeft | Message
