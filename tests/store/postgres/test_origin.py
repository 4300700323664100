"""A database that was restored, or that a standby has taken over, has other epochs."""

from __future__ import annotations

import asyncio

import pytest

from hubbub.errors import StoreUnavailable
from hubbub.store import Account
from hubbub.store.postgres import PostgresStore
from hubbub.vocabulary import RoomId
from tests.contracts.people import create, say, team
from tests.support.postgres import PostgresServer, connected

RESTORE = """
ALTER TABLE events RENAME TO restored;
CREATE TABLE events (LIKE restored INCLUDING ALL);
INSERT INTO events SELECT * FROM restored;
DROP TABLE restored;
"""
"""What a restored dump amounts to: the same content in tables that were made anew."""


@pytest.fixture
async def ada(postgres_dsn: str) -> Account:
    store = PostgresStore(postgres_dsn)
    await store.open()
    [ada] = await team(store, "ada")
    await create(store, ada.id, RoomId("other"))
    await store.close()
    return ada


async def epochs(store: PostgresStore, user: Account) -> list[int]:
    return [state.epoch for state in await store.rooms.of_user(user.id, None, 9)]


async def test_a_database_that_is_used_on_keeps_its_epochs(postgres_dsn: str, ada: Account) -> None:
    nodes = [PostgresStore(postgres_dsn) for _ in range(3)]
    await asyncio.gather(*(node.open() for node in nodes))
    found = [(await epochs(node, ada), await node.lineage()) for node in nodes]
    await say(nodes[0], ada, "1")
    for node in nodes:
        await node.close()

    await nodes[0].open()
    assert len(set(found[0][0])) == 2
    assert found == [(await epochs(nodes[0], ada), await nodes[0].lineage())] * 3
    await nodes[0].close()


async def test_a_restored_dump_has_other_epochs_on_all_nodes(postgres_dsn: str, ada: Account) -> None:
    nodes = [PostgresStore(postgres_dsn) for _ in range(3)]
    await nodes[0].open()
    before, lineage = await epochs(nodes[0], ada), await nodes[0].lineage()
    await nodes[0].close()
    async with connected(postgres_dsn) as connection:
        await connection.execute(RESTORE)

    await asyncio.gather(*(node.open() for node in nodes))

    found = [(tuple(await epochs(node, ada)), await node.lineage()) for node in nodes]
    assert len(set(found)) == 1
    assert not {*before} & {*found[0][0]}
    assert found[0][1] != lineage
    for node in nodes:
        await node.close()


async def test_a_standby_that_takes_over_has_other_epochs_for_a_node_that_goes_on(
    postgres_server: PostgresServer,
) -> None:
    store = PostgresStore(postgres_server.dsn)
    await store.open()
    [ada] = await team(store, "ada")
    before, lineage = await epochs(store, ada), await store.lineage()

    await asyncio.to_thread(postgres_server.take_over)

    async with asyncio.timeout(60):
        while True:
            try:
                if await store.lineage() != lineage:
                    break
            except StoreUnavailable:  # the connections of before
                await asyncio.sleep(0.05)
    assert not {*before} & {*await epochs(store, ada)}
    assert await say(store, ada, "1") == [3]
    await store.close()
