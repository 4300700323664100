"""Slow work in a few threads, one client after the other: who asks for much waits behind itself only."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import threading
from collections import Counter, OrderedDict, deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Final, TypeVar

from hubbub.errors import ShuttingDown, TooManyAttempts

T = TypeVar("T")

_NICENESS: Final = 10
"""The event loop and the store's threads get a core first. On Linux each thread has its own."""


class _Job:
    """Work that waits for a thread."""

    __slots__ = ("future", "work")

    def __init__(self, work: Callable[[], Any], future: asyncio.Future[Any]) -> None:
        self.work = work
        self.future = future


class FairQueue:
    """Clients take turns; each one's work is done in its order. Used on one event loop.

    A client has at most all threads but one, and at most `per_client` jobs waiting. When `in_all` wait, a newcomer
    takes the place of the last one of the client that has most.
    """

    def __init__(self, name: str, *, threads: int, per_client: int, in_all: int) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix=name, initializer=_be_nice)
        self._free = threads
        self._at_once = max(1, threads - 1)
        self._per_client = per_client
        self._in_all = in_all
        self._waiting: OrderedDict[str, deque[_Job]] = OrderedDict()  # the client whose turn is next first
        self._running: Counter[str] = Counter()
        self._jobs = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self._open = True

    def __len__(self) -> int:
        """How many jobs wait."""
        return self._jobs

    async def run(self, client: str, work: Callable[[], T]) -> T:
        """Run `work` in a thread, when it is the client's turn; its result or its error.

        Raises:
            TooManyAttempts: too many wait. `retry_after_seconds` is a guess.
            ShuttingDown: after `close`.
        """
        if not self._open:
            raise ShuttingDown
        jobs = self._waiting.get(client, ())
        if len(jobs) >= self._per_client or not self._make_room(len(jobs)):
            raise TooManyAttempts(retry_after_seconds=1 + len(jobs) / 16)
        job = _Job(work, asyncio.get_running_loop().create_future())
        self._waiting.setdefault(client, deque()).append(job)
        self._jobs += 1
        self._idle.clear()
        self._start()
        result: T = await job.future
        return result

    async def close(self) -> None:
        """Finish what was asked for."""
        self._open = False
        await self._idle.wait()
        await asyncio.to_thread(self._pool.shutdown)

    def _make_room(self, own: int) -> bool:
        """Whether one more may wait; the client has `own` of them."""
        if self._jobs < self._in_all:
            return True
        jobs = max(self._waiting.values(), key=len)
        if len(jobs) <= own + 1:
            return False
        last = jobs.pop()
        self._jobs -= 1
        if not last.future.done():
            last.future.set_exception(TooManyAttempts(retry_after_seconds=1 + len(jobs) / 16))
        return True

    def _start(self) -> None:
        """Give the free threads to those whose turn it is."""
        while self._free and (client := self._next()) is not None:
            jobs = self._waiting[client]
            job = jobs.popleft()
            self._jobs -= 1
            if jobs:
                self._waiting.move_to_end(client)
            else:
                del self._waiting[client]
            if job.future.done():  # whoever asked has gone
                continue
            self._free -= 1
            self._running[client] += 1
            running = asyncio.get_running_loop().run_in_executor(self._pool, job.work)
            running.add_done_callback(partial(self._finish, client, job))
        if not self._jobs and not self._running:
            self._idle.set()

    def _next(self) -> str | None:
        """The client whose turn it is, of those that may have one more thread."""
        return next((client for client in self._waiting if self._running[client] < self._at_once), None)

    def _finish(self, client: str, job: _Job, done: asyncio.Future[Any]) -> None:
        self._free += 1
        self._running[client] -= 1
        if not self._running[client]:
            del self._running[client]
        if not job.future.done():
            error = done.exception()
            if error is not None:
                job.future.set_exception(error)
            else:
                job.future.set_result(done.result())
        self._start()


def _be_nice() -> None:
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)
