"""Rates of work: a token bucket whose debt is paid by waiting.

One unit of work is one small command or frame. What is worth less to anybody costs more, so that a client that does
only that is slowed down long before one that speaks.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

CONTROL_UNITS: Final = 10
"""A ping, a pong, an acknowledgement that nobody asked for."""

REFUSED_UNITS: Final = 100
"""A command that was refused."""

FREE_UNITS: Final = 200
"""Done between two heartbeats without looking at a clock: nearly all connections need no more."""

_PATIENCE_SECONDS: Final = 15.0
_PAUSE_SECONDS: Final = 1.0


class Rate(Struct, frozen=True):
    """`burst_units` at once, then `units_per_second`."""

    units_per_second: float
    burst_units: float

    @classmethod
    def of(cls, units_per_second: float, burst_seconds: float = 2.0) -> Rate | None:
        """None: there is no limit, which is what 0 means in a setting."""
        return cls(units_per_second, units_per_second * burst_seconds) if units_per_second else None


class Meter:
    """What somebody has used of a rate."""

    __slots__ = ("_at", "_level", "_rate")

    def __init__(self, rate: Rate, now: float) -> None:
        self._rate = rate
        self._level = rate.burst_units
        self._at = now

    def spend(self, units: float, now: float) -> float:
        """Use units, which can't be refused any more. Seconds until the debt is paid; 0: there is none.

        `now`: seconds of any clock that does not go back.
        """
        rate = self._rate
        level = self._level + (now - self._at) * rate.units_per_second
        level = min(level, rate.burst_units)
        self._level = level = level - units
        self._at = now
        return 0.0 if level >= 0 else -level / rate.units_per_second

    def take(self, units: float, now: float) -> float:
        """Use units only when they are there: 0. Otherwise the seconds until they will be, and nothing is used."""
        rate = self._rate
        level = min(rate.burst_units, self._level + (now - self._at) * rate.units_per_second)
        if level < units:
            return (units - level) / rate.units_per_second
        self._level, self._at = level - units, now
        return 0.0

    def full(self, now: float) -> bool:
        """Whether it is as good as new."""
        return self._level + (now - self._at) * self._rate.units_per_second >= self._rate.burst_units


class TransportMeter(Meter):
    """A connection's, which remembers for how long it has been slowed down. The times are those of the event loop.

    Attributes:
        noise: units spent on what is worth nothing since it was slowed down.
    """

    __slots__ = ("_since", "_total", "_until", "noise")

    def __init__(self, rate: Rate, now: float) -> None:
        super().__init__(rate, now)
        self.noise = 0
        self._total = 0
        self._since = 0.0  # slowed down without a pause
        self._until = float("-inf")  # read again

    def pay(self, units: int, now: float) -> float:
        """Use units. Seconds for which it is to be read no more, 0: none; infinity: it makes nothing but noise."""
        seconds = self.spend(units, now)
        if not seconds:
            return 0.0
        if now > self._until + _PAUSE_SECONDS:
            self._since = now
            self._total = self.noise = 0
        self._total += units
        self._until = now + seconds
        if now - self._since > _PATIENCE_SECONDS and self.noise * 2 > self._total:
            return float("inf")
        return seconds
