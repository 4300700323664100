"""Holds a copy up in the middle of a transaction."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from hubbub.store.postgres import PostgresStore
from tests.support.postgres import connected

_WAITS = """
SELECT EXISTS (SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'INSERT INTO events%')
"""


@asynccontextmanager
async def blocked(dsn: str) -> AsyncIterator[Callable[[], Awaitable[None]]]:
    """While the block lasts, a copy into this empty database stops in the log of the second room.

    Somebody else is about to put an event there: the copy waits for what becomes of it. Nothing will.
    """
    await PostgresStore(dsn).migrate()

    async def until_blocked() -> None:
        async with asyncio.timeout(60):
            while not await observer.fetchval(_WAITS):  # noqa: ASYNC110  the server can only be asked
                await asyncio.sleep(0.01)

    async with connected(dsn) as observer, connected(dsn) as other:
        transaction = other.transaction()
        await transaction.start()
        await other.execute("INSERT INTO events VALUES (2, 60, 1, 0, 0, 4, NULL, '')")
        try:
            yield until_blocked
        finally:
            await transaction.rollback()
