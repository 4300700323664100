"""Looking for a better transport: less and less often, and at once when somebody asks."""

from __future__ import annotations

import asyncio

import pytest

from hubbub.client import Backoff
from hubbub.client.climber import Climber
from hubbub.client.transport import Transport, TransportName

from .test_ladder import Open


async def test_the_pauses_grow(monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []

    async def find() -> Transport | None:
        return None if len(pauses) < 8 else Open(TransportName.WEBSOCKET)

    climber = Climber(find, Backoff(10.0, 300.0), lambda: 0.25)

    async def pause(seconds: float) -> None:
        pauses.append(seconds)

    monkeypatch.setattr(climber, "_pause", pause)
    assert (await climber.run()).name is TransportName.WEBSOCKET
    assert pauses == [7.5, 15.0, 30.0, 60.0, 120.0, 225.0, 225.0, 225.0]


async def test_a_pause_may_be_cut_short() -> None:
    looks: asyncio.Queue[None] = asyncio.Queue()

    async def find() -> Transport | None:
        looks.put_nowait(None)
        return None

    climber = Climber(find, Backoff(3_600.0, 3_600.0), lambda: 0.5)
    climbing = asyncio.create_task(climber.run())
    for _ in range(3):
        climber.hurry()
        await looks.get()
    climbing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await climbing
    assert looks.empty()


async def test_pauses_end_by_themselves() -> None:
    left = 3

    async def find() -> Transport | None:
        nonlocal left
        left -= 1
        return None if left else Open(TransportName.SSE)

    assert (await Climber(find, Backoff(0.001, 0.002), lambda: 0.5).run()).name is TransportName.SSE
