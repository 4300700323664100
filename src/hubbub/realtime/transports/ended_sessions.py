"""What clients that were not asking at that moment are told about the end of their long-polling sessions."""

from __future__ import annotations

import asyncio
from typing import Final

SECONDS: Final = 10.0
"""How long a client may ask why its session has ended."""

_SESSIONS_MAX: Final = 1000


class EndedSessions:
    """The last words of sessions that are over, by sid, for some seconds. The oldest make room for new ones."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._words: dict[str, tuple[bytes, asyncio.TimerHandle]] = {}

    def __len__(self) -> int:
        return len(self._words)

    def keep(self, sid: str, words: bytes) -> None:
        if len(self._words) >= _SESSIONS_MAX:
            self.take(next(iter(self._words)))
        self._words[sid] = (words, self._loop.call_later(SECONDS, self.take, sid))

    def take(self, sid: str) -> bytes | None:
        """The words, once; None when there are none."""
        found = self._words.pop(sid, None)
        if found is None:
            return None
        found[1].cancel()
        return found[0]
