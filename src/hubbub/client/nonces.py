"""The names of messages: ULIDs, so that those of one time stand together in the server's index."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

_DIGITS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_RANDOM_BYTES: Final = 10


class Nonces:
    """26 digits (Crockford's base 32): 48 bits of Unix milliseconds, 80 random ones. Later ones sort later.

    Args:
        now: Unix seconds.
    """

    def __init__(self, now: Callable[[], float], random_bytes: Callable[[int], bytes]) -> None:
        self._now = now
        self._random_bytes = random_bytes
        self._last_ms = 0

    def next(self) -> str:
        """One that was not given before. In one millisecond, or when the clock is set back, time goes on by one."""
        self._last_ms = max(int(self._now() * 1000), self._last_ms + 1)
        number = self._last_ms << 80 | int.from_bytes(self._random_bytes(_RANDOM_BYTES))
        return "".join(_DIGITS[number >> shift & 31] for shift in range(125, -1, -5))
