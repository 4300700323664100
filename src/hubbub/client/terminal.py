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
    Seq,
    UnknownEvent,
)

_KEPT: Final = 1_000
_QUOTED_CHARACTERS: Final = 40


class Printer:
    """Makes lines of a room's events, in words: it remembers what the last thousand messages said.

    `zone` None: this machine's.
    """

    def __init__(self, zone: tzinfo | None = None) -> None:
        self._zone = zone
        self._texts: dict[Seq, str] = {}

    def line(self, event: Event) -> str:
        """Time, sender and what happened."""
        time = datetime.fromtimestamp(event.ts / 1000, tz=self._zone).astimezone(self._zone).strftime("%H:%M:%S")
        line = f"{time} {self._said(event)}"
        self._remember(event)
        return line

    def _said(self, event: Event) -> str:
        who = event.sender
        match event:
            case Message():
                answers = "" if event.reply_to is None else f" to {self._quoted(event.reply_to)}"
                return f"{who}{answers}: {printable(event.text)}"
            case MemberJoined():
                return f"* {who} joined"
            case MemberLeft():
                return f"* {who} left"
            case RoomCreated():
                return f"* {who} created {event.room}"
            case RoomChanged():
                return f"* {who} called {event.room} {printable(event.title)!r}"
            case MessageEdited():
                return f"* {who} changed {self._quoted(event.about)} to: {printable(event.text)}"
            case MessageDeleted():
                return f"* {who} deleted {self._quoted(event.about)}"
            case ReactionAdded():
                return f"* {who} reacted with {printable(event.emoji)} to {self._quoted(event.about)}"
            case ReactionRemoved():
                return f"* {who} took back {printable(event.emoji)} from {self._quoted(event.about)}"
            case UnknownEvent():
                return f"* {who} did something that this version does not know: {event.type}"

    def _quoted(self, seq: Seq) -> str:
        text = self._texts.get(seq)
        if text is None:
            return f"message {seq}"
        first = text.strip().partition("\n")[0]
        short = first[:_QUOTED_CHARACTERS]
        return f"“{printable(short)}{'…' if short != text.strip() else ''}”"

    def _remember(self, event: Event) -> None:
        match event:
            case Message():
                self._texts[event.seq] = event.text
                if len(self._texts) > _KEPT:
                    del self._texts[next(iter(self._texts))]
            case MessageEdited() if event.about in self._texts:
                self._texts[event.about] = event.text
            case MessageDeleted():
                self._texts.pop(event.about, None)
            case _:
                pass


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
