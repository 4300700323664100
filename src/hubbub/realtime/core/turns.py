"""Who asks for much waits for its turn: work beyond a connection's budget, done a little at a time.

A connection is read once per turn of the event loop, and of what it brought only some units of work are done at once.
The rest is done here: all who have more share one slice of each turn, one after the other, however many they are. So
they delay others by that slice, and get whatever time nobody else wants (docs/decisions/0011-fairness.md).
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import Final, Protocol

STEP_UNITS: Final = 32
"""Units of work done at once for one connection: about 50 µs of pings, 0.5 ms of refused commands."""

SLICE_SECONDS: Final = 0.001
"""Of each turn of the event loop, for all connections that have more to do."""


class Worker(Protocol):
    """Something that has more to do than its budget."""

    def go_on(self) -> bool:
        """Do at most `STEP_UNITS`. True: there is more; it is called again in its turn."""
        ...


class Turns:
    """Round robin among workers. Ends by itself when nobody has more to do."""

    def __init__(self, loop: asyncio.AbstractEventLoop, *, clock: Callable[[], float] = time.perf_counter) -> None:
        self._loop = loop
        self._clock = clock
        self._workers: deque[Worker] = deque()
        self.busy = False
        """Somebody waits for a turn."""
        self.deferred = 0
        """How often somebody had to wait for its turn; for metrics."""

    def __len__(self) -> int:
        return len(self._workers)

    def add(self, worker: Worker) -> None:
        """It has more to do: let it go on in its turn. The caller knows that it does not wait already."""
        self.deferred += 1
        self._workers.append(worker)
        self._schedule()

    def _schedule(self) -> None:
        if not self.busy:
            self.busy = True
            self._loop.call_soon(self._turn)

    def _turn(self) -> None:
        self.busy = False
        workers = self._workers
        until = self._clock() + SLICE_SECONDS
        while workers:
            worker = workers.popleft()
            if worker.go_on():
                workers.append(worker)
            if self._clock() >= until:
                break
        if workers:
            self._schedule()


class Chore:
    """Many small things that are done in turns, for a caller who waits for the end of them.

    Args:
        steps: each does something small.
    """

    def __init__(self, turns: Turns, loop: asyncio.AbstractEventLoop, steps: Iterator[None]) -> None:
        self._steps = steps
        self._done: asyncio.Future[None] = loop.create_future()
        self._turns = turns

    async def run(self) -> None:
        """Return when all is done. Raises what a step raises."""
        if self.go_on():
            self._turns.add(self)
            await self._done
        else:
            self._done.result()

    def go_on(self) -> bool:
        if self._done.done():  # the caller has gone
            return False
        try:
            for count, _ in enumerate(self._steps, 1):
                if count >= STEP_UNITS:
                    return True
        except Exception as error:  # noqa: BLE001  raised where it is awaited
            self._done.set_exception(error)
        else:
            self._done.set_result(None)
        return False
