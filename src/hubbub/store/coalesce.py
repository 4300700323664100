"""Many small questions, one query."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from hubbub.errors import StoreUnavailable

K = TypeVar("K")
V = TypeVar("V")


class Coalesced(Generic[K, V]):
    """Asks for one thing at a time; what is asked while a query runs goes together in the next.

    When thousands of clients come back at once, each query is a hop to another thread or machine and back. Together
    they need a few hops. Who asks alone runs the query itself: a task for it would cost as much again (100 µs on a busy
    machine). Used on one event loop.
    """

    def __init__(self, run: Callable[[Sequence[K]], Awaitable[Sequence[V]]]) -> None:
        """`run` answers all questions, in their order. Its error goes to all who asked."""
        self._run = run
        self._asked: list[tuple[K, asyncio.Future[V]]] = []
        self._task: asyncio.Task[None] | None = None
        self._running = False
        self._closing: asyncio.Future[None] | None = None
        self._open = True

    async def ask(self, key: K) -> V:
        if not self._open:
            raise StoreUnavailable
        if not self._running:
            self._running = True
            try:
                [answer] = await self._run([key])
            finally:
                self._go_on()
            return answer
        future: asyncio.Future[V] = asyncio.get_running_loop().create_future()
        self._asked.append((key, future))
        return await future

    async def close(self) -> None:
        """Answer what was asked; nothing more can be."""
        self._open = False
        if self._running:
            if self._closing is None:
                self._closing = asyncio.get_running_loop().create_future()
            await asyncio.shield(self._closing)

    def _go_on(self) -> None:
        """A query has ended: the next one is of all who have asked meanwhile."""
        if self._asked:
            self._task = asyncio.create_task(self._answer())
            return
        self._running = False
        self._task = None
        if self._closing is not None and not self._closing.done():
            self._closing.set_result(None)

    async def _answer(self) -> None:
        asked, self._asked = self._asked, []
        try:
            answers = await self._run([key for key, _ in asked])
        except Exception as error:  # noqa: BLE001  it belongs to those who asked
            for _, future in asked:
                if not future.done():
                    future.set_exception(error)
        else:
            for (_, future), answer in zip(asked, answers, strict=True):
                if not future.done():
                    future.set_result(answer)
        finally:
            self._go_on()
