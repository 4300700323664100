"""How long to wait before the next attempt: exponential, with full jitter."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

BASE_SECONDS: Final = 0.5
CAP_SECONDS: Final = 30.0


class Backoff:
    """Delays drawn evenly from 0 to `base_seconds` * 2**attempt, at most `cap_seconds`.

    Full jitter spreads the clients of a restarted server over the whole interval: they don't come back as one wave.
    """

    def __init__(self, base_seconds: float = BASE_SECONDS, cap_seconds: float = CAP_SECONDS) -> None:
        if base_seconds < 0 or cap_seconds < base_seconds:
            raise ValueError("0 <= base_seconds <= cap_seconds")
        self.base_seconds = base_seconds
        self.cap_seconds = cap_seconds

    def limit_seconds(self, attempt: int) -> float:
        """The longest delay before this attempt; the first one is attempt 0."""
        return min(self.cap_seconds, self.base_seconds * 2.0 ** min(attempt, 64))

    def delay_seconds(self, attempt: int, random: Callable[[], float]) -> float:
        """The delay before this attempt; `random` gives 0 <= x < 1."""
        return random() * self.limit_seconds(attempt)
