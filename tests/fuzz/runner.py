"""Gives a parser one input after another, and watches what it throws, holds and keeps."""

from __future__ import annotations

import gc
import time
import tracemalloc
from typing import Any, Final

import hypothesis
from hypothesis import HealthCheck, Phase, given, settings

from .targets import Target

SLOW_SECONDS: Final = 5.0
"""CPU time for one input of a few kilobytes. Generous: it is to find what grows with the square of its input."""

KEPT_BYTES: Final = 500_000
"""What a parser's modules may hold after any number of inputs: caches with a bound."""

OURS: Final = ("*/hubbub/*",)


class Bad(Exception):
    """An input showed a bug that is no exception of the parser's own."""


class Run:
    """One target, over and over. Needs tracemalloc to be tracing.

    Attributes:
        inputs: how many have been tried.
        peak_bytes: the most that one of them cost.
        kept_bytes: what the watched files held at last, beyond what they held at first.
    """

    def __init__(self, target: Target, *, watched: tuple[str, ...] = OURS) -> None:
        self.target = target
        self.inputs = 0
        self.peak_bytes = 0
        self.kept_bytes = 0
        self._filters = [tracemalloc.Filter(inclusive=True, filename_pattern=pattern) for pattern in watched]
        self._at_first = self._held()

    def turn(self, seed: int, inputs: int) -> None:
        """Try inputs that follow from the seed. Raises what the parser raised, shrunk and with its input, or Bad."""

        @hypothesis.seed(seed)
        @settings(
            max_examples=inputs,
            database=None,
            deadline=None,
            phases=(Phase.generate, Phase.shrink),
            suppress_health_check=list(HealthCheck),
        )
        @given(self.target.inputs)
        def meets(value: Any) -> None:
            self._try(value)

        meets()
        self.kept_bytes = self._held() - self._at_first
        if self.kept_bytes > KEPT_BYTES:
            raise Bad(f"keeps {self.kept_bytes:,} bytes after {self.inputs:,} inputs")

    def _try(self, value: Any) -> None:
        self.inputs += 1
        tracemalloc.reset_peak()
        before, _ = tracemalloc.get_traced_memory()
        began = time.process_time()
        self.target.run(value)
        seconds = time.process_time() - began
        _, peak = tracemalloc.get_traced_memory()
        self.peak_bytes = max(self.peak_bytes, peak - before)
        if peak - before > self.target.peak_bytes:
            raise Bad(f"held {peak - before:,} bytes for one input")
        if seconds > SLOW_SECONDS:
            raise Bad(f"took {seconds:.1f} s for one input")

    def _held(self) -> int:
        gc.collect()
        snapshot = tracemalloc.take_snapshot().filter_traces(self._filters)
        return sum(trace.size for trace in snapshot.traces)
