"""What a generator process and its parent share: the parent's word, and the process's counters."""

from __future__ import annotations

import os
from collections.abc import MutableSequence
from typing import Any

from .plan import Counter


class GeneratorError(Exception):
    """The load can't go on; one line that says why."""


class Board:
    """The process's end of it.

    Args:
        counters, phase: in shared memory (see `Counter` and `Phase`).

    Attributes:
        counts: what `publish` shows to the parent.
    """

    def __init__(self, counters: MutableSequence[int], phase: Any) -> None:
        self._counters = counters
        self._phase = phase
        self._parent = os.getppid()
        self.counts = [0] * Counter.SIZE

    @property
    def phase(self) -> int:
        """The parent's word."""
        return int(self._phase.value)

    def publish(self) -> None:
        """Show the counts. Raises GeneratorError when there is nobody to see them."""
        self._counters[:] = self.counts
        if os.getppid() != self._parent:
            raise GeneratorError("the bench has ended")
