"""Rows of an earlier version's tables are records after the upgrade."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import apsw
import pytest

from hubbub.identity.shared_buckets import Attempt, Bucket, SharedBuckets
from hubbub.store import Settings, Store
from hubbub.store.postgres import PostgresLimits, PostgresStore
from hubbub.store.postgres import migrate as postgres_migrate
from hubbub.store.postgres.session import Address, connect
from hubbub.store.sqlite import SqliteStore
from hubbub.store.sqlite import migrate as sqlite_migrate
from tests.contracts.collections import STRANGE
from tests.contracts.people import NOW

BEFORE = 3
"""The schema of the version that had tables for them."""

SETTINGS = [(text, f"{text}'s value") for text in STRANGE]
ATTEMPTS: Sequence[tuple[bytes, float, int, int]] = [
    *((b"some%d\0\xff" % n, 0.5, NOW, NOW + 1_000) for n in range(1_500)),
    (b"\0" * 16, 2.25, NOW, NOW + 60_000),
]


async def has_all(store: Store) -> None:
    """Opens an upgraded store and closes it."""
    await store.open()
    settings = Settings(store.records)
    assert [await settings.get(key) for key, _ in SETTINGS] == [value for _, value in SETTINGS]
    shared = SharedBuckets(store)

    async def waits(key: bytes, times: int) -> list[int]:
        attempt = Attempt((Bucket(key, 3, 1_000),))
        return [(await shared.take(attempt, NOW)).wait_ms for _ in range(times)]

    assert await waits(b"\0" * 16, 3) == [0, 0, 750]
    for n in (0, 7, 1_499):
        assert await waits(b"some%d\0\xff" % n, 1) == [500]
    await shared.close()
    await store.close()


async def test_of_an_sqlite_file(tmp_path: Path) -> None:
    path = tmp_path / "hubbub.db"
    database = apsw.Connection(str(path))
    sqlite_migrate.migrate(database, sqlite_migrate.released()[:BEFORE])
    database.executemany("INSERT INTO settings (key, value) VALUES (?, ?)", SETTINGS)
    database.executemany("INSERT INTO attempts (key, level, at_ms, until_ms) VALUES (?, ?, ?, ?)", ATTEMPTS)
    database.close()

    await has_all(SqliteStore(path))

    database = apsw.Connection(str(path))
    assert not {"settings", "attempts", "looks"} & {
        name for (name,) in database.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
    }
    database.close()


async def test_of_a_postgresql_database(postgres_dsn: str) -> None:
    connection = await connect(Address(postgres_dsn), PostgresLimits(), patient=True)
    await postgres_migrate.migrate(connection, postgres_migrate.released()[:BEFORE])
    await connection.executemany("INSERT INTO settings (key, value) VALUES ($1, $2)", SETTINGS)
    await connection.executemany("INSERT INTO attempts (key, level, at_ms, until_ms) VALUES ($1, $2, $3, $4)", ATTEMPTS)
    await connection.close()

    await has_all(PostgresStore(postgres_dsn))


async def test_an_upgrade_that_was_cut_off_is_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "hubbub.db"
    database = apsw.Connection(str(path))
    sqlite_migrate.migrate(database, sqlite_migrate.released()[:BEFORE])
    database.executemany("INSERT INTO settings (key, value) VALUES (?, ?)", SETTINGS)
    steps = sqlite_migrate.released()
    [number] = [number for number, step in enumerate(steps) if step.name == "settings_and_attempts"]
    broken = sqlite_migrate.Migration(number + 1, steps[number].name, steps[number].sql + "SELECT no_such_function();")
    with pytest.raises(apsw.SQLError):
        sqlite_migrate.migrate(database, [*steps[:number], broken])
    assert database.execute("SELECT count(*) FROM settings").get == len(SETTINGS)
    assert database.execute("SELECT count(*) FROM records").get == 0
    database.close()

    store = SqliteStore(path)
    await store.open()
    assert await Settings(store.records).get(SETTINGS[0][0]) == SETTINGS[0][1]
    await store.close()
