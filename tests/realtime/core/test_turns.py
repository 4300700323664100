"""Work beyond a budget: in turns, a slice of each turn of the loop for all together."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from hubbub.realtime.core.turns import SLICE_SECONDS, STEP_UNITS, Chore, Turns
from tests.realtime.conftest import spin


class Busy:
    """A worker with so many steps to do, each of which takes a tenth of a slice of the test's time."""

    def __init__(self, name: str, steps: int, said: list[str], clock: list[float]) -> None:
        self.name = name
        self.steps = steps
        self.said = said
        self.clock = clock

    def go_on(self) -> bool:
        self.said.append(self.name)
        self.clock[0] += SLICE_SECONDS / 10
        self.steps -= 1
        return self.steps > 0


@pytest.fixture
def clock() -> list[float]:
    return [0.0]


@pytest.fixture
async def turns(clock: list[float]) -> Turns:
    return Turns(asyncio.get_running_loop(), clock=lambda: clock[0])


async def test_they_take_turns_until_each_has_done_its_work(turns: Turns, clock: list[float]) -> None:
    said: list[str] = []
    turns.add(Busy("a", 3, said, clock))
    turns.add(Busy("b", 1, said, clock))
    turns.add(Busy("c", 2, said, clock))
    await spin(lambda: not len(turns))
    assert "".join(said) == "abcaca"
    assert turns.deferred == 3


async def test_a_turn_of_the_loop_spends_one_slice_however_many_have_more_to_do(
    turns: Turns, clock: list[float]
) -> None:
    said: list[str] = []
    for number in range(50):
        turns.add(Busy(str(number), 100, said, clock))
    await asyncio.sleep(0)
    seen = []
    for _ in range(20):
        before = len(said)
        await asyncio.sleep(0)
        seen.append(len(said) - before)
    assert set(seen) <= {9, 10, 11}
    assert said[:20] == [str(number) for number in range(20)]


async def test_who_comes_while_others_work_is_next_after_them(turns: Turns, clock: list[float]) -> None:
    said: list[str] = []

    class Inviting(Busy):
        def go_on(self) -> bool:
            if self.steps == 2:
                turns.add(Busy("new", 1, said, clock))
            return super().go_on()

    turns.add(Inviting("old", 2, said, clock))
    await spin(lambda: not len(turns))
    assert said == ["old", "new", "old"]


async def test_a_chore_does_little_at_once_and_lets_the_loop_go_on(turns: Turns, clock: list[float]) -> None:
    done = 0

    def steps() -> Iterator[None]:
        nonlocal done
        for _ in range(5 * STEP_UNITS):
            done += 1
            clock[0] += SLICE_SECONDS  # each step uses up a slice
            yield

    chore = asyncio.ensure_future(Chore(turns, asyncio.get_running_loop(), steps()).run())
    seen = set()
    while not chore.done():
        await asyncio.sleep(0)
        seen.add(done)
    assert done == 5 * STEP_UNITS
    assert max(b - a for a, b in zip(sorted(seen), sorted(seen)[1:], strict=False)) <= STEP_UNITS


async def test_what_a_step_of_a_chore_raises_reaches_the_caller(turns: Turns) -> None:
    def steps(good: int) -> Iterator[None]:
        yield from [None] * good
        raise ValueError("broken")

    for good in (0, STEP_UNITS + 1):
        with pytest.raises(ValueError, match="broken"):
            await Chore(turns, asyncio.get_running_loop(), steps(good)).run()


async def test_a_chore_ends_with_its_caller(turns: Turns, clock: list[float]) -> None:
    done = 0

    def steps() -> Iterator[None]:
        nonlocal done
        while True:
            done += 1
            yield

    chore = asyncio.ensure_future(Chore(turns, asyncio.get_running_loop(), steps()).run())
    await asyncio.sleep(0)
    chore.cancel()
    while turns:
        clock[0] += SLICE_SECONDS
        await asyncio.sleep(0)
    assert done < 10 * STEP_UNITS
