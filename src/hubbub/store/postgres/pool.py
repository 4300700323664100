"""A few connections, each used by one caller at a time."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeVar

from hubbub.errors import StoreUnavailable

from .failures import Unreachable, spoils, translate
from .session import Connection

_log = logging.getLogger(__name__)

T = TypeVar("T")
Work = Callable[[Connection], Awaitable[T]]

_GOODBYE_SECONDS = 1.0


class Pool:
    """Connections are made when they are needed, kept, and thrown away when they fail: the next caller gets a new one.

    Used on one event loop.
    """

    def __init__(self, make: Callable[[], Awaitable[Connection]], size: int, answer_seconds: float) -> None:
        """`make` raises Unreachable. A caller gets StoreUnavailable after `answer_seconds` at the latest."""
        self._make = make
        self._free = asyncio.Semaphore(size)
        self._answer_seconds = answer_seconds
        self._idle: list[Connection] = []
        self._running: set[asyncio.Task[object]] = set()
        self._open = True
        self._unreachable = False

    def submit(self, work: Work[T]) -> asyncio.Future[T]:
        """Run `work` on a connection; its result or its error, translated.

        It goes on when the caller is cancelled: to abandon a statement would cost the connection.
        """
        if not self._open:
            raise StoreUnavailable
        task = asyncio.create_task(self.run(work))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return asyncio.shield(task)

    async def run(self, work: Work[T]) -> T:
        """The same in the caller's own task."""
        try:
            async with asyncio.timeout(self._answer_seconds), self._lease() as connection:
                return await work(connection)
        except Exception as error:
            told = translate(error)
            if told is error:
                raise
            raise told from error

    async def close(self) -> None:
        """Finish what was submitted; nothing more can be."""
        self._open = False
        while self._running:
            await asyncio.wait(self._running)
        while self._idle:
            connection = self._idle.pop()
            with contextlib.suppress(Exception):
                await connection.close(timeout=_GOODBYE_SECONDS)
            if not connection.is_closed():
                connection.terminate()

    @contextlib.asynccontextmanager
    async def _lease(self) -> AsyncIterator[Connection]:
        async with self._free:
            connection = await self._connection()
            try:
                yield connection
            except BaseException as error:
                if spoils(error):
                    connection.terminate()
                raise
            finally:
                if not connection.is_closed():
                    self._idle.append(connection)

    async def _connection(self) -> Connection:
        while self._idle:
            connection = self._idle.pop()
            if not connection.is_closed():
                return connection
        try:
            connection = await self._make()
        except Unreachable as error:
            if not self._unreachable:
                _log.error("PostgreSQL can't be reached: %s", error)
            self._unreachable = True
            raise
        if self._unreachable:
            _log.info("PostgreSQL is reached again")
        self._unreachable = False
        return connection
