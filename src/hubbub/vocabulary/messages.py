"""What people say."""

from __future__ import annotations

from msgspec import Struct

from hubbub.errors import TextEmpty, TextTooLong

from .access import Action
from .declaration import CommandBase, EventBase, ReplyBase, Rest, Work, command, declare
from .reactions import Reaction
from .samples import ADA, BOB, GENERAL, NONCE, TS
from .types import Nonce, Ref, RoomId, Seq, Text


@declare(keys={"edited_ts": 48, "deleted": 49, "reactions": 50})
class MessageState(Struct, frozen=True, omit_defaults=True):
    """What became of a message. `seq`: the last event about it that is taken into account.

    `edited_ts`: when its text was changed last. `deleted`: its text is gone. `reactions`: in the order in which each
    emoji came up.
    """

    seq: Seq
    edited_ts: int | None = None
    deleted: bool = False
    reactions: list[Reaction] = []


@declare(
    number=0,
    keys={"text": 8, "reply_to": 51, "state": 52},
    example=lambda: Message(
        room=GENERAL,
        seq=43,
        sender=ADA,
        ts=TS,
        text="Good *morning*",
        reply_to=42,
        state=MessageState(seq=46, edited_ts=TS, reactions=[Reaction(emoji="👍", count=1, users=[BOB])]),
    ),
)
class Message(EventBase, frozen=True, tag="message"):
    """`sender` said `text`: Markdown, as it was typed. `reply_to`: the `seq` of the message that it answers.

    In a page of history `text` is the text of now, and `state` what became of the message; absent: nothing. Messages
    that come live, or are caught up with, have the text that was sent and no `state`: later events tell.
    """

    text: str = ""
    reply_to: Seq | None = None
    state: MessageState | None = None


@declare(
    number=22,
    keys={"about": 53},
    example=lambda: MessageEdited(room=GENERAL, seq=45, sender=ADA, ts=TS, about=43, text="Good **morning**"),
)
class MessageEdited(EventBase, frozen=True, tag="message_edited"):
    """`sender` gave its message `about` another text."""

    about: Seq
    text: str = ""


@declare(number=23, example=lambda: MessageDeleted(room=GENERAL, seq=47, sender=ADA, ts=TS, about=43))
class MessageDeleted(EventBase, frozen=True, tag="message_deleted"):
    """The message `about` is gone, with its texts and reactions. Its place in the log stays."""

    about: Seq


@declare(keys={"repeat": 36}, example=lambda: Sent(seq=43, ts=TS))
class Sent(ReplyBase, frozen=True, gc=False):
    """The message is durable at `seq`; `ts` as in its event. `repeat`: this nonce had been stored before."""

    seq: Seq
    ts: int
    repeat: bool = False


@command(
    number=16,
    keys={"nonce": 9},
    access=Action.WRITE,
    work=Work(per_kib_of_text=15),
    joined=True,
    errors=(TextEmpty, TextTooLong),
    rest=Rest(
        "POST",
        "/rooms/{room}/messages",
        "send",
        "Say something",
        "Answered when the message is durable. When no answer comes, repeat it with the same nonce.",
        status=201,
    ),
    example=lambda: Send(room=GENERAL, text="Good *morning*", nonce=NONCE, ref=7),
)
class Send(CommandBase[Sent], frozen=True, tag="send"):
    """Say something in a joined room. Reply: `Sent`, after the message is durable, before its event.

    The same nonce by the same sender in the same room returns the first `seq` for as long as the message exists.
    """

    room: RoomId
    text: Text
    nonce: Nonce
    ref: Ref = None
