"""The small migration runner, and what it refuses."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from hubbub.errors import StoreUnavailable
from hubbub.store.postgres import PostgresLimits, PostgresStore
from hubbub.store.postgres.migrate import Migration, migrate, released
from hubbub.store.postgres.session import Address, Connection, connect

ONE = Migration(1, "one", "CREATE TABLE one (x int)")
TWO = Migration(2, "two", "CREATE TABLE two (x int); INSERT INTO two VALUES (2)")
BROKEN = Migration(2, "two", "CREATE TABLE two (x int); INSERT INTO nowhere VALUES (2)")


@pytest.fixture
async def database(postgres_dsn: str) -> AsyncIterator[Connection]:
    connection = await connect(Address(postgres_dsn), PostgresLimits(), patient=True)
    yield connection
    await connection.close()


async def tables(database: Connection) -> set[str]:
    rows = await database.fetch("SELECT tablename::text FROM pg_tables WHERE schemaname = current_schema()")
    return {row[0] for row in rows}


async def versions(database: Connection) -> list[tuple[int, str]]:
    return [(row[0], row[1]) for row in await database.fetch("SELECT version, name FROM schema_versions ORDER BY 1")]


async def test_an_empty_database_gets_every_step(database: Connection) -> None:
    assert await migrate(database, [ONE, TWO]) == (0, 2)

    assert await tables(database) == {"schema_versions", "one", "two"}
    assert await versions(database) == [(1, "one"), (2, "two")]


async def test_only_what_is_missing_is_applied(database: Connection) -> None:
    await migrate(database, [ONE])
    assert await migrate(database, [ONE, TWO]) == (1, 2)
    assert await migrate(database, [ONE, TWO]) == (2, 2)

    assert await database.fetchval("SELECT count(*) FROM two") == 1


async def test_a_step_that_fails_leaves_nothing_of_itself(database: Connection) -> None:
    with pytest.raises(asyncpg.UndefinedTableError):
        await migrate(database, [ONE, BROKEN])

    assert await tables(database) == {"schema_versions", "one"}
    assert await migrate(database, [ONE, TWO]) == (1, 2)


async def test_nodes_that_start_at_once_take_turns(postgres_dsn: str) -> None:
    nodes = [PostgresStore(postgres_dsn) for _ in range(5)]

    found = await asyncio.gather(*(node.migrate() for node in nodes))

    newest = len(released())
    assert {after for _, after in found} == {newest}
    assert [before for before, _ in found].count(0) == 1  # each step is made once; others may see it half-way


async def test_three_nodes_that_open_at_once_are_all_ready(postgres_dsn: str) -> None:
    nodes = [PostgresStore(postgres_dsn) for _ in range(3)]

    await asyncio.gather(*(node.open() for node in nodes))

    for node in nodes:
        await node.ping()
        await node.close()


async def test_a_database_of_newer_code_is_refused_and_not_touched(database: Connection) -> None:
    await migrate(database, [ONE, TWO])

    with pytest.raises(StoreUnavailable, match=r"newer version .*schema 2, this version knows 1") as refusal:
        await migrate(database, [ONE])
    assert "\n" not in refusal.value.message
    assert await versions(database) == [(1, "one"), (2, "two")]


async def test_another_programs_database_is_refused(database: Connection) -> None:
    await database.execute("CREATE TABLE recipes (x int)")

    with pytest.raises(StoreUnavailable, match="another program"):
        await migrate(database, [ONE])
    assert await tables(database) == {"recipes"}


def test_released_steps_are_numbered_without_holes() -> None:
    assert [migration.version for migration in released()] == list(range(1, len(released()) + 1))
