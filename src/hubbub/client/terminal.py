"""Events as lines for a terminal."""

from __future__ import annotations

import asyncio
import threading
import unicodedata
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import datetime, tzinfo
from typing import Final, TextIO

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


_AHEAD: Final = 64


async def lines(source: TextIO) -> AsyncIterator[str]:
    """Each line without its end. At most 64 are read ahead.

    Read by a daemon thread: a thread of the loop's pool would keep an interrupted program waiting for the next line.
    """
    loop = asyncio.get_running_loop()
    queue: asyncio.Queue[str | None] = asyncio.Queue()
    room = threading.Semaphore(_AHEAD)

    def read() -> None:
        with suppress(RuntimeError):  # the loop is gone, and with it the reader
            for found in source:
                room.acquire()
                loop.call_soon_threadsafe(queue.put_nowait, found.rstrip("\r\n"))
            loop.call_soon_threadsafe(queue.put_nowait, None)

    threading.Thread(target=read, name="lines", daemon=True).start()
    while (found := await queue.get()) is not None:
        room.release()
        yield found
