"""Does work grow with its input, or with the square of it?"""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

FACTOR: Final = 8
"""By how much the larger input is larger: linear work then takes 8 times as long, quadratic work 64 times."""

LIMIT: Final = 24.0
"""Half-way between the two, as factors go. Each figure is the best of several, in CPU time of this thread alone."""


class Stopwatch:
    """Adds up the CPU seconds that the event loop's thread needs in what it times."""

    def __init__(self) -> None:
        self.seconds = 0.0

    @contextmanager
    def running(self) -> Iterator[None]:
        gc.collect()
        gc.disable()
        begun = time.thread_time()
        try:
            yield
        finally:
            self.seconds += time.thread_time() - begun
            gc.enable()


def check(small: list[float], large: list[float]) -> None:
    """The times of an input, and those of one `FACTOR` times as large."""
    ratio = min(large) / min(small)
    assert ratio < LIMIT, f"{FACTOR} times the input takes {ratio:.1f} times the work: {min(small):.6f} s at first"
