"""Log lines about what clients do: a few of each kind, however many there are who do it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final

LINES: Final = 10
"""Lines of one kind in a window."""

WINDOW_SECONDS: Final = 10.0

_KINDS_MAX: Final = 1000


class _Window:
    __slots__ = ("began", "left_out", "lines")

    def __init__(self, began: float) -> None:
        self.began = began
        self.lines = 0
        self.left_out = 0


class ThrottledLog:
    """Limits the rate of log lines by their kind.

    Args:
        now: a monotonic clock, seconds.
        lines, window_seconds: so many lines of each kind in so long.
    """

    def __init__(self, now: Callable[[], float], lines: int = LINES, window_seconds: float = WINDOW_SECONDS) -> None:
        self._now = now
        self._lines = lines
        self._window_seconds = window_seconds
        self._windows: dict[str, _Window] = {}

    def allowed(self, kind: str) -> str | None:
        """What a line of this kind ends with: nothing, or how many were left out before it. None: leave it out."""
        now = self._now()
        window = self._windows.get(kind)
        if window is None or now - window.began >= self._window_seconds:
            left_out = 0 if window is None else window.left_out
            if len(self._windows) >= _KINDS_MAX:
                self._windows.clear()
            window = self._windows[kind] = _Window(now)
            window.lines = 1
            return f" ({left_out} more before it)" if left_out else ""
        if window.lines >= self._lines:
            window.left_out += 1
            return None
        window.lines += 1
        return ""

    def info(self, logger: logging.Logger, kind: str, text: str, *values: object) -> None:
        """Log a line, unless there were too many of its kind. `kind`: one of few. `text`: as for `%`."""
        end = self.allowed(kind)
        if end is not None:
            logger.info("%s%s", text % values, end)
