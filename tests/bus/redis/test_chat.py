"""Two nodes of the chat with a real Redis between them: what it loses comes from the store as soon as it is back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from hubbub.bus.redis import Address, RedisBus
from hubbub.chat import ChatSettings
from hubbub.store.sqlite import SqliteStore
from tests.chat.client import TestConnection
from tests.chat.valve import Valve
from tests.chat.world import World, say
from tests.support.redis import RedisServer


@asynccontextmanager
async def two_nodes(server: RedisServer, path: Path) -> AsyncIterator[tuple[World, World]]:
    """On one store. Their clock moves only for timers of a moment: heads are never compared because time has passed."""
    store = SqliteStore(path / "hubbub.db")
    await store.open()
    nodes = [World(Valve(store), ChatSettings(), RedisBus(Address.parse(server.url))) for _ in range(2)]
    for node in nodes:
        await node.identity.open()
        await node.chat.open()
    try:
        yield nodes[0], nodes[1]
    finally:
        for node in nodes:
            await node.chat.close()
            await node.identity.close()
        await store.close()


async def sees(node: World, reader: TestConnection, *texts: str) -> None:
    """Wait for texts while less time passes than until the next regular comparison of heads."""
    steps = 0
    async with asyncio.timeout(30):
        while reader.texts("general") != list(texts):
            await asyncio.sleep(0.01)
            if node.clock.pending > 1 and steps < 100:  # beside the regular tick: a gap waits for its time
                steps += 1
                node.clock.advance(node.settings.gap_seconds)


async def test_what_is_said_while_redis_is_away_is_seen_when_it_is_back(
    redis_server: RedisServer, tmp_path: Path
) -> None:
    async with two_nodes(redis_server, tmp_path) as (one, two):
        await one.room()
        ada, neighbour = await one.person("ada", "general"), await one.person("eve", "general")
        bob = await two.person("bob", "general")
        await say(ada, "before")
        await sees(two, bob, "before")
        redis_server.kill()
        await say(ada, "meanwhile", "and on")
        await sees(one, neighbour, "before", "meanwhile", "and on")  # on one node nobody notices
        assert bob.texts("general") == ["before"]
        redis_server.start()
        await sees(two, bob, "before", "meanwhile", "and on")
        await say(ada, "after")
        await sees(two, bob, "before", "meanwhile", "and on", "after")
        assert bob.seqs("general") == sorted(set(bob.seqs("general")))
