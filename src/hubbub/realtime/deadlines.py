"""Ends what takes too long to begin, with one timer for all."""

from __future__ import annotations

import asyncio
from typing import Protocol


class Expiring(Protocol):
    def expire(self) -> None:
        """The time is up. It has been taken off the list."""
        ...


class Deadlines:
    """Everything added gets the same time, so that the oldest entry is always the next to expire."""

    def __init__(self, loop: asyncio.AbstractEventLoop, seconds: float) -> None:
        self._loop = loop
        self._seconds = seconds
        self._entries: dict[Expiring, float] = {}
        self._timer: asyncio.TimerHandle | None = None

    def add(self, entry: Expiring) -> None:
        self._entries[entry] = self._loop.time() + self._seconds
        if self._timer is None:
            self._timer = self._loop.call_later(self._seconds, self._sweep)

    def remove(self, entry: Expiring) -> None:
        """It began in time. Harmless when it is not on the list."""
        self._entries.pop(entry, None)

    def stop(self) -> None:
        self._entries.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _sweep(self) -> None:
        self._timer = None
        now = self._loop.time()
        late = []
        for entry, deadline in self._entries.items():
            if deadline > now:
                self._timer = self._loop.call_at(max(deadline, now + 0.25), self._sweep)
                break
            late.append(entry)
        for entry in late:
            if self._entries.pop(entry, None) is not None:
                entry.expire()
