"""The contract of `AttemptStore`."""

from __future__ import annotations

import asyncio

from hubbub.store import Attempt, Bucket, Store

from .people import NOW

SECOND = 1_000
NAME = Bucket(b"name", 3, 10 * SECOND)
PLACE = Bucket(b"place", 1, 60 * SECOND)
MARK = b"mark"


async def waits(store: Store, *buckets: Bucket, now_ms: int = NOW, times: int = 1) -> list[int]:
    """How long each of so many attempts has to wait, made one after the other."""
    attempt = Attempt(buckets)
    return [(await store.attempts.take(attempt, now_ms)).wait_ms for _ in range(times)]


class AttemptContract:
    async def test_a_burst_then_one_per_refill(self, store: Store) -> None:
        assert await waits(store, NAME, times=5) == [0, 0, 0, 10 * SECOND, 10 * SECOND]
        assert await waits(store, NAME, now_ms=NOW + 9_999) == [1]
        assert await waits(store, NAME, now_ms=NOW + 10 * SECOND, times=2) == [0, 10 * SECOND]
        assert await waits(store, NAME, now_ms=NOW + 1_000 * SECOND, times=4) == [0, 0, 0, 10 * SECOND]

    async def test_all_or_none_are_taken(self, store: Store) -> None:
        assert await waits(store, NAME, PLACE, times=2) == [0, 60 * SECOND]
        assert await waits(store, NAME, times=3) == [0, 0, 10 * SECOND]

    async def test_attempts_at_once_take_no_more(self, store: Store) -> None:
        outcomes = await asyncio.gather(*(store.attempts.take(Attempt((NAME,)), NOW) for _ in range(20)))
        assert [outcome.wait_ms for outcome in outcomes] == [0] * 3 + [10 * SECOND] * 17

    async def test_what_is_given_back_can_be_taken_again_but_not_more(self, store: Store) -> None:
        await waits(store, NAME, PLACE)
        for _ in range(3):
            await store.attempts.succeeded((NAME, PLACE), None, 0, NOW)
        assert await waits(store, PLACE, times=2) == [0, 60 * SECOND]
        assert await waits(store, NAME, times=4) == [0, 0, 0, 10 * SECOND]

    async def test_a_mark_chooses_the_buckets_as_long_as_it_stands(self, store: Store) -> None:
        attempt = Attempt((PLACE,), MARK, (NAME,))
        assert (await store.attempts.take(attempt, NOW)).taken == (PLACE,)
        await store.attempts.succeeded((), MARK, NOW + SECOND, NOW)
        assert (await store.attempts.take(attempt, NOW + 999)).taken == (NAME,)
        later = await store.attempts.take(attempt, NOW + SECOND)
        assert (later.taken, later.wait_ms) == ((PLACE,), 59 * SECOND)

    async def test_a_clock_that_is_set_back_neither_gives_nor_takes(self, store: Store) -> None:
        await waits(store, NAME, times=2)
        assert await waits(store, NAME, now_ms=NOW - 100 * SECOND, times=2) == [0, 10 * SECOND]

    async def test_what_no_longer_counts_is_forgotten_for_good(self, store: Store) -> None:
        for number in range(50):
            await waits(store, Bucket(b"k%d" % number, 1, SECOND))
        await waits(store, NAME, now_ms=NOW + 5 * SECOND)
        assert await waits(store, Bucket(b"k7", 1, SECOND), now_ms=NOW + 5 * SECOND) == [0]
