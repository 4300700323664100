"""Ends what takes too long, with one timer for all."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final, Generic, Protocol, TypeVar

_LAG_SECONDS: Final = 0.05


class Expiring(Protocol):
    def expire(self) -> None:
        """The time is up. It has been taken off the list."""
        ...


class Checked(Protocol):
    def check(self) -> None:
        """A while has passed: has anything moved meanwhile? It has been taken off the list."""
        ...


Entry = TypeVar("Entry")


class Timed(Generic[Entry]):
    """Everything added gets the same time, so that the oldest entry is always the next one.

    Args:
        act: called with an entry whose time is up; it has been taken off the list, and may be added again.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, seconds: float, act: Callable[[Entry], None]) -> None:
        self.seconds = seconds
        self._loop = loop
        self._act = act
        self._entries: dict[Entry, float] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._due = 0.0
        self._put_off = False

    def add(self, entry: Entry) -> None:
        """Begin its time. One that is on the list already keeps the time that it has."""
        if entry not in self._entries:
            self._entries[entry] = self._loop.time() + self.seconds
            if self._timer is None:
                self._sweep_at(self._entries[entry])

    def remove(self, entry: Entry) -> None:
        """It began in time. Harmless when it is not on the list."""
        self._entries.pop(entry, None)

    def stop(self) -> None:
        self._entries.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _sweep_at(self, due: float) -> None:
        self._due = due
        self._timer = self._loop.call_at(due, self._sweep)

    def _sweep(self) -> None:
        self._timer = None
        now = self._loop.time()
        late = now - self._due
        if late > _LAG_SECONDS and not self._put_off:
            # this process stood still: what came meanwhile has not been read yet
            self._put_off = True
            self._entries = {entry: deadline + late for entry, deadline in self._entries.items()}
            self._sweep_at(now + late)
            return
        self._put_off = False
        over = []
        for entry, deadline in self._entries.items():
            if deadline > now:
                self._sweep_at(max(deadline, now + 0.25))
                break
            over.append(entry)
        for entry in over:
            if self._entries.pop(entry, None) is not None:
                self._act(entry)


class Deadlines(Timed[Expiring]):
    """What has to begin, or to be said, within a time."""

    def __init__(self, loop: asyncio.AbstractEventLoop, seconds: float) -> None:
        super().__init__(loop, seconds, lambda entry: entry.expire())
        self._held: dict[Expiring, float] = {}
        self._resumed: dict[Expiring, asyncio.TimerHandle] = {}
        self._stopped = False

    def add(self, entry: Expiring) -> None:
        if self._stopped:
            self._loop.call_soon(entry.expire)
        else:
            super().add(entry)

    def hold(self, entry: Expiring) -> None:
        """It may have been done: its time goes on, but does not end. Then `remove` or `resume` it."""
        deadline = self._entries.pop(entry, None)
        timer = self._resumed.pop(entry, None)
        if timer is not None:
            deadline = timer.when()
            timer.cancel()
        if deadline is not None:
            self._held[entry] = deadline

    def resume(self, entry: Expiring) -> None:
        """It was not: what is left of its time is left. One that was not held gets the whole time."""
        deadline = self._held.pop(entry, None)
        if deadline is None:
            self.add(entry)
        else:  # not the last one to expire, so not on the list
            self._resumed[entry] = self._loop.call_at(deadline, self._expire, entry)

    def remove(self, entry: Expiring) -> None:
        super().remove(entry)
        self._held.pop(entry, None)
        timer = self._resumed.pop(entry, None)
        if timer is not None:
            timer.cancel()

    def start(self) -> None:
        self._stopped = False

    def stop(self) -> None:
        """Time is up for all, and for whatever is added from now on: what has said nothing yet would stay open."""
        self._stopped = True
        waiting = [*self._entries, *self._held, *self._resumed]
        super().stop()
        self._held.clear()
        for timer in self._resumed.values():
            timer.cancel()
        self._resumed.clear()
        for entry in waiting:
            entry.expire()

    def _expire(self, entry: Expiring) -> None:
        del self._resumed[entry]
        entry.expire()
