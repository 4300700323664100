"""What people say."""

from __future__ import annotations

from hubbub.errors import TextEmpty, TextTooLong

from .access import Action
from .declaration import CommandBase, EventBase, ReplyBase, Rest, Work, command, declare
from .samples import ADA, GENERAL, NONCE, TS
from .types import Nonce, Ref, RoomId, Seq, Text


@declare(
    number=0,
    keys={"text": 8},
    example=lambda: Message(room=GENERAL, seq=43, sender=ADA, ts=TS, text="Good *morning*"),
)
class Message(EventBase, frozen=True, tag="message"):
    """`sender` said `text`: Markdown, as it was typed."""

    text: str = ""


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
