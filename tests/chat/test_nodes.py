"""Three nodes on one store, and a bus between them that drops, repeats, delays, reorders and splits."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path

import pytest

from hubbub.chat import ChatSettings
from hubbub.store.sqlite import SqliteStore
from hubbub.vocabulary import RoomId, Send
from tests.support.faulty_bus import Faults, FaultyBus, FaultyNetwork

from .client import TestConnection
from .clock import Clock
from .valve import Valve
from .world import World

ROOMS = ("general", "other")
STEPS = 120
BAD = Faults(drop=0.15, repeat=0.15, reorder=0.3, delay_seconds=0.2)
_nonces = count(1)


class Cluster:
    """The nodes, their bus and their clock."""

    def __init__(self, nodes: list[World], buses: list[FaultyBus], network: FaultyNetwork, clock: Clock) -> None:
        self.nodes = nodes
        self.buses = buses
        self.network = network
        self._clock = clock

    async def pass_time(self, seconds: float) -> None:
        """In small steps, so that what becomes due can lead to something that becomes due after it."""
        for _ in range(max(1, round(seconds / 0.05))):
            self._clock.advance(0.05)
            await asyncio.sleep(0)

    async def account(self, name: str) -> None:
        """A person who may sign in on any node."""
        await self.nodes[0].account(name)
        for node in self.nodes[1:]:
            node.tokens[name], node.actors[name] = self.nodes[0].tokens[name], self.nodes[0].actors[name]


class Reader:
    """Somebody who wanders between nodes. `seen`: every `seq` of the room that came, on all their connections."""

    def __init__(self, cluster: Cluster, name: str, room: str, chance: random.Random) -> None:
        self._cluster = cluster
        self._name = name
        self._random = chance
        self.room = room
        self.since = 0
        self.connection: TestConnection | None = None
        self._seen: list[int] = []

    @property
    def seen(self) -> list[int]:
        return self._seen + (self.connection.seqs(self.room) if self.connection is not None else [])

    async def arrive(self) -> None:
        """On any node, with the cursor of before."""
        seen = self.seen
        cursor = seen[-1] if seen else self.since
        node = self._random.choice(self._cluster.nodes)
        joining = asyncio.ensure_future(node.person(self._name, self.room, cursor))
        while not joining.done():  # a cursor of which this node has not heard waits for its time
            await self._cluster.pass_time(0.05)
        self.connection = await joining

    def leave(self) -> None:
        if self.connection is not None:
            self._seen = self.seen
            self.connection.leave()
            self.connection = None


@asynccontextmanager
async def cluster(path: Path, seed: int) -> AsyncIterator[Cluster]:
    store, clock = SqliteStore(path / "hubbub.db"), Clock()
    await store.open()
    network = FaultyNetwork(seed, clock.call_later)
    buses = [network.bus() for _ in range(3)]
    nodes = [World(Valve(store), ChatSettings(), bus, clock) for bus in buses]
    for node in nodes:
        await node.identity.open()
        await node.chat.open()
    try:
        yield Cluster(nodes, buses, network, clock)
    finally:
        for node in nodes:
            await node.chat.close()
            await node.identity.close()
        await store.close()


def disturb(cluster: Cluster, chance: random.Random) -> None:
    """Another state of the bus."""
    match chance.randrange(4):
        case 0:
            cluster.network.faults = BAD
        case 1:
            alone = chance.choice(cluster.buses)
            cluster.network.partition([alone], [bus for bus in cluster.buses if bus is not alone])
        case 2:
            cluster.network.faults = Faults(drop=1.0)
        case _:
            cluster.network.restore()


@pytest.mark.parametrize("seed", range(8))
async def test_every_reader_sees_every_entry_once_in_order(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    async with cluster(tmp_path, seed) as nodes:
        for room in ROOMS:
            await nodes.nodes[0].room(room, by="founder")
        names = [f"reader-{number}" for number in range(6)]
        for name in [*names, "writer"]:
            await nodes.account(name)
        readers = [Reader(nodes, name, chance.choice(ROOMS), chance) for name in names]
        for reader in readers:
            await reader.arrive()
        writers = [(await node.person("writer", room), room) for node in nodes.nodes for room in ROOMS]
        sent: list[tuple[TestConnection, int]] = []

        for _ in range(STEPS):
            match chance.randrange(10):
                case 0:
                    disturb(nodes, chance)
                case 1:
                    reader = chance.choice(readers)
                    reader.leave()
                    await reader.arrive()
                case 2:
                    await nodes.pass_time(chance.uniform(0, 1))
                case _:
                    writer, room = chance.choice(writers)
                    nonce = f"n{next(_nonces)}"
                    sent.append((writer, writer.begin(Send(RoomId(room), f"text of {nonce}", nonce))))
        for writer, ref in sent:
            await writer.answer(ref)
        nodes.network.restore()

        heads = await nodes.nodes[0].store.rooms.heads([RoomId(room) for room in ROOMS])
        async with asyncio.timeout(20):
            while any(not reader.seen or reader.seen[-1] < heads[RoomId(reader.room)] for reader in readers):
                await nodes.pass_time(0.1)
        await nodes.pass_time(2)  # for what would come too often
        for reader in readers:
            assert reader.seen == list(range(1, heads[RoomId(reader.room)] + 1))
