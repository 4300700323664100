"""Clients for which more waits than the write buffer should hold: who reads gets it, who does not is cut off.

One event may be larger than the buffer, and a client that reads it at once still needs some time. So nobody is cut off
for having much to read, but for reading nothing, or for falling behind by another buffer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final, Generic, Protocol, TypeVar

LOOK_SECONDS: Final = 0.1
"""How often those who have much to read are looked at."""


class Reader(Protocol):
    """A connection, or an Engine.IO session."""

    @property
    def unsent_bytes(self) -> int:
        """What waits in this process for the client."""
        ...


R = TypeVar("R", bound=Reader)


class _Watched:
    __slots__ = ("allowed", "last", "since")

    def __init__(self, allowed: int, unsent: int, now: float) -> None:
        self.allowed = allowed
        self.last = unsent
        self.since = now


class SlowReaders(Generic[R]):
    """Watches readers from the moment their buffer is too full until it has room again.

    Args:
        buffer_bytes: by how much a reader may fall further behind.
        patience_seconds: how long it may read nothing.
        cut: ends one; it is not watched any more.

    Attributes:
        watching: there is somebody to watch.
    """

    def __init__(
        self, loop: asyncio.AbstractEventLoop, buffer_bytes: int, patience_seconds: float, cut: Callable[[R], None]
    ) -> None:
        self._loop = loop
        self._buffer_bytes = buffer_bytes
        self._patience_seconds = patience_seconds
        self._cut = cut
        self._watched: dict[R, _Watched | None] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._looking_soon = False
        self.watching = False

    def __len__(self) -> int:
        return len(self._watched)

    def add(self, reader: R) -> None:
        """More waits for it than the buffer should hold. Takes a note only; what this tick still writes may come."""
        if reader not in self._watched:
            self.watching = True
            self._watched[reader] = None
            self._loop.call_soon(self._begin, reader)

    def remove(self, reader: R) -> None:
        """It has read, or it is gone. Harmless when it is not watched."""
        self._watched.pop(reader, None)
        self.watching = bool(self._watched)

    def look_soon(self) -> None:
        """More is being sent while there is somebody to watch: see at the end of the tick who has too much."""
        if not self._looking_soon:
            self._looking_soon = True
            self._loop.call_soon(self._look_at_sizes)

    def _look_at_sizes(self) -> None:
        self._looking_soon = False
        for reader, watched in tuple(self._watched.items()):
            if watched is not None and reader.unsent_bytes > watched.allowed:
                self._end(reader)

    def _end(self, reader: R) -> None:
        self.remove(reader)
        self._cut(reader)

    def _begin(self, reader: R) -> None:
        if reader in self._watched:
            unsent = reader.unsent_bytes
            self._watched[reader] = _Watched(unsent + self._buffer_bytes, unsent, self._loop.time())
            if self._timer is None:
                self._timer = self._loop.call_later(LOOK_SECONDS, self._look)

    def _look(self) -> None:
        self._timer = None
        now = self._loop.time()
        for reader, watched in tuple(self._watched.items()):
            if watched is None:
                continue
            unsent = reader.unsent_bytes
            if unsent < watched.last:
                watched.since = now
            watched.last = unsent
            if unsent > watched.allowed or now - watched.since >= self._patience_seconds:
                self._end(reader)
        if self._watched:
            self._timer = self._loop.call_later(LOOK_SECONDS, self._look)
