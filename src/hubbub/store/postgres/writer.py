"""The one connection of a node that writes, with group commit.

What arrives while a commit is running forms the next group, in the order of the calls. Appends of many callers become
one statement (docs/decisions/0005-postgresql.md). Nodes meet in the database only: there the rows of the rooms are
locked in one order.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Any, TypeVar

import asyncpg

from hubbub.errors import StoreUnavailable
from hubbub.store.protocols import Appended, Draft, Refused

from .pool import Pool, Work
from .session import Connection
from .texts import texts

T = TypeVar("T")

GROUP_ROWS = 2_000
"""A group ends at this many messages, so that the first caller in it does not wait for all the others."""

GROUP_CHARACTERS = 4_000_000

_APPEND = "SELECT outcome, seq, ts FROM append_messages($1, $2, $3, $4, $5)"
_STORED, _REPEAT, _UNKNOWN_ROOM = 0, 1, 2


class _Job:
    """One caller's write: either `work`, or `drafts` to append."""

    __slots__ = ("drafts", "future", "work")

    def __init__(self, future: asyncio.Future[Any], work: Work[Any] | None, drafts: Sequence[Draft]) -> None:
        self.future = future
        self.work = work
        self.drafts = drafts

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
        return self._submit(work, ())

    def append(self, drafts: Sequence[Draft]) -> asyncio.Future[list[Appended | Refused]]:
        """Append messages in the next group."""
        return self._submit(None, drafts)

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

    def _submit(self, work: Work[Any] | None, drafts: Sequence[Draft]) -> asyncio.Future[Any]:
        if not self._open:
            raise StoreUnavailable
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._jobs.append(_Job(future, work, drafts))
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
    return len(job.drafts), sum(len(draft.text) for draft in job.drafts)


async def _statement(connection: Connection, group: list[_Job]) -> list[Any]:
    first = group[0]
    if first.work is not None:
        return [await first.work(connection)]
    drafts = first.drafts if len(group) == 1 else [draft for job in group for draft in job.drafts]
    outcomes = await _append(connection, drafts)
    answers, start = [], 0
    for job in group:
        end = start + len(job.drafts)
        answers.append(outcomes[start:end])
        start = end
    return answers


async def _append(connection: Connection, drafts: Sequence[Draft]) -> list[Appended | Refused]:
    rows = await connection.fetch(
        _APPEND,
        texts(draft.room for draft in drafts),
        [draft.sender_id for draft in drafts],
        texts(draft.nonce for draft in drafts),
        [draft.ts for draft in drafts],
        texts(draft.text for draft in drafts),
    )
    return [_outcome(code, seq, ts) for code, seq, ts in rows]


def _outcome(code: int, seq: int, ts: int) -> Appended | Refused:
    if code == _STORED:
        return Appended(seq, ts)
    if code == _REPEAT:
        return Appended(seq, ts, repeat=True)
    return _UNKNOWN if code == _UNKNOWN_ROOM else _FORBIDDEN


_UNKNOWN = Refused("unknown_room")
_FORBIDDEN = Refused("room_forbidden")
