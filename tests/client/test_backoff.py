"""Delays grow, never beyond the cap, and are spread over the whole interval."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubbub.client import Backoff


def test_limits_double_up_to_the_cap() -> None:
    backoff = Backoff()
    assert [backoff.limit_seconds(attempt) for attempt in range(8)] == [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0]


@given(st.integers(0, 10_000), st.floats(0.0, 1.0, exclude_max=True))
def test_the_delay_is_a_part_of_the_limit(attempt: int, drawn: float) -> None:
    backoff = Backoff()
    delay = backoff.delay_seconds(attempt, lambda: drawn)
    assert delay == drawn * backoff.limit_seconds(attempt)
    assert 0.0 <= delay <= 30.0


@pytest.mark.parametrize(("base", "cap"), [(-1.0, 1.0), (2.0, 1.0)])
def test_refuses_nonsense(base: float, cap: float) -> None:
    with pytest.raises(ValueError, match="base_seconds"):
        Backoff(base, cap)
