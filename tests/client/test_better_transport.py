"""Looking for a better transport: less and less often, and at once when somebody asks."""

from __future__ import annotations

import asyncio

import pytest

from hubbub.client import Backoff
from hubbub.client.transport import Transport, TransportName
from hubbub.client.transport_choice import BetterTransportProbe

from .test_transport_choice import Open


async def test_the_pauses_grow(monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []

    async def find() -> Transport | None:
        return None if len(pauses) < 8 else Open(TransportName.WEBSOCKET)

    probe = BetterTransportProbe(find, Backoff(10.0, 300.0), lambda: 0.25)

    async def pause(seconds: float) -> None:
        pauses.append(seconds)

    monkeypatch.setattr(probe, "_pause", pause)
    assert (await probe.run()).name is TransportName.WEBSOCKET
    assert pauses == [7.5, 15.0, 30.0, 60.0, 120.0, 225.0, 225.0, 225.0]


async def test_a_pause_may_be_cut_short() -> None:
    looks: asyncio.Queue[None] = asyncio.Queue()

    async def find() -> Transport | None:
        looks.put_nowait(None)
        return None

    probe = BetterTransportProbe(find, Backoff(3_600.0, 3_600.0), lambda: 0.5)
    probing = asyncio.create_task(probe.run())
    for _ in range(3):
        probe.hurry()
        await looks.get()
    probing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await probing
    assert looks.empty()


async def test_pauses_end_by_themselves() -> None:
    left = 3

    async def find() -> Transport | None:
        nonlocal left
        left -= 1
        return None if left else Open(TransportName.SSE)

    assert (await BetterTransportProbe(find, Backoff(0.001, 0.002), lambda: 0.5).run()).name is TransportName.SSE
