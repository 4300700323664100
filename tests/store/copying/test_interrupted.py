"""A copy that was killed goes on where it was, and has everything in the end."""

from __future__ import annotations

import asyncio
import signal
import sys
from asyncio.subprocess import DEVNULL, Process
from pathlib import Path
from threading import Thread

import apsw
import asyncpg
import pytest

from hubbub.errors import StoreUnavailable
from hubbub.store import Settings
from hubbub.store.copying import CopyError, copy, source_at, target_at
from hubbub.store.postgres import PostgresStore
from hubbub.store.sqlite import SqliteStore
from hubbub.vocabulary import UserName
from tests.contracts.people import leave
from tests.support.postgres import PostgresServer, connected

from .blocking import blocked
from .content import MESSAGES, postgres_tables, sqlite_tables
from .killed import BATCH_ROWS
from .test_copy import ignored

STOPS = [
    ("Copying", 1),
    ("Copying", MESSAGES),
    ("Comparing", 0),
    ("Comparing", 2 * MESSAGES),
]
"""Where it is killed: among the users, in a log, before and while everything is compared."""


async def started(source: str, target: str, stage: str, rows: int) -> Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.store.copying.killed", source, target, stage, str(rows)),
        cwd=Path(__file__).parents[3],
        stderr=DEVNULL,
    )


async def killed(source: str, target: str, stage: str, rows: int) -> None:
    process = await started(source, target, stage, rows)
    assert await process.wait() == -signal.SIGKILL


@pytest.mark.parametrize(("stage", "rows"), STOPS)
async def test_into_postgresql(filled: Path, postgres_dsn: str, stage: str, rows: int) -> None:
    await killed(str(filled), postgres_dsn, stage, rows)
    with pytest.raises(StoreUnavailable, match="has not been finished"):
        await PostgresStore(postgres_dsn).open()

    copied = await copy(source_at(str(filled)), target_at(postgres_dsn), ignored)

    assert await postgres_tables(postgres_dsn) == sqlite_tables(filled)
    assert copied.resumed >= (rows if stage == "Copying" else sum(copied.counts.values()))
    assert copied.resumed <= max(rows + BATCH_ROWS, sum(copied.counts.values()))
    store = PostgresStore(postgres_dsn)
    await store.open()
    await store.close()


@pytest.mark.parametrize(("stage", "rows"), STOPS)
async def test_into_sqlite(filled: Path, target: str, stage: str, rows: int) -> None:
    copied = filled.with_name("target.db")
    await killed(str(filled), target, stage, rows)
    assert not copied.exists()

    told = await copy(source_at(str(filled)), target_at(target), ignored)

    assert sqlite_tables(copied) == sqlite_tables(filled)
    assert told.resumed >= (rows if stage == "Copying" else sum(told.counts.values()))
    assert not copied.with_name("target.db.copying").exists()


async def test_in_the_middle_of_a_transaction(filled: Path, postgres_dsn: str) -> None:
    async with blocked(postgres_dsn) as until_blocked:
        process = await started(str(filled), postgres_dsn, "never", 0)
        await until_blocked()
        process.kill()
        await process.wait()

    copied = await copy(source_at(str(filled)), target_at(postgres_dsn), ignored)

    assert await postgres_tables(postgres_dsn) == sqlite_tables(filled)
    assert 0 < copied.resumed < sum(copied.counts.values())


async def test_killed_between_its_last_two_steps(filled: Path, target: str) -> None:
    unfinished = filled.with_name("target.db.copying")
    await killed(str(filled), target, "Comparing", 0)
    database = apsw.Connection(str(unfinished))
    database.execute("DROP TABLE copy_progress")
    database.close()

    copied = await copy(source_at(str(filled)), target_at(target), ignored)

    assert sqlite_tables(filled.with_name("target.db")) == sqlite_tables(filled)
    assert copied.resumed == 0


@pytest.mark.parametrize("what", ["a message", "a name", "a setting"])
async def test_a_source_that_was_used_since_is_refused(filled: Path, postgres_dsn: str, what: str) -> None:
    await killed(str(filled), postgres_dsn, "Copying", MESSAGES)
    store = SqliteStore(filled)
    await store.open()
    ada = await store.accounts.by_name(UserName("ada"))
    assert ada is not None
    if what == "a message":
        await leave(store, ada.id, (await store.rooms.of_user(ada.id, None, 1))[0].room, now_ms=0)
    elif what == "a name":
        await store.accounts.update(ada.id, title="Lady Lovelace")
    else:
        await Settings(store.records).put("signup", "open")
    await store.close()

    with pytest.raises(CopyError, match=r"or the source was used since then\. Empty it first"):
        await copy(source_at(str(filled)), target_at(postgres_dsn), ignored)


async def test_a_server_that_stops_in_the_middle(filled: Path, postgres: PostgresServer, postgres_dsn: str) -> None:
    cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'hubbub'"
    cuts: list[Thread] = []

    def advance(stage: str, done: int, total: int) -> None:
        if stage == "Comparing" and not cuts:
            cuts.append(Thread(target=postgres.execute, args=(cut,)))
            cuts[0].start()
            cuts[0].join()  # the loop stands still: nothing is compared meanwhile

    with pytest.raises(CopyError, match=r"^PostgreSQL at .*: ") as refusal:
        await copy(source_at(str(filled)), target_at(postgres_dsn), advance)
    assert "\n" not in str(refusal.value)

    await copy(source_at(str(filled)), target_at(postgres_dsn), ignored)
    assert await postgres_tables(postgres_dsn) == sqlite_tables(filled)


async def test_what_was_changed_on_the_way_is_found(filled: Path, postgres_dsn: str) -> None:
    await killed(str(filled), postgres_dsn, "Copying", 3 * MESSAGES)
    async with connected(postgres_dsn) as other:
        original: asyncpg.Record | None = await other.fetchrow("SELECT body FROM events WHERE room_key = 1 AND seq = 9")
        assert original is not None
        await other.execute("UPDATE events SET body = 'forged' WHERE room_key = 1 AND seq = 9")
        with pytest.raises(CopyError, match="a row in events is not the same"):
            await copy(source_at(str(filled)), target_at(postgres_dsn), ignored)
        await other.execute("UPDATE events SET body = $1 WHERE room_key = 1 AND seq = 9", original[0])
        await other.execute("DELETE FROM events WHERE room_key = 2 AND seq = 9")
        with pytest.raises(CopyError, match=r"rows in events, \d+ in the source"):
            await copy(source_at(str(filled)), target_at(postgres_dsn), ignored)
