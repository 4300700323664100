"""Identifiers and the small values that several parts of the vocabulary share."""

from __future__ import annotations

from typing import NewType

from msgspec import Struct

RoomId = NewType("RoomId", str)
"""A room's permanent name on the wire: `[a-z0-9][a-z0-9_-]{0,63}`. Its title may change, this does not."""

UserName = NewType("UserName", str)
"""A user's permanent name on the wire: `[a-z0-9][a-z0-9._-]{0,31}`."""

UserId = NewType("UserId", int)
"""The store's key of a user. It never leaves the server."""

Seq = int
"""A position in a room's log: 1, 2, 3, … without holes. 0 means before the first entry."""


class User(Struct, frozen=True, omit_defaults=True, gc=False):
    """A user as others see it. `title` is the display name; empty means: show `name`."""

    name: UserName
    title: str = ""
    admin: bool = False


class Member(Struct, frozen=True, omit_defaults=True, gc=False):
    """A room's member. `since_ms`: Unix milliseconds of joining."""

    name: UserName
    title: str = ""
    online: bool = False
    since_ms: int = 0


class Limits(Struct, frozen=True, gc=False):
    """What the server accepts, so that a client can say so before it sends."""

    text_bytes: int
    frame_bytes: int
