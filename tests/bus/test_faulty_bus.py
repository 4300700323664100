"""The tests' own bad bus: it keeps the contract while its switches are off, and does what they say."""

from __future__ import annotations

import asyncio

import pytest

from tests.contracts.bus import GENERAL, BusContract, Inbox, MakeBus, message
from tests.support.faulty_bus import Faults, FaultyBus, FaultyNetwork


class TestFaultyBus(BusContract):
    @pytest.fixture
    async def make_bus(self) -> MakeBus:
        return FaultyNetwork(seed=1).bus


async def nodes(network: FaultyNetwork, number: int) -> list[tuple[FaultyBus, Inbox]]:
    made = [(network.bus(), Inbox()) for _ in range(number)]
    for bus, inbox in made:
        await bus.open(inbox)
        bus.subscribe(GENERAL)
    return made


def seqs(inbox: Inbox) -> list[int]:
    return [seq for _, some in inbox.seen_events for seq in some]


async def run(faults: Faults, seed: int = 1) -> tuple[FaultyNetwork, list[int]]:
    """What another node gets of 200 events."""
    network = FaultyNetwork(seed)
    (bus, _), (_, other) = await nodes(network, 2)
    network.faults = faults
    for seq in range(1, 201):
        bus.publish(GENERAL, [message(seq)])
    await network.quiet()
    return network, seqs(other)


async def test_without_faults_everything_comes_in_order() -> None:
    assert (await run(Faults()))[1] == list(range(1, 201))


async def test_drop() -> None:
    network, came = await run(Faults(drop=0.2))
    assert came == sorted(came)
    assert 0 < len(came) < 200
    assert network.dropped > 0


async def test_repeat() -> None:
    network, came = await run(Faults(repeat=0.2))
    assert sorted(set(came)) == list(range(1, 201))
    assert len(came) > 200
    assert network.repeated > 0


async def test_reorder() -> None:
    network, came = await run(Faults(reorder=0.2, delay_seconds=0.01))
    assert came != sorted(came)
    assert sorted(came) == list(range(1, 201))
    assert network.reordered > 0


async def test_a_seed_repeats_the_faults() -> None:
    faults = Faults(drop=0.2, repeat=0.2)
    assert (await run(faults, 5))[1] == (await run(faults, 5))[1] != (await run(faults, 6))[1]


async def test_a_partition_and_its_end() -> None:
    network = FaultyNetwork(seed=1)
    (first, a), (second, b), (third, c) = await nodes(network, 3)
    network.partition([first], [second, third])
    first.publish(GENERAL, [message(1)])
    second.publish(GENERAL, [message(2)])
    await network.quiet()
    assert (seqs(a), seqs(b), seqs(c)) == ([1], [2], [2])
    network.restore()
    assert [inbox.gaps for inbox in (a, b, c)] == [1, 1, 1]
    third.publish(GENERAL, [message(3)])
    await asyncio.wait_for(network.quiet(), 5)
    assert (seqs(a), seqs(b), seqs(c)) == ([1, 3], [2, 3], [2, 3])
