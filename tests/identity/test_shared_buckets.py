"""Token buckets and marks that all nodes share."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from hubbub.errors import StoreUnavailable
from hubbub.identity.shared_buckets import ATTEMPTS, Attempt, Bucket, SharedBuckets
from hubbub.store.postgres import PostgresStore
from hubbub.store.sqlite import SqliteStore
from tests.contracts.people import NOW
from tests.support.postgres import postgres, postgres_dsn

__all__ = ["postgres", "postgres_dsn"]

SECOND = 1_000
NAME = Bucket(b"name", 3, 10 * SECOND)
PLACE = Bucket(b"place", 1, 60 * SECOND)
MARK = b"mark"


async def waits(shared: SharedBuckets, *buckets: Bucket, now_ms: int = NOW, times: int = 1) -> list[int]:
    """How long each of so many attempts has to wait, made one after the other."""
    attempt = Attempt(buckets)
    return [(await shared.take(attempt, now_ms)).wait_ms for _ in range(times)]


@pytest.fixture
async def shared(store: SqliteStore) -> AsyncIterator[SharedBuckets]:
    shared = SharedBuckets(store)
    yield shared
    await shared.close()


async def test_a_burst_then_one_per_refill(shared: SharedBuckets) -> None:
    assert await waits(shared, NAME, times=5) == [0, 0, 0, 10 * SECOND, 10 * SECOND]
    assert await waits(shared, NAME, now_ms=NOW + 9_999) == [1]
    assert await waits(shared, NAME, now_ms=NOW + 10 * SECOND, times=2) == [0, 10 * SECOND]
    assert await waits(shared, NAME, now_ms=NOW + 1_000 * SECOND, times=4) == [0, 0, 0, 10 * SECOND]


async def test_all_or_none_are_taken(shared: SharedBuckets) -> None:
    assert await waits(shared, NAME, PLACE, times=2) == [0, 60 * SECOND]
    assert await waits(shared, NAME, times=3) == [0, 0, 10 * SECOND]


async def test_attempts_at_once_take_no_more(shared: SharedBuckets) -> None:
    outcomes = await asyncio.gather(*(shared.take(Attempt((NAME,)), NOW) for _ in range(20)))
    assert [outcome.wait_ms for outcome in outcomes] == [0] * 3 + [10 * SECOND] * 17


async def test_what_is_given_back_can_be_taken_again_but_not_more(shared: SharedBuckets) -> None:
    await waits(shared, NAME, PLACE)
    for _ in range(3):
        await shared.succeeded((NAME, PLACE), None, 0, NOW)
    assert await waits(shared, PLACE, times=2) == [0, 60 * SECOND]
    assert await waits(shared, NAME, times=4) == [0, 0, 0, 10 * SECOND]


async def test_a_mark_chooses_the_buckets_as_long_as_it_stands(shared: SharedBuckets) -> None:
    attempt = Attempt((PLACE,), MARK, (NAME,))
    assert (await shared.take(attempt, NOW)).taken == (PLACE,)
    await shared.succeeded((), MARK, NOW + SECOND, NOW)
    assert (await shared.take(attempt, NOW + 999)).taken == (NAME,)
    later = await shared.take(attempt, NOW + SECOND)
    assert (later.taken, later.wait_ms) == ((PLACE,), 59 * SECOND)


async def test_a_clock_that_is_set_back_neither_gives_nor_takes(shared: SharedBuckets) -> None:
    await waits(shared, NAME, times=2)
    assert await waits(shared, NAME, now_ms=NOW - 100 * SECOND, times=2) == [0, 10 * SECOND]


async def test_what_no_longer_counts_is_forgotten_for_good(shared: SharedBuckets) -> None:
    for number in range(50):
        await waits(shared, Bucket(b"k%d" % number, 1, SECOND))
    await waits(shared, NAME, now_ms=NOW + 5 * SECOND)
    assert await waits(shared, Bucket(b"k7", 1, SECOND), now_ms=NOW + 5 * SECOND) == [0]


async def test_what_no_longer_counts_is_deleted(shared: SharedBuckets, store: SqliteStore) -> None:
    for number in range(300):
        await waits(shared, Bucket(b"old%d" % number, 1, SECOND))
    for number in range(101):
        await waits(shared, Bucket(b"new%d" % number, 1, SECOND), now_ms=NOW + 5 * SECOND)
    assert await store.records.count(ATTEMPTS) == 101


async def test_attempts_on_two_nodes_take_no_more_together(postgres_dsn: str) -> None:
    async with AsyncExitStack() as stack:
        nodes = []
        for _ in range(2):
            store = PostgresStore(postgres_dsn)
            await store.open()
            stack.push_async_callback(store.close)
            nodes.append(SharedBuckets(store))
            stack.push_async_callback(nodes[-1].close)

        async def one_after_the_other(node: SharedBuckets) -> list[int]:
            return await waits(node, NAME, PLACE, times=10) + await waits(node, NAME, times=10)

        outcomes = await asyncio.gather(*(one_after_the_other(node) for node in nodes))

    assert sorted(outcome for outcomes_of_node in outcomes for outcome in outcomes_of_node).count(0) == NAME.burst


async def test_after_the_end_nobody_is_asked(shared: SharedBuckets) -> None:
    await shared.close()
    with pytest.raises(StoreUnavailable):
        await shared.take(Attempt((NAME,)), NOW)
