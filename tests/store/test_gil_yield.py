"""A saturated event loop lets the store's threads run."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from hubbub.store.sqlite import SqliteStore
from hubbub.store.sqlite.gil_yield import Turns
from tests.contracts.people import say, team


class Sleeper:
    def __init__(self) -> None:
        self.count = 0
        self.slept = asyncio.Event()

    def __call__(self, seconds: float) -> None:
        self.count += 1
        self.slept.set()


async def test_the_loop_steps_aside_as_long_as_something_is_outstanding() -> None:
    sleeper = Sleeper()
    turns = Turns(sleeper)
    loop = asyncio.get_running_loop()

    turns.begin(loop)
    turns.begin(loop)
    turns.end(1)
    for _ in range(3):
        await sleeper.slept.wait()
        sleeper.slept.clear()
    turns.end(1)
    count = sleeper.count
    await asyncio.sleep(0.01)  # ten times what it would take

    assert sleeper.count == count


async def test_what_is_done_at_once_costs_nothing() -> None:
    sleeper = Sleeper()
    turns = Turns(sleeper)

    turns.begin(asyncio.get_running_loop())
    turns.end(1)
    await asyncio.sleep(0.01)

    assert sleeper.count == 0


async def test_appends_go_on_beside_a_loop_that_never_rests(tmp_path: Path) -> None:
    """Without turns this takes minutes: the writer's thread hardly ever gets the interpreter's lock."""
    store = SqliteStore(tmp_path / "hubbub.db")
    await store.open()
    [ada] = await team(store, "ada")
    loop = asyncio.get_running_loop()
    busy = True

    def burn() -> None:
        until = time.perf_counter() + 0.001
        while time.perf_counter() < until:
            pass
        if busy:
            loop.call_soon(burn)

    burn()
    async with asyncio.timeout(30):
        for number in range(50):
            await say(store, ada, str(number))
    busy = False
    await store.close()
