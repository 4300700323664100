"""Finds dead links with one timer for all of them.

A wheel: every link sits in the slot in which it came, and each tick pings the links of one slot. So a link is pinged
for the first time when its interval has passed, as Engine.IO announces it, and links that came one after the other
are not pinged all at once. A timer per connection would cost 19,000 connections 5 MB and a heap operation each.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Final, NamedTuple, Protocol

_SLOTS: Final = 25
_AT_ONCE: Final = 256
"""Many that came together are pinged in portions, between which the loop does other things."""


class Pulse(Protocol):
    """Something that can be asked for a sign of life."""

    silent: float
    """Set by the heartbeat with each ping, to what is not 0; the owner sets it to 0 when anything arrives."""

    slot: int
    """The heartbeat's own: where on the wheel it sits, -1 when it is not watched."""

    def ping(self) -> None: ...

    def dead(self) -> None:
        """No sign of life since the last ping, for the whole timeout."""
        ...

    def retire(self) -> None:
        """The server goes down."""
        ...


class _Asked(NamedTuple):
    """Links that were pinged together, and that are dead at `due` when they are still as silent as `mark` says."""

    due: float
    mark: float
    links: list[Pulse]


class Heartbeat:
    """Pings every link once per interval and reports those that stay silent for the timeout.

    The first ping may come up to a 25th of the interval early.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, interval_seconds: float, timeout_seconds: float) -> None:
        self._loop = loop
        self._tick_seconds = interval_seconds / _SLOTS
        self._timeout_seconds = timeout_seconds
        self._slots: list[dict[Pulse, None]] = [{} for _ in range(_SLOTS)]
        self._place = 0
        self._due = 0.0
        self._asked: deque[_Asked] = deque()
        self._ticking: asyncio.TimerHandle | None = None
        self._judging: asyncio.TimerHandle | None = None

    def start(self) -> None:
        self._due = self._loop.time() + self._tick_seconds
        self._ticking = self._loop.call_at(self._due, self._tick)

    def stop(self) -> None:
        for timer in (self._ticking, self._judging):
            if timer is not None:
                timer.cancel()
        self._ticking = self._judging = None

    def add(self, link: Pulse) -> None:
        """Begin to watch."""
        self._put(link, self._place)

    def replace(self, link: Pulse, successor: Pulse) -> None:
        """Both are watched: the successor is pinged from now on when `link` would have been, which is left alone."""
        slot = link.slot
        self.remove(link)
        self.remove(successor)
        self._put(successor, slot)

    def remove(self, link: Pulse) -> None:
        """Stop watching; harmless when it is not watched."""
        if link.slot >= 0:
            del self._slots[link.slot][link]
            link.slot = -1

    def links(self) -> list[Pulse]:
        """Everything that is watched."""
        return [link for slot in self._slots for link in slot]

    def _put(self, link: Pulse, slot: int) -> None:
        link.slot = slot
        self._slots[slot][link] = None

    def _tick(self) -> None:
        self._due = max(self._due + self._tick_seconds, self._loop.time())  # no hurry after a standstill
        self._ticking = self._loop.call_at(self._due, self._tick)
        self._place = (self._place + 1) % _SLOTS
        self._ask(list(self._slots[self._place]))

    def _ask(self, links: list[Pulse]) -> None:
        until = self._loop.time() + self._timeout_seconds
        asked = []
        for link in links[:_AT_ONCE]:
            if link.slot >= 0 and not link.silent:
                link.silent = until
                link.ping()
                asked.append(link)
        if asked:
            self._asked.append(_Asked(until, until, asked))
            if self._judging is None:
                self._judge_later()
        if len(links) > _AT_ONCE:
            self._loop.call_soon(self._ask, links[_AT_ONCE:])

    def _judge_later(self) -> None:
        self._judging = self._loop.call_at(self._asked[0].due, self._judge)

    def _judge(self) -> None:
        self._judging = None
        now = self._loop.time()
        late = now - self._asked[0].due
        if late > self._tick_seconds:  # this process stood still: the answers may have come, and nobody has read them
            more = late + self._tick_seconds
            self._asked = deque(one._replace(due=one.due + more) for one in self._asked)
        while self._asked and self._asked[0].due <= now:
            _, mark, links = self._asked.popleft()
            for link in links:
                if link.silent == mark and link.slot >= 0:
                    link.dead()
        if self._asked:
            self._judge_later()
