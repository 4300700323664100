"""Events as lines for a terminal."""

from __future__ import annotations

import unicodedata
from datetime import datetime, tzinfo

from hubbub.vocabulary import (
    Event,
    MemberJoined,
    MemberLeft,
    Message,
    MessageDeleted,
    MessageEdited,
    ReactionAdded,
    ReactionRemoved,
    RoomChanged,
    RoomCreated,
    UnknownEvent,
)


def line(event: Event, zone: tzinfo | None = None) -> str:
    """Time, sender and what happened. `zone` None: this machine's."""
    time = datetime.fromtimestamp(event.ts / 1000, tz=zone).astimezone(zone).strftime("%H:%M:%S")
    match event:
        case Message():
            return f"{time} {event.sender}: {printable(event.text)}"
        case MemberJoined():
            return f"{time} * {event.sender} joined"
        case MemberLeft():
            return f"{time} * {event.sender} left"
        case RoomCreated():
            return f"{time} * {event.sender} created {event.room}"
        case RoomChanged():
            return f"{time} * {event.sender} called {event.room} {printable(event.title)!r}"
        case MessageEdited():
            return f"{time} * {event.sender} changed {event.about}: {printable(event.text)}"
        case MessageDeleted():
            return f"{time} * {event.sender} deleted {event.about}"
        case ReactionAdded():
            return f"{time} * {event.sender} reacted to {event.about}: {printable(event.emoji)}"
        case ReactionRemoved():
            return f"{time} * {event.sender} took back a reaction to {event.about}: {printable(event.emoji)}"
        case UnknownEvent():
            return f"{time} * {event.sender} did something that this version does not know: {event.type}"


def printable(text: str) -> str:
    """Text of others without what a terminal would obey; further lines are indented."""
    lines = text.replace("\r\n", "\n").split("\n")
    return "\n    ".join("".join(map(_visible, line)) for line in lines)


def _visible(character: str) -> str:
    if character == "\t" or unicodedata.category(character) not in {"Cc", "Cs"}:
        return character
    return "\N{REPLACEMENT CHARACTER}"
