"""What happened in a run, as its clients saw it: everything that was said, and everything that every reader was shown.

A history is plain data. `check` judges it without knowing how it came about.
"""

from __future__ import annotations

import sys
from typing import Final, get_args

from msgspec import Struct, field

from hubbub.client.frames import Inbound
from hubbub.vocabulary import Event, Message, RoomId, Seq, UnknownEvent

_EVENTS: Final[tuple[type[Event], ...]] = get_args(Event)


class Entry(Struct, frozen=True, array_like=True, gc=False):
    """An entry of a room's log. `text` of what is no message is its type in angle brackets."""

    seq: Seq
    sender: str
    text: str


class Said(Struct):
    """A message that a sender had to say. No two of a history have the same text.

    Attributes:
        begun_seconds: since the run began.
        attempts: how often it was sent, always with the same nonce.
        acknowledged: the `seq` of each acknowledgement; empty: the sender does not know whether it was stored.
        refused: the code of the error that refused it for good; empty: it was not.
    """

    room: RoomId
    sender: str
    nonce: str
    text: str
    begun_seconds: float
    attempts: int = 0
    acknowledged: list[Seq] = field(default_factory=list)
    refused: str = ""


class Stretch(Struct):
    """What one connection showed of a room after its `join` with the cursor `since`, in the order of arrival.

    For a first join without a cursor, `since` is the `head` of the reply.
    """

    since: Seq
    entries: list[Entry] = field(default_factory=list)


class View(Struct):
    """A reader's view of one room: its connections, one after the other. `errors`: codes that no client should get."""

    reader: str
    wire: str
    room: RoomId
    stretches: list[Stretch] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    @property
    def cursor(self) -> Seq | None:
        """What a client gives as `since` when it comes back: the last `seq` it has. None before the first join."""
        if not self.stretches:
            return None
        last = self.stretches[-1]
        return max((entry.seq for entry in last.entries), default=last.since)


class Log(Struct):
    """A room's whole log as one server gave it by REST when all was over."""

    room: RoomId
    url: str
    entries: list[Entry]


class History(Struct):
    """All of a run."""

    said: list[Said] = field(default_factory=list)
    views: list[View] = field(default_factory=list)
    logs: list[Log] = field(default_factory=list)


def entry(event: Event) -> Entry:
    """An event as an entry; one of a kind that this version does not know has its place, too, whatever it is called.

    Its type is not compared: on the compact wire it is a number that this version has no name for.
    """
    match event:
        case Message():
            return Entry(event.seq, event.sender, sys.intern(event.text))  # one text for all readers
        case UnknownEvent():
            return Entry(event.seq, event.sender, "<unknown>")
        case _:
            return Entry(event.seq, event.sender, f"<{event.__struct_config__.tag}>")


def as_event(item: Inbound) -> Event | None:
    """The item if it has a place in a log; None: it is something else."""
    return item if isinstance(item, _EVENTS) else None
