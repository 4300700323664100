"""Token buckets."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hubbub.identity.bucket import Buckets, Rate

RATE = Rate(burst=3, refill_seconds=10)


def test_a_burst_then_one_per_refill() -> None:
    buckets = Buckets(RATE)

    assert [buckets.take("ada", 0) for _ in range(4)] == [True, True, True, False]
    assert not buckets.take("ada", 9_999)
    assert buckets.take("ada", 10_000)
    assert not buckets.take("ada", 19_999)


def test_keys_do_not_share() -> None:
    buckets = Buckets(Rate(1, 10))

    assert buckets.take("ada", 0)
    assert not buckets.take("ada", 0)
    assert buckets.take("bob", 0)


def test_has_uses_nothing() -> None:
    buckets = Buckets(Rate(1, 10))

    assert buckets.has("ada", 0)
    assert buckets.has("ada", 0)
    buckets.take("ada", 0)
    assert not buckets.has("ada", 0)


def test_what_is_given_back_can_be_taken_again_but_not_more() -> None:
    buckets = Buckets(Rate(1, 10))

    buckets.take("ada", 0)
    buckets.give_back("ada", 0)
    buckets.give_back("ada", 0)

    assert buckets.take("ada", 0)
    assert not buckets.take("ada", 0)


def test_a_clock_that_is_set_back_neither_gives_nor_takes() -> None:
    buckets = Buckets(RATE)
    buckets.take("ada", 100_000)
    buckets.take("ada", 100_000)

    assert buckets.take("ada", 0)
    assert not buckets.take("ada", 0)


def test_memory_is_bounded() -> None:
    buckets = Buckets(RATE, keys=10)

    for number in range(100):
        buckets.take(str(number), 0)

    assert len(buckets) == 10


def test_a_full_bucket_is_not_kept() -> None:
    buckets = Buckets(RATE)

    buckets.take("ada", 0)
    buckets.give_back("ada", 0)

    assert len(buckets) == 0


@given(st.lists(st.integers(0, 30_000), max_size=60))
def test_no_window_lets_more_through_than_burst_and_refill(pauses: list[int]) -> None:
    buckets = Buckets(RATE)
    now_ms, taken = 0, []
    for pause in pauses:
        now_ms += pause
        if buckets.take("ada", now_ms):
            taken.append(now_ms)

    for first, start in enumerate(taken):
        for count, end in enumerate(taken[first:], start=1):
            assert count <= RATE.burst + (end - start) / 10_000 + 1e-6
