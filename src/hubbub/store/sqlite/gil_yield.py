"""Lets the store's threads run while the event loop's thread is saturated.

The interpreter switches threads when one has waited 5 ms for its lock *without the lock being released meanwhile*. A
busy event loop releases it at every system call and takes it back microseconds later, before a waiting thread is
awake, and each time the 5 ms begin again. Measured with a loop that is busy all the time: a commit waits for seconds
(docs/decisions/0003-group-commit.md). So, as long as the store has work, the loop steps aside for a moment.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

EVERY_SECONDS = 0.001
ASIDE_SECONDS = 0.000_02
"""The shortest sleep that lets another thread wake up: the kernel makes about 75 µs of it."""


class Turns:
    """Used on the event loop. Costs nothing while the store is idle and little while the loop is."""

    def __init__(self, sleep: Callable[[float], None] = time.sleep) -> None:
        self._sleep = sleep
        self._outstanding = 0
        self._timer: asyncio.TimerHandle | None = None

    def begin(self, loop: asyncio.AbstractEventLoop) -> None:
        """A thread of the store was given something to do."""
        self._outstanding += 1
        if self._timer is None:
            self._timer = loop.call_later(EVERY_SECONDS, self._step_aside, loop)

    def end(self, number: int) -> None:
        """So many of the things that began are done."""
        self._outstanding -= number
        if self._outstanding == 0 and self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _step_aside(self, loop: asyncio.AbstractEventLoop) -> None:
        self._sleep(ASIDE_SECONDS)
        self._timer = loop.call_later(EVERY_SECONDS, self._step_aside, loop)
