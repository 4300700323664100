"""Many small questions, one query."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from hubbub.errors import StoreUnavailable
from hubbub.store.coalesce import Coalesced


class Engine:
    """Answers with ten times what it is asked, when it is let."""

    def __init__(self) -> None:
        self.queries: list[list[int]] = []
        self.go_on = asyncio.Event()
        self.begun = asyncio.Event()

    async def run(self, numbers: Sequence[int]) -> list[int]:
        self.queries.append(list(numbers))
        self.begun.set()
        await self.go_on.wait()
        if 0 in numbers:
            raise ZeroDivisionError
        return [number * 10 for number in numbers]


@pytest.fixture
def engine() -> Engine:
    return Engine()


async def test_what_is_asked_while_a_query_runs_goes_together_in_the_next(engine: Engine) -> None:
    coalesced = Coalesced(engine.run)
    asked = [asyncio.create_task(coalesced.ask(number)) for number in range(1, 6)]
    await engine.begun.wait()
    engine.go_on.set()

    assert await asyncio.gather(*asked) == [10, 20, 30, 40, 50]
    assert engine.queries == [[1], [2, 3, 4, 5]]
    assert await coalesced.ask(6) == 60


async def test_an_error_goes_to_those_who_asked_with_it(engine: Engine) -> None:
    coalesced = Coalesced(engine.run)
    asked = [asyncio.create_task(coalesced.ask(number)) for number in (1, 0, 2)]
    await engine.begun.wait()
    engine.go_on.set()

    outcomes = await asyncio.gather(*asked, return_exceptions=True)
    assert outcomes[0] == 10
    assert [type(outcome) for outcome in outcomes[1:]] == [ZeroDivisionError] * 2
    with pytest.raises(ZeroDivisionError):
        await coalesced.ask(0)
    assert await coalesced.ask(3) == 30


async def test_who_is_cancelled_hinders_nobody(engine: Engine) -> None:
    coalesced = Coalesced(engine.run)
    first, second, third = (asyncio.create_task(coalesced.ask(number)) for number in (1, 2, 3))
    await engine.begun.wait()
    await asyncio.sleep(0)  # let the others ask
    first.cancel()
    second.cancel()
    engine.go_on.set()

    assert await third == 30
    assert await coalesced.ask(4) == 40


async def test_close_waits_for_what_was_asked(engine: Engine) -> None:
    coalesced = Coalesced(engine.run)
    asked = [asyncio.create_task(coalesced.ask(number)) for number in (1, 2)]
    await engine.begun.wait()
    closing = [asyncio.create_task(coalesced.close()) for _ in range(2)]
    await asyncio.sleep(0)  # let them begin
    with pytest.raises(StoreUnavailable):
        await coalesced.ask(3)
    assert not any(task.done() for task in closing)
    engine.go_on.set()

    await asyncio.gather(*closing)
    assert all(task.done() for task in asked)
    assert [task.result() for task in asked] == [10, 20]
    await coalesced.close()
