"""Clients take turns."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable

import pytest

from hubbub.errors import ShuttingDown, TooManyAttempts
from hubbub.identity.fair_queue import FairQueue


class Gate:
    """Work that lasts until the test lets it go, and notes its turn."""

    def __init__(self) -> None:
        self.order: list[str] = []
        self.open = threading.Event()

    def pass_as(self, name: str) -> Callable[[], str]:
        def work() -> str:
            self.open.wait()
            self.order.append(name)
            return name

        return work


@pytest.fixture
async def queue() -> AsyncIterator[FairQueue]:
    queue = FairQueue("test", threads=1, per_client=4, in_all=6)
    yield queue
    await queue.close()


@pytest.fixture
def gate() -> Gate:
    return Gate()


async def begin(queue: FairQueue, gate: Gate, *names: str) -> list[asyncio.Task[str]]:
    """Ask for work; the client is the name's first letter."""
    tasks = [asyncio.create_task(queue.run(name[0], gate.pass_as(name))) for name in names]
    await asyncio.sleep(0)
    return tasks


async def outcomes(tasks: list[asyncio.Task[str]]) -> list[str]:
    return [
        one if isinstance(one, str) else type(one).__name__
        for one in await asyncio.gather(*tasks, return_exceptions=True)
    ]


async def test_one_who_asks_for_much_waits_behind_itself(queue: FairQueue, gate: Gate) -> None:
    tasks = await begin(queue, gate, "a1", "a2", "a3", "b1", "c1", "b2")
    gate.open.set()
    await outcomes(tasks)
    assert gate.order == ["a1", "a2", "b1", "c1", "a3", "b2"]


async def test_a_client_can_not_fill_it(queue: FairQueue, gate: Gate) -> None:
    tasks = await begin(queue, gate, *(f"a{number}" for number in range(8)), "b1")
    gate.open.set()
    assert await outcomes(tasks) == ["a0", "a1", "a2", "a3", "a4", *["TooManyAttempts"] * 3, "b1"]


async def test_a_newcomer_takes_the_place_of_who_has_most(queue: FairQueue, gate: Gate) -> None:
    first = await begin(queue, gate, "a0", "a1", "a2", "a3", "a4", "b1", "b2")
    newcomers = await begin(queue, gate, "c1", "d1", "e1", "f1", "g1")
    gate.open.set()
    assert await outcomes(first) == ["a0", "a1", *["TooManyAttempts"] * 3, "b1", "TooManyAttempts"]
    assert await outcomes(newcomers) == ["c1", "d1", "e1", "f1", "TooManyAttempts"]


async def test_one_client_leaves_a_thread_to_the_others(gate: Gate) -> None:
    queue = FairQueue("test", threads=2, per_client=4, in_all=6)
    slow = await begin(queue, gate, "a1", "a2")
    assert await queue.run("b", lambda: "at once") == "at once"
    assert gate.order == []
    gate.open.set()
    await outcomes(slow)
    await queue.close()


async def test_work_that_nobody_waits_for_any_more_is_not_done(queue: FairQueue, gate: Gate) -> None:
    first, given_up, last = await begin(queue, gate, "a1", "a2", "a3")
    given_up.cancel()
    gate.open.set()
    await outcomes([first, given_up, last])
    assert gate.order == ["a1", "a3"]


async def test_an_error_is_its_callers(queue: FairQueue) -> None:
    with pytest.raises(ZeroDivisionError):
        await queue.run("a", lambda: 1 // 0)
    assert await queue.run("a", lambda: 1) == 1


async def test_what_was_asked_for_is_done_before_the_end(gate: Gate) -> None:
    queue = FairQueue("test", threads=1, per_client=4, in_all=6)
    tasks = await begin(queue, gate, "a1", "a2")
    closing = asyncio.create_task(queue.close())
    await asyncio.sleep(0)
    with pytest.raises(ShuttingDown):
        await queue.run("b", lambda: 1)
    gate.open.set()
    await closing
    assert await outcomes(tasks) == ["a1", "a2"]


async def test_a_refusal_says_when_to_come_back(queue: FairQueue, gate: Gate) -> None:
    tasks = await begin(queue, gate, *(f"a{number}" for number in range(5)))
    with pytest.raises(TooManyAttempts) as refused:
        await queue.run("a", lambda: 1)
    assert refused.value.retry_after_seconds
    gate.open.set()
    await outcomes(tasks)
