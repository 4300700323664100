"""Limits how often something may be tried."""

from __future__ import annotations

from collections import OrderedDict

from msgspec import Struct


class Rate(Struct, frozen=True):
    """`burst` at once, then one every `refill_seconds`."""

    burst: int
    refill_seconds: float


class Buckets:
    """One token bucket per key, in bounded memory.

    A full bucket is the same as none, so only keys that were used lately are kept. When there are more than `keys`
    of them, the one that was used longest ago is forgotten: it is full again.
    """

    def __init__(self, rate: Rate, *, keys: int = 100_000) -> None:
        self._rate = rate
        self._refill_ms = rate.refill_seconds * 1000
        self._keys = keys
        self._levels: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._levels)

    def has(self, key: str, now_ms: int) -> bool:
        """Whether `take` would succeed."""
        return self._level(key, now_ms) >= 1

    def take(self, key: str, now_ms: int) -> bool:
        """Use one token; False, and nothing used, when there is none."""
        level = self._level(key, now_ms)
        if level < 1:
            return False
        self._set(key, level - 1, now_ms)
        return True

    def give_back(self, key: str, now_ms: int) -> None:
        """The attempt was a good one: it does not count."""
        self._set(key, self._level(key, now_ms) + 1, now_ms)

    def _level(self, key: str, now_ms: int) -> float:
        known = self._levels.get(key)
        if known is None:
            return float(self._rate.burst)
        level, then_ms = known
        # A clock that was set back must not take tokens away.
        return min(float(self._rate.burst), level + max(0, now_ms - then_ms) / self._refill_ms)

    def _set(self, key: str, level: float, now_ms: int) -> None:
        if level >= self._rate.burst:
            self._levels.pop(key, None)
            return
        self._levels[key] = (level, now_ms)
        self._levels.move_to_end(key)
        if len(self._levels) > self._keys:
            self._levels.popitem(last=False)
