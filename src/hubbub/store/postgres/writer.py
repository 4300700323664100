"""The one connection of a node that writes, with group commit.

What arrives while a commit is running forms the next group, in the order of the calls. Appends of many callers become
one statement (append.py, docs/decisions/0005-postgresql.md). Nodes meet in the database only: there the rows of the
rooms are locked in one order.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Any, TypeVar

import asyncpg

from hubbub.errors import StoreUnavailable
from hubbub.store.protocols import Appended, Draft, Refused

from .append import append
from .pool import Pool, Work
from .session import Connection

T = TypeVar("T")

GROUP_ROWS = 2_000
"""A group ends at this many events, so that the first caller in it does not wait for all the others."""

GROUP_CHARACTERS = 4_000_000


class _Job:
    """One caller's write: either `work`, or `drafts` to append with the time `ts`."""

    __slots__ = ("drafts", "future", "ts", "work")

    def __init__(self, future: asyncio.Future[Any], work: Work[Any] | None, drafts: Sequence[Draft], ts: int) -> None:
        self.future = future
        self.work = work
        self.drafts = drafts
        self.ts = ts

    def settle(self, outcome: object, error: Exception | None = None) -> None:
        if self.future.done():  # the caller was cancelled
            return
        if error is None:
            self.future.set_result(outcome)
        else:
            self.future.set_exception(error)


class Writer:
    """Writes in the order of the calls. Used on one event loop."""

    def __init__(self, pool: Pool) -> None:
        """`pool` has one connection."""
        self._pool = pool
        self._jobs: deque[_Job] = deque()
        self._task: asyncio.Task[None] | None = None
        self._last: asyncio.Future[Any] | None = None
        self._open = True

    def write(self, work: Work[T]) -> asyncio.Future[T]:
        """Run `work`, which is one statement. The result comes when it is durable; errors are translated."""
        return self._submit(work, (), 0)

    def append(self, drafts: Sequence[Draft], now_ms: int) -> asyncio.Future[list[Appended | Refused]]:
        """Append events in the next group."""
        return self._submit(None, drafts, now_ms)

    async def settled(self) -> None:
        """Returns when everything has been answered that was asked for until now."""
        last = self._last
        if last is not None and not last.done():
            await asyncio.wait({last})

    async def close(self) -> None:
        """Write what was asked for."""
        self._open = False
        if self._task is not None:
            await asyncio.wait({self._task})
        await self._pool.close()

    def _submit(self, work: Work[Any] | None, drafts: Sequence[Draft], ts: int) -> asyncio.Future[Any]:
        if not self._open:
            raise StoreUnavailable
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._jobs.append(_Job(future, work, drafts, ts))
        self._last = future
        if self._task is None:
            self._task = asyncio.create_task(self._run())
        return future

    async def _run(self) -> None:
        try:
            while self._jobs:
                await self._perform(self._next_group())
        finally:
            self._task = None

    def _next_group(self) -> list[_Job]:
        """The first job, and if it appends, all appends that follow it directly."""
        group = [self._jobs.popleft()]
        if group[0].work is not None:
            return group
        rows, characters = _size(group[0])
        while self._jobs and self._jobs[0].work is None and rows < GROUP_ROWS and characters < GROUP_CHARACTERS:
            group.append(self._jobs.popleft())
            more_rows, more_characters = _size(group[-1])
            rows += more_rows
            characters += more_characters
        return group

    async def _perform(self, group: list[_Job]) -> None:
        """Each job gets its outcome. When a group fails for a reason of one job's own, each goes alone."""
        try:
            outcomes = await self._pool.run(lambda connection: _statement(connection, group))
        except Exception as error:  # noqa: BLE001  it is the callers'
            if len(group) > 1 and _is_of_one(error):
                for job in group:
                    await self._perform([job])
                return
            if isinstance(error.__cause__, TimeoutError):  # whoever waits behind would wait as long
                group += self._jobs
                self._jobs.clear()
            for job in group:
                job.settle(None, error if len(group) == 1 else StoreUnavailable())
        else:
            for job, outcome in zip(group, outcomes, strict=True):
                job.settle(outcome)


def _is_of_one(error: Exception) -> bool:
    """Whether a group failed because of what one of its jobs holds."""
    if isinstance(error, StoreUnavailable):
        return isinstance(error.__cause__, asyncpg.DataError | asyncpg.ProgramLimitExceededError)
    return True


def _size(job: _Job) -> tuple[int, int]:
    return len(job.drafts), sum(len(getattr(draft.event, "text", "")) for draft in job.drafts)


async def _statement(connection: Connection, group: list[_Job]) -> list[Any]:
    first = group[0]
    if first.work is not None:
        return [await first.work(connection)]
    drafts = first.drafts if len(group) == 1 else [draft for job in group for draft in job.drafts]
    outcomes = await append(connection, drafts, [job.ts for job in group for _ in job.drafts])
    answers, start = [], 0
    for job in group:
        end = start + len(job.drafts)
        answers.append(outcomes[start:end])
        start = end
    return answers
