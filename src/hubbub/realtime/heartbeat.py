"""Finds dead links with one timer for all of them.

A wheel: every link sits in one of its slots, each tick pings the links of one slot, so that pings are spread evenly
over the interval. A timer per connection would cost 19,000 connections 5 MB and a heap operation each.
"""

from __future__ import annotations

import asyncio
import itertools
from collections import deque
from typing import Protocol

_SLOTS = 25


class Pulse(Protocol):
    """Something that can be asked for a sign of life."""

    silent: bool
    """Set by the heartbeat with each ping; the owner clears it when anything arrives."""

    slot: int
    """The heartbeat's own: where on the wheel it sits, -1 when it is not watched."""

    def ping(self) -> None: ...

    def dead(self) -> None:
        """No sign of life since the last ping, for the whole timeout."""
        ...

    def retire(self) -> None:
        """The server goes down."""
        ...


class Heartbeat:
    """Pings every link once per interval and reports those that stay silent for the timeout.

    Args:
        interval_seconds, timeout_seconds: kept to a 25th of the interval.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, interval_seconds: float, timeout_seconds: float) -> None:
        self._loop = loop
        self._tick_seconds = interval_seconds / _SLOTS
        self._timeout_ticks = max(1, round(timeout_seconds / self._tick_seconds))
        self._slots: list[dict[Pulse, None]] = [{} for _ in range(_SLOTS)]
        self._place: itertools.cycle[int] = itertools.cycle(range(_SLOTS))
        self._now = 0
        self._waiting: deque[tuple[int, list[Pulse]]] = deque()
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        self._timer = self._loop.call_later(self._tick_seconds, self._run)

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def add(self, link: Pulse) -> None:
        """Begin to watch."""
        link.slot = next(self._place)
        self._slots[link.slot][link] = None

    def remove(self, link: Pulse) -> None:
        """Stop watching; harmless when it is not watched."""
        if link.slot >= 0:
            del self._slots[link.slot][link]
            link.slot = -1

    def links(self) -> list[Pulse]:
        """Everything that is watched."""
        return [link for slot in self._slots for link in slot]

    def _run(self) -> None:
        self._timer = self._loop.call_later(self._tick_seconds, self._run)
        self.tick()

    def tick(self) -> None:
        """One step of the wheel."""
        self._now += 1
        while self._waiting and self._waiting[0][0] <= self._now:
            _, pinged = self._waiting.popleft()
            for link in pinged:
                if link.silent and link.slot >= 0:
                    link.dead()
        slot = self._slots[self._now % _SLOTS]
        asked = []
        for link in list(slot):
            if not link.silent:
                link.silent = True
                link.ping()
                asked.append(link)
        if asked:
            self._waiting.append((self._now + self._timeout_ticks, asked))
