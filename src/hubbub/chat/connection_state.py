"""What the chat knows of one connection. There is one per client, so each byte counts: slots, and None for empty."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING

from msgspec import Struct

from hubbub.errors import Unauthenticated
from hubbub.realtime import Connection, SmallSet
from hubbub.vocabulary import Command, Seq

from .access import Actor

if TYPE_CHECKING:
    from hubbub.chat.log.feed import Feed


class Gap:
    """A room that this connection is behind in: a cursor in place of a queue.

    Attributes:
        cursor: the last `seq` that it has been handed.
        floor: the last `seq` at which it is known to have been a member.
        ready: False while a `join` of this room is being answered: nothing may be sent before the reply.
        heavy: the last page of it was a large one, and so will the next one be.
    """

    __slots__ = ("cursor", "feed", "floor", "heavy", "ready")

    def __init__(self, feed: Feed, cursor: Seq, floor: Seq, *, ready: bool = True) -> None:
        self.feed = feed
        self.cursor = cursor
        self.floor = floor
        self.ready = ready
        self.heavy = False


class ConnectionState:
    """One connection's part in the chat; stands in `connection.state`.

    In a joined room it is either a member of the feed's live room, or it has a `Gap` there, never both.

    Attributes:
        actor: None until it has signed in.
        joined: the feeds it receives. Most connections are in one room and share that feed's tuple.
        watching: the feed whose presence and typing it gets.
        ticket: the number of its last send, see `AppendQueue`.
        waiting: the commands behind a slow one; None: nothing is running.
        gaps: where it is behind; None: nowhere.
        catching_up: the task that closes the gaps.
        drained: set when a full write buffer is empty again; None: it is not known to be full.
        gone: set when the connection is gone; None: nobody waits for that.
    """

    __slots__ = (
        "actor",
        "catching_up",
        "connection",
        "drained",
        "gaps",
        "gone",
        "joined",
        "ticket",
        "waiting",
        "watching",
    )

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.actor: Actor | None = None
        self.joined: SmallSet[Feed] = ()
        self.watching: Feed | None = None
        self.ticket = 0
        self.waiting: deque[Command] | None = None
        self.gaps: dict[Feed, Gap] | None = None
        self.catching_up: asyncio.Task[None] | None = None
        self.drained: asyncio.Event | None = None
        self.gone: asyncio.Event | None = None

    def gap(self, feed: Feed) -> Gap | None:
        """Where it is behind in this room; None: it is not."""
        return None if self.gaps is None else self.gaps.get(feed)

    def open_gap(self, gap: Gap) -> None:
        if self.gaps is None:
            self.gaps = {}
        self.gaps[gap.feed] = gap

    def close_gap(self, feed: Feed) -> None:
        if self.gaps is not None:
            self.gaps.pop(feed, None)
            if not self.gaps:
                self.gaps = None

    @property
    def signed_in(self) -> Actor:
        """As whom it acts. Raises Unauthenticated."""
        if self.actor is None:
            raise Unauthenticated
        return self.actor

    def reply(self, ref: int | str | None, ok: Struct) -> None:
        """Answer a command, if it wants an answer."""
        if ref is not None:
            self.connection.reply(ref, ok)

    async def writable(self) -> None:
        """Return when the write buffer has room, or when the connection is gone."""
        connection = self.connection
        while connection.paused and not connection.closed:
            if self.drained is None:
                # The handler hears of it in the next tick, or never, when the buffer has emptied before.
                await asyncio.sleep(0)
            else:
                await self.drained.wait()

    async def pause(self, seconds: float) -> None:
        """Return after this time, or when the connection is gone. One at a time."""
        if self.connection.closed:
            return
        self.gone = asyncio.Event()
        try:
            async with asyncio.timeout(seconds):
                await self.gone.wait()
        except TimeoutError:
            pass
        finally:
            self.gone = None
