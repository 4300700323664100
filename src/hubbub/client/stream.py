"""The events of all joined rooms as one asynchronous iterator, with bounded memory.

A consumer that is too slow costs a cursor per room, not a queue: above the limit events are dropped, and what was
dropped is read from the room's history when the consumer gets there.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Generic, TypeVar

from msgspec import Struct

from hubbub.errors import HubbubError
from hubbub.vocabulary import Event, EventPage, RoomId, Seq

from .failures import ConnectionLost, NoAnswer


class Reset(Struct, frozen=True):
    """The server's log of the room is not the one that the cursor was of: forget what you have of it.

    Events after `head` follow.
    """

    room: RoomId
    head: Seq


class RoomLost(Struct, frozen=True):
    """The client is no longer in the room, and `error` says why. No further event of it comes."""

    room: RoomId
    error: HubbubError


Item = Event | Reset | RoomLost
T = TypeVar("T")


class _Mailbox(Generic[T]):
    """What is ready, and the end: None while it goes on, an error or "done" after it."""

    def __init__(self) -> None:
        self._ready: deque[T] = deque()
        self._wake = asyncio.Event()
        self._ended = False
        self._error: HubbubError | None = None

    def end(self, error: HubbubError | None) -> None:
        """After what is ready the iteration ends: with this error, or without one."""
        self._ended, self._error = True, error
        self._wake.set()

    async def _arrival(self) -> None:
        """Wait until something changed. Raises what the iteration ends with."""
        if self._ended:
            if self._error is not None:
                raise self._error
            raise StopAsyncIteration
        self._wake.clear()
        await self._wake.wait()


class EventStream(_Mailbox[Item], AsyncIterator[Item]):
    """Each event exactly once and in order within its room. For one consumer.

    Args:
        read: a page of a room's history after a `seq`; raises HubbubError.
        cursor: the last `seq` of a room that was pushed here, None when the room is not joined.
        limit: events that wait for the consumer; beyond it they are read again from the server.
    """

    def __init__(
        self,
        read: Callable[[RoomId, Seq], Awaitable[EventPage]],
        cursor: Callable[[RoomId], Seq | None],
        limit: int = 1_000,
    ) -> None:
        super().__init__()
        self._read = read
        self._cursor = cursor
        self._limit = limit
        self._behind: dict[RoomId, Seq] = {}

    def push(self, event: Event) -> None:
        """An event arrived, the next one of its room."""
        if event.room in self._behind:
            return
        if len(self._ready) >= self._limit:
            self._behind[event.room] = event.seq - 1
        else:
            self._ready.append(event)
        self._wake.set()

    def notice(self, notice: Reset | RoomLost) -> None:
        """What is missing before it will not be read any more."""
        self._behind.pop(notice.room, None)
        self._ready.append(notice)
        self._wake.set()

    async def __anext__(self) -> Item:
        while not self._ready:
            if self._behind:
                await self._catch_up(next(iter(self._behind)))
            else:
                await self._arrival()
        return self._ready.popleft()

    async def _catch_up(self, room: RoomId) -> None:
        since = self._behind[room]
        try:
            page = await self._read(room, since)
        except (ConnectionLost, NoAnswer):
            return  # the call waits for a connection by itself
        except HubbubError as error:
            if self._ended:
                self._behind.clear()
            elif room in self._behind:
                self.notice(RoomLost(room, error))
            return
        if self._behind.get(room) != since:
            return  # a notice came meanwhile
        self._ready.extend(page.events)
        pushed = self._cursor(room)
        if not page.events or pushed is None or (not page.more and page.head >= pushed):
            del self._behind[room]
        else:
            self._behind[room] = page.events[-1].seq


class SignalStream(_Mailbox[T], AsyncIterator[T]):
    """Ephemeral signals; the oldest are dropped when the consumer is slow."""

    def __init__(self, limit: int = 256) -> None:
        super().__init__()
        self._ready = deque(maxlen=limit)

    def push(self, signal: T) -> None:
        self._ready.append(signal)
        self._wake.set()

    async def __anext__(self) -> T:
        while not self._ready:
            await self._arrival()
        return self._ready.popleft()
