"""Rates of work, and when somebody who is slowed down has had enough chances."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubbub.realtime import Meter, Rate
from hubbub.realtime.core.meter import TransportMeter

RATE = Rate(units_per_second=100, burst_units=200)


def test_no_rate_means_no_limit() -> None:
    assert Rate.of(0) is None
    assert Rate.of(100) == RATE


def test_a_burst_is_free_and_a_debt_takes_its_time() -> None:
    meter = Meter(RATE, now=0)
    assert meter.spend(200, now=0) == 0
    assert meter.spend(50, now=0) == pytest.approx(0.5)
    assert meter.spend(0, now=0.25) == pytest.approx(0.25)
    assert meter.spend(0, now=0.5) == 0
    assert not meter.full(now=2)
    assert meter.full(now=2.5)


def test_what_can_be_refused_is_taken_whole_or_not_at_all() -> None:
    meter = Meter(RATE, now=0)
    assert meter.take(150, now=0) == 0
    assert meter.take(150, now=0) == pytest.approx(1.0)
    assert meter.take(50, now=0) == 0
    assert meter.take(150, now=1.5) == 0


@given(st.lists(st.tuples(st.integers(0, 500), st.floats(0, 3)), max_size=50))
def test_nobody_gets_more_than_burst_and_rate(spent: list[tuple[int, float]]) -> None:
    """Who always waits as told has used at most burst + rate · time, and one piece more."""
    meter = Meter(RATE, now=0)
    now = total = 0.0
    for units, pause in spent:
        total += units
        now += meter.spend(units, now) + pause
        assert total <= RATE.burst_units + RATE.units_per_second * now + 1e-6


def slow_down(meter: TransportMeter, *, seconds: float, noise: float) -> float:
    """Twice the rate for so long, of which this share is noise; what the last payment said."""
    now, said = 100.0, 0.0
    while now < 100 + seconds:
        meter.noise += round(200 * noise)
        said = meter.pay(200, now)
        if said == math.inf:
            return said
        now += max(said, 0.5)
    return said


def test_who_speaks_too_fast_is_slowed_down_for_as_long_as_it_likes() -> None:
    assert 0 < slow_down(TransportMeter(RATE, 0), seconds=600, noise=0.3) < 10


def test_who_makes_nothing_but_noise_is_closed_in_the_end() -> None:
    assert slow_down(TransportMeter(RATE, 0), seconds=5, noise=1) < math.inf
    assert slow_down(TransportMeter(RATE, 0), seconds=60, noise=1) == math.inf


def test_a_pause_makes_good() -> None:
    meter = TransportMeter(RATE, 0)
    assert slow_down(meter, seconds=10, noise=1) < math.inf
    meter.noise += 500
    assert 0 < meter.pay(500, now=1000) < math.inf
