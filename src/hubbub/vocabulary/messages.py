"""What people say."""

from __future__ import annotations

from msgspec import Struct

from hubbub.errors import MessageGone, NonceReused, NotYours, TextEmpty, TextTooLong, UnknownMessage

from .access import Action
from .declaration import CommandBase, EventBase, ReplyBase, Rest, Work, command, declare
from .reactions import Reaction
from .samples import ADA, BOB, GENERAL, NONCE, TS
from .sent import Sent
from .types import Cursor, Nonce, Ref, RoomId, Seq, Text


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


@command(
    number=16,
    keys={"nonce": 9},
    access=Action.WRITE,
    work=Work(per_kib_of_text=15),
    joined=True,
    errors=(TextEmpty, TextTooLong, UnknownMessage, MessageGone, NonceReused),
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
    `reply_to`: the message of this room that it answers.
    """

    room: RoomId
    text: Text
    nonce: Nonce
    reply_to: Cursor | None = None
    ref: Ref = None


@command(
    number=27,
    access=Action.WRITE,
    work=Work(per_kib_of_text=15),
    joined=True,
    errors=(TextEmpty, TextTooLong, UnknownMessage, MessageGone, NotYours, NonceReused),
    rest=Rest(
        "PATCH",
        "/rooms/{room}/messages/{seq}",
        "edit",
        "Change a message of mine",
        "Answered when the change is durable. When no answer comes, repeat it with the same nonce.",
    ),
    example=lambda: Edit(room=GENERAL, seq=43, text="Good **morning**", nonce=NONCE, ref=12),
)
class Edit(CommandBase[Sent], frozen=True, tag="edit"):
    """Give a message of mine another text. Reply: `Sent`, with the `seq` of the `message_edited` event.

    The earlier texts are kept until the message is deleted: `versions`.
    """

    room: RoomId
    seq: Cursor
    text: Text
    nonce: Nonce
    ref: Ref = None


@command(
    number=28,
    access=Action.WRITE,
    work=Work(1),
    joined=True,
    errors=(UnknownMessage, MessageGone, NotYours, NonceReused),
    rest=Rest(
        "DELETE",
        "/rooms/{room}/messages/{seq}",
        "delete",
        "Delete a message",
        "One's own; administrators any. When no answer comes, repeat it with the same nonce.",
    ),
    example=lambda: Delete(room=GENERAL, seq=43, nonce=NONCE, ref=13),
)
class Delete(CommandBase[Sent], frozen=True, tag="delete"):
    """Delete a message of mine; administrators, any of a room that they are in. Reply: `Sent`.

    Its texts, the earlier ones too, and its reactions are gone from the server. Its `seq` stays.
    """

    room: RoomId
    seq: Cursor
    nonce: Nonce
    ref: Ref = None


@declare()
class Version(Struct, frozen=True, gc=False):
    """A text that a message had from `ts` on (Unix milliseconds)."""

    text: str
    ts: int


@declare(
    keys={"versions": 57},
    example=lambda: Versions(versions=[Version("Good *morning*", TS), Version("Good **morning**", TS + 60_000)]),
)
class Versions(ReplyBase, frozen=True):
    """The texts of a message, the oldest first; the last one is that of now. `more`: there were earlier ones."""

    versions: list[Version]
    more: bool = False


@command(
    number=31,
    access=Action.READ_ROOM,
    work=Work(50, page=True),
    errors=(UnknownMessage, MessageGone),
    rest=Rest(
        "GET",
        "/rooms/{room}/messages/{seq}/versions",
        "versions",
        "The texts that a message had",
        "The oldest first; the last one is that of now.",
    ),
    example=lambda: ReadVersions(room=GENERAL, seq=43, ref=16),
)
class ReadVersions(CommandBase[Versions], frozen=True, tag="versions"):
    """The texts that a message had. Reply: `Versions`, the newest 50 at most, in 128 KiB of text."""

    room: RoomId
    seq: Cursor
    ref: Ref = None
