"""The one thread that writes, with group commit.

What arrives while a commit is running forms the next group: one transaction, one wait for the disk, in the order of
the calls. Appends of many callers become one SQL statement (docs/decisions/0003-group-commit.md).
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

import apsw

from hubbub.errors import HubbubError, StoreUnavailable
from hubbub.store.protocols import Appended, Draft, Refused
from hubbub.vocabulary import UserId

from .database import translate
from .gil_yield import Turns
from .log import RoomLog
from .readers import answer
from .witness import Witness

T = TypeVar("T")
Write = Callable[[apsw.Connection], T]
"""Changes the database inside a transaction that it neither begins nor ends.

It may be run again when the group's first try failed, so it keeps no state of its own. It raises a HubbubError only
before its first change.
"""

GROUP_ROWS = 2_000
"""A group ends at this many events, so that the first caller in it does not wait for all the others."""

HOUSE_SECONDS = 1.0
"""So often read marks of senders and the witness are written."""

CHECKPOINT_PAGES = 2_000
"""8 MB: 2 to 3 ms of copying."""

_ENGINE_FAILED = (
    apsw.FullError,
    apsw.IOError,
    apsw.CorruptError,
    apsw.CantOpenError,
    apsw.NoMemError,
    apsw.BusyError,
    apsw.ReadOnlyError,
    apsw.NotADBError,
)


class _Job:
    """One caller's write: either `work`, or `drafts` to append with the time `ts`."""

    __slots__ = ("drafts", "error", "future", "outcome", "ts", "work")

    def __init__(self, future: asyncio.Future[Any], work: Write[Any] | None, drafts: Sequence[Draft], ts: int) -> None:
        self.future = future
        self.work = work
        self.drafts = drafts
        self.ts = ts
        self.outcome: Any = None
        self.error: Exception | None = None


class Writer:
    """Owns the only connection that writes."""

    def __init__(self, database: apsw.Connection, witness: Witness, turns: Turns) -> None:
        self._database = database
        self._turns = turns
        self._witness = witness
        self._house_kept_at = time.monotonic()
        self.log = RoomLog(database)
        self._checkpointed_at = 0
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._open = True
        self._thread = threading.Thread(target=self._run, name="hubbub-writer", daemon=True)
        self._thread.start()

    def write(self, work: Write[T]) -> asyncio.Future[T]:
        """Run `work` in the next group. The result comes when it is durable; errors are translated."""
        return self._submit(work, (), 0)

    def append(self, drafts: Sequence[Draft], now_ms: int) -> asyncio.Future[list[Appended | Refused]]:
        """Append events in the next group."""
        return self._submit(None, drafts, now_ms)

    def marked(self, users: Iterable[UserId]) -> asyncio.Future[None] | None:
        """Write the read marks that wait, if there is one of these users; None: there is none."""
        if any(map(self.log.marks_of, users)):
            return self.write(lambda _: self.log.write_marks())
        return None

    def close(self) -> None:
        """Write what was asked for, then close the connection. Blocks."""
        if self._open:
            self._open = False
            self._jobs.put(None)
        self._thread.join()

    def _submit(self, work: Write[Any] | None, drafts: Sequence[Draft], ts: int) -> asyncio.Future[Any]:
        if not self._open:
            raise StoreUnavailable
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Any] = loop.create_future()
        self._turns.begin(loop)
        self._jobs.put(_Job(future, work, drafts, ts))
        return future

    def _run(self) -> None:
        going = True
        while going:
            group, going = self._next_group()
            if group:
                self._commit(group)
                answer([(job.future, job.outcome, job.error) for job in group], self._turns)
            del group
            self._keep_house_when_due()
            self._checkpoint_when_due()
        self._keep_house()
        self._database.close()

    def _next_group(self) -> tuple[list[_Job], bool]:
        """Wait for a job, then take all that wait with it; False: the last ones. Empty: the house is to be kept."""
        group: list[_Job] = []
        rows = 0
        try:
            job = self._jobs.get(timeout=HOUSE_SECONDS if self.log.has_chores else None)
        except queue.Empty:
            return group, True
        while job is not None:
            group.append(job)
            rows += len(job.drafts)
            if rows >= GROUP_ROWS:
                return group, True
            try:
                job = self._jobs.get_nowait()
            except queue.Empty:
                return group, True
        return group, False

    def _commit(self, group: list[_Job]) -> None:
        """One transaction for the group; when that fails for a reason of one job's own, one for each."""
        try:
            self._perform(group)
        except _ENGINE_FAILED as failure:
            self._abandon(group, failure)
        except Exception as failure:  # noqa: BLE001  it is one caller's; which one shows when each goes alone
            if len(group) == 1:
                self._abandon(group, failure)
                return
            self._roll_back()
            for job in group:
                self._commit([job])

    def _perform(self, group: list[_Job]) -> None:
        if all(job.work is None for job in group):
            self._append(group)
            self.log.settle()
            return
        self._database.execute("BEGIN IMMEDIATE")
        appends: list[_Job] = []
        for job in group:
            if job.work is None:
                appends.append(job)
                continue
            self._append(appends)
            appends = []
            job.outcome = job.error = None
            try:
                job.outcome = job.work(self._database)
            except HubbubError as refusal:
                job.error = refusal
        self._append(appends)
        self._database.execute("COMMIT")
        self.log.settle()

    def _append(self, jobs: list[_Job]) -> None:
        if not jobs:
            return
        outcomes = self.log.append(
            [draft for job in jobs for draft in job.drafts], [job.ts for job in jobs for _ in job.drafts]
        )
        start = 0
        for job in jobs:
            end = start + len(job.drafts)
            job.outcome = outcomes[start:end]
            start = end

    def _abandon(self, group: list[_Job], failure: Exception) -> None:
        self._roll_back()
        error = translate(failure)
        for job in group:
            job.error = error

    def _roll_back(self) -> None:
        self.log.forget()
        if self._database.in_transaction:
            with contextlib.suppress(apsw.Error):  # SQLite may have rolled back by itself
                self._database.execute("ROLLBACK")

    def _keep_house_when_due(self) -> None:
        now = time.monotonic()
        if self.log.has_chores and now - self._house_kept_at >= HOUSE_SECONDS:
            self._house_kept_at = now
            self._keep_house()

    def _keep_house(self) -> None:
        """What is not a part of any caller's write. When it fails it is tried again later."""
        try:
            self.log.write_marks()
            self.log.settle()
        except apsw.Error:
            self._roll_back()
        newest, self.log.newest = self.log.newest, None
        if newest is not None:
            with contextlib.suppress(OSError):
                self._witness.keep(newest)

    def _checkpoint_when_due(self) -> None:
        """Move committed pages from the write-ahead log into the database, after the callers have their answers.

        The pages are counted without a hook: a hook would take the interpreter's lock in the middle of a commit.
        """
        written, _ = self._database.status(apsw.SQLITE_DBSTATUS_CACHE_WRITE)
        if written - self._checkpointed_at >= CHECKPOINT_PAGES:
            self._checkpointed_at = written
            with contextlib.suppress(apsw.Error):  # it is tried again when as much was written once more
                self._database.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)
