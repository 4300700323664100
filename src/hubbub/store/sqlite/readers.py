"""A few threads that read, each with a connection of its own.

Every query of the store gives its whole answer as one row (JSON for lists): apsw gives up and takes back the
interpreter's lock at each step of a statement, and taking it back can wait for the event loop's thread.
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import apsw

from hubbub.errors import StoreUnavailable

from .database import connect, translate
from .gil_yield import Turns

T = TypeVar("T")
Outcome = tuple[asyncio.Future[Any], Any, Exception | None]
Read = Callable[[apsw.Connection], T]


class Readers:
    """Runs reads beside the event loop. Each sees all that was committed before it was asked for."""

    def __init__(self, path: Path, threads: int, turns: Turns) -> None:
        """Opens the connections. Raises apsw.Error."""
        self._turns = turns
        self._jobs: queue.SimpleQueue[tuple[Read[Any], asyncio.Future[Any]] | None] = queue.SimpleQueue()
        self._open = True
        self._threads = [
            threading.Thread(
                target=self._run, args=(connect(path, read_only=True),), name=f"hubbub-reader-{number}", daemon=True
            )
            for number in range(threads)
        ]
        for thread in self._threads:
            thread.start()

    def read(self, work: Read[T]) -> asyncio.Future[T]:
        """Run `work` on a reader's thread; its result or its error, translated."""
        if not self._open:
            raise StoreUnavailable
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._turns.begin(loop)
        self._jobs.put((work, future))
        return future

    def close(self) -> None:
        """Finish what was asked for, then end. Blocks."""
        if self._open:
            self._open = False
            for _ in self._threads:
                self._jobs.put(None)
        for thread in self._threads:
            thread.join()

    def _run(self, database: apsw.Connection) -> None:
        while (job := self._jobs.get()) is not None:
            work, future = job
            try:
                outcome, error = work(database), None
            except Exception as failure:  # noqa: BLE001  it is the caller's
                outcome, error = None, translate(failure)
            answer([(future, outcome, error)], self._turns)
            del job, work, future, outcome, error  # a waiting thread keeps nothing alive
        database.close()


def answer(outcomes: list[Outcome], turns: Turns) -> None:
    """Hand results to their callers, who all wait on one loop. Called from a thread."""
    loop = outcomes[0][0].get_loop()
    with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
        loop.call_soon_threadsafe(_settle, outcomes, turns)


def _settle(outcomes: list[Outcome], turns: Turns) -> None:
    turns.end(len(outcomes))
    for future, outcome, error in outcomes:
        if future.done():  # the caller was cancelled
            continue
        if error is None:
            future.set_result(outcome)
        else:
            future.set_exception(error)
