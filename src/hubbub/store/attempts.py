"""Token buckets and marks, as both engines settle them: read the rows, compute here, write what has changed.

Engines settle many attempts in one transaction, one after the other.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from msgspec import Struct

SWEPT_ROWS: Final = 100
"""So many rows that no longer count go with each transaction: more than it can add."""


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


class Row(NamedTuple):
    """`level` tokens at `at_ms`; from `until_ms` on it is as if there were no row."""

    level: float
    at_ms: int
    until_ms: int


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
        self._put(mark, Row(0, self._now_ms, until_ms))

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
        self._put(bucket.key, Row(level, self._now_ms, full_ms))

    def _put(self, key: bytes, row: Row) -> None:
        self._rows[key] = self.changed[key] = row


class Question(Struct, frozen=True):
    """One thing that is asked of the table; several go together. Which fields count is told by the first two."""

    now_ms: int
    attempt: Attempt | None = None
    give_back: tuple[Bucket, ...] = ()
    mark: bytes | None = None
    until_ms: int = 0

    @property
    def keys(self) -> list[bytes]:
        given = [bucket.key for bucket in self.give_back]
        return given if self.attempt is None else given + self.attempt.keys


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
