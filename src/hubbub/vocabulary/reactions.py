"""Emoji below messages."""

from __future__ import annotations

from msgspec import Struct

from hubbub.errors import MessageGone, NonceReused, NotFound, TooManyReactions, UnknownMessage

from .access import Action
from .declaration import CommandBase, EventBase, ReplyBase, Rest, Work, command, declare
from .samples import ADA, BOB, GENERAL, NONCE, TS
from .sent import Sent
from .types import Cursor, Emoji, Nonce, PageSize, Ref, RoomId, Seq, UserName


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


@command(
    number=29,
    access=Action.WRITE,
    work=Work(1),
    joined=True,
    errors=(UnknownMessage, MessageGone, TooManyReactions, NonceReused),
    rest=Rest(
        "PUT",
        "/rooms/{room}/messages/{seq}/reactions/{emoji}",
        "react",
        "React to a message",
        "By an emoji that is not there yet it becomes one of its reactions. Once more changes nothing.",
    ),
    example=lambda: React(room=GENERAL, seq=43, emoji="👍", nonce=NONCE, ref=14),
)
class React(CommandBase[Sent], frozen=True, tag="react"):
    """React to a message. Reply: `Sent`; with `repeat` when this reaction of mine was there already.

    `emoji`: one of Unicode's, with or without U+FE0F. A message has at most 20 different ones.
    """

    room: RoomId
    seq: Cursor
    emoji: Emoji
    nonce: Nonce
    ref: Ref = None


@command(
    number=30,
    access=Action.WRITE,
    work=Work(1),
    joined=True,
    errors=(UnknownMessage, MessageGone, NonceReused),
    rest=Rest(
        "DELETE",
        "/rooms/{room}/messages/{seq}/reactions/{emoji}",
        "unreact",
        "Take a reaction back",
        "One's own. When there is none, nothing changes.",
    ),
    example=lambda: Unreact(room=GENERAL, seq=43, emoji="👍", nonce=NONCE, ref=15),
)
class Unreact(CommandBase[Sent], frozen=True, tag="unreact"):
    """Take a reaction of mine back. Reply: `Sent`; with `repeat` when there was none."""

    room: RoomId
    seq: Cursor
    emoji: Emoji
    nonce: Nonce
    ref: Ref = None


@declare(example=lambda: ReactionPage(users=[BOB, ADA], more=False, total=2))
class ReactionPage(ReplyBase, frozen=True):
    """Who reacted to a message by one emoji, in the order of reacting. `total`: how many did in all."""

    users: list[UserName]
    more: bool
    total: int


@command(
    number=32,
    access=Action.READ_ROOM,
    work=Work(50, page=True),
    errors=(UnknownMessage, MessageGone, NotFound),
    rest=Rest(
        "GET",
        "/rooms/{room}/messages/{seq}/reactions/{emoji}",
        "reactions",
        "Who reacted by an emoji",
        "`after`: the last name of the page before; `not_found` when that user has taken the reaction back.",
    ),
    example=lambda: ReadReactions(room=GENERAL, seq=43, emoji="👍", limit=50, ref=17),
)
class ReadReactions(CommandBase[ReactionPage], frozen=True, tag="reactions"):
    """Who reacted to a message by this emoji. Reply: `ReactionPage`.

    `after`: the last name of the page before; `not_found` when that user has taken the reaction back meanwhile.
    """

    room: RoomId
    seq: Cursor
    emoji: Emoji
    after: UserName | None = None
    limit: PageSize = 50
    ref: Ref = None
