"""Emoji below messages."""

from __future__ import annotations

from msgspec import Struct

from .declaration import EventBase, declare
from .samples import BOB, GENERAL, TS
from .types import Seq, UserName


@declare(keys={"emoji": 54, "users": 55, "mine": 56})
class Reaction(Struct, frozen=True, omit_defaults=True, gc=False):
    """One emoji below a message. `count`: how many reacted so; `users`: the first ten of them; `mine`: I am one."""

    emoji: str
    count: int
    users: list[UserName] = []
    mine: bool = False


@declare(number=24, example=lambda: ReactionAdded(room=GENERAL, seq=44, sender=BOB, ts=TS, about=43, emoji="👍"))
class ReactionAdded(EventBase, frozen=True, tag="reaction_added"):
    """`sender` reacted to the message `about`."""

    about: Seq
    emoji: str


@declare(number=25, example=lambda: ReactionRemoved(room=GENERAL, seq=46, sender=BOB, ts=TS, about=43, emoji="👍"))
class ReactionRemoved(EventBase, frozen=True, tag="reaction_removed"):
    """`sender` took its reaction to the message `about` back."""

    about: Seq
    emoji: str
