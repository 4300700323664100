"""Token buckets and marks that all nodes share, and that outlast a restart.

What is asked for at the same time is settled together: read the rows, compute here, write what has changed; from the
beginning when another node has changed one of them meanwhile.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from msgspec import Struct

from hubbub.errors import StoreUnavailable
from hubbub.store import Store
from hubbub.store.coalesce import Coalesced
from hubbub.store.records import TRIES, Change, Collection, Conflict


class Bucket(Struct, frozen=True, gc=False):
    """`burst` at once, then one every `refill_ms`."""

    key: bytes
    burst: int
    refill_ms: float


class Attempt(Struct, frozen=True):
    """Wants one token of each bucket, or none of any.

    Attributes:
        mark: when it stands, the buckets are `marked` in place of `buckets`.
    """

    buckets: tuple[Bucket, ...]
    mark: bytes | None = None
    marked: tuple[Bucket, ...] = ()

    @property
    def keys(self) -> list[bytes]:
        """All rows that matter to it."""
        marks = [] if self.mark is None else [self.mark]
        return [bucket.key for bucket in (*self.buckets, *self.marked)] + marks


class Outcome(Struct, frozen=True):
    """`wait_ms`: 0 when the tokens were taken, else how long until there is one in each bucket.

    `taken`: the buckets that counted.
    """

    wait_ms: int
    taken: tuple[Bucket, ...]


class Row(Struct, frozen=True):
    """`level` tokens at `at_ms`, a mark has none; from `until_ms` on it is as if there were no row."""

    key: bytes
    level: float
    at_ms: int
    until_ms: int


ATTEMPTS: Final = Collection("attempts", Row, key=("key",), expires="until_ms")


class Settled:
    """Rows as they are while attempts are settled. `changed`: those that have to be written."""

    def __init__(self, rows: Mapping[bytes, Row], now_ms: int) -> None:
        self._rows = dict(rows)
        self._now_ms = now_ms
        self.changed: dict[bytes, Row] = {}

    def attempt(self, attempt: Attempt) -> Outcome:
        buckets = attempt.marked if attempt.mark is not None and self._stands(attempt.mark) else attempt.buckets
        wait_ms = max((self._wait_ms(bucket) for bucket in buckets), default=0)
        if not wait_ms:
            for bucket in buckets:
                self._set(bucket, self._level(bucket) - 1)
        return Outcome(wait_ms, buckets)

    def give_back(self, buckets: Iterable[Bucket]) -> None:
        for bucket in buckets:
            self._set(bucket, self._level(bucket) + 1)

    def put_mark(self, mark: bytes, until_ms: int) -> None:
        self._put(Row(mark, 0, self._now_ms, until_ms))

    def _stands(self, mark: bytes) -> bool:
        row = self._rows.get(mark)
        return row is not None and row.until_ms > self._now_ms

    def _level(self, bucket: Bucket) -> float:
        row = self._rows.get(bucket.key)
        if row is None or row.until_ms <= self._now_ms:
            return bucket.burst
        # A clock that was set back must not take tokens away.
        return min(bucket.burst, row.level + max(0, self._now_ms - row.at_ms) / bucket.refill_ms)

    def _wait_ms(self, bucket: Bucket) -> int:
        return max(0, math.ceil((1 - self._level(bucket)) * bucket.refill_ms))

    def _set(self, bucket: Bucket, level: float) -> None:
        level = min(level, bucket.burst)
        full_ms = self._now_ms + math.ceil((bucket.burst - level) * bucket.refill_ms)
        self._put(Row(bucket.key, level, self._now_ms, full_ms))

    def _put(self, row: Row) -> None:
        self._rows[row.key] = self.changed[row.key] = row


class Question(Struct, frozen=True):
    """One thing that is asked of the table; several go together. Which fields count is told by the first two."""

    now_ms: int
    attempt: Attempt | None = None
    give_back: tuple[Bucket, ...] = ()
    mark: bytes | None = None
    until_ms: int = 0

    @property
    def keys(self) -> list[bytes]:
        marks = [] if self.mark is None else [self.mark]
        wanted = [] if self.attempt is None else self.attempt.keys
        return [bucket.key for bucket in self.give_back] + marks + wanted


def settle(questions: Sequence[Question], rows: Mapping[bytes, Row]) -> tuple[list[Outcome], dict[bytes, Row]]:
    """The answers, one for each question, and the rows to write."""
    settled = Settled(rows, max(question.now_ms for question in questions))
    outcomes = []
    for question in questions:
        settled.give_back(question.give_back)
        if question.mark is not None:
            settled.put_mark(question.mark, question.until_ms)
        outcomes.append(Outcome(0, ()) if question.attempt is None else settled.attempt(question.attempt))
    return outcomes, settled.changed


class SharedBuckets:
    """Calls that overlap share a transaction, and take effect in the order in which they were made."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._ask = Coalesced(self._settle)

    async def close(self) -> None:
        """Finish what was asked for."""
        await self._ask.close()

    async def take(self, attempt: Attempt, now_ms: int) -> Outcome:
        """Take a token of each bucket, or none of any. A bucket that nobody knows is full."""
        return await self._ask.ask(Question(now_ms, attempt))

    async def succeeded(self, buckets: Sequence[Bucket], mark: bytes | None, until_ms: int, now_ms: int) -> None:
        """Give a token back to each bucket, which holds no more than its burst; let the mark stand until `until_ms`."""
        await self._ask.ask(Question(now_ms, None, tuple(buckets), mark, until_ms))

    async def _settle(self, questions: Sequence[Question]) -> list[Outcome]:
        records = self._store.records
        keys = list({key for question in questions for key in question.keys})
        now_ms = max(question.now_ms for question in questions)
        for _ in range(TRIES):
            stored = await asyncio.gather(*(records.get(ATTEMPTS, key, now_ms=now_ms) for key in keys))
            there = {one.value.key: one for one in stored if one is not None}
            outcomes, changed = settle(questions, {key: one.value for key, one in there.items()})
            with contextlib.suppress(Conflict):
                changes = [Change(ATTEMPTS, row, there.get(key)) for key, row in changed.items()]
                await records.write(changes, now_ms=now_ms)
                return outcomes
        raise StoreUnavailable
