"""A clock that a test moves."""

from __future__ import annotations

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS


class Clock:
    def __init__(self) -> None:
        self.now_ms = 1_790_000_000_000

    def __call__(self) -> int:
        return self.now_ms

    def advance(self, *, days: float = 0, hours: float = 0, seconds: float = 0, ms: int = 0) -> None:
        self.now_ms += int(days * DAY_MS + hours * HOUR_MS + seconds * 1000) + ms
