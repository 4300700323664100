"""While a connection is by a fallback: tries the better transports beside it, less and less often."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from .backoff import Backoff
from .transport import Transport


class Climber:
    """One for each connection. The connection is left alone until there is a better one.

    Args:
        find: a better connection over which the first frame has come; None: not now.
        pauses: before the attempts.
    """

    def __init__(
        self, find: Callable[[], Awaitable[Transport | None]], pauses: Backoff, random: Callable[[], float]
    ) -> None:
        self._find = find
        self._pauses = pauses
        self._random = random
        self._hurry = asyncio.Event()

    def hurry(self) -> None:
        """Don't wait out the present pause."""
        self._hurry.set()

    async def run(self) -> Transport:
        """Return the better connection, as soon as there is one."""
        attempt = 0
        while True:
            await self._pause(self._pauses.limit_seconds(attempt) * (0.5 + self._random()))
            found = await self._find()
            if found is not None:
                return found
            attempt += 1

    async def _pause(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._hurry.wait()
        except TimeoutError:
            pass
        self._hurry.clear()
