"""`hubbub serve` whose wall clock jumps: `python -m tests.support.serve_with_jumping_clock serve …`."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable
from typing import Final

import hubbub.app
from hubbub.cli import main

SPREAD_MS: Final = 3_600_000
"""At most so far from the truth, in either direction."""

EVERY_SECONDS: Final = 0.5


def jumping_clock(seed: int) -> Callable[[], int]:
    """Unix milliseconds that are right at first, and are set to something else twice a second."""
    chance = random.Random(seed)
    offset_ms, jumps_at = 0, time.monotonic() + EVERY_SECONDS

    def now_ms() -> int:
        nonlocal offset_ms, jumps_at
        if time.monotonic() > jumps_at:
            jumps_at = time.monotonic() + EVERY_SECONDS
            offset_ms = chance.randint(-SPREAD_MS, SPREAD_MS)
        return time.time_ns() // 1_000_000 + offset_ms

    return now_ms


if __name__ == "__main__":
    hubbub.app.wall_clock_ms = jumping_clock(os.getpid())
    main()
