"""The small migration runner."""

from __future__ import annotations

from pathlib import Path

import apsw
import pytest

from hubbub.errors import StoreUnavailable
from hubbub.store.sqlite import SqliteStore
from hubbub.store.sqlite.migrate import Migration, migrate, released

ONE = Migration(1, "one", "CREATE TABLE one (x)")
TWO = Migration(2, "two", "CREATE TABLE two (x); INSERT INTO two VALUES (2)")
BROKEN = Migration(2, "two", "CREATE TABLE two (x); INSERT INTO nowhere VALUES (2)")


def tables(database: apsw.Connection) -> set[str]:
    return {name for (name,) in database.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}


def versions(database: apsw.Connection) -> list[tuple[int, str]]:
    return list(database.execute("SELECT version, name FROM schema_versions ORDER BY version"))


@pytest.fixture
def database() -> apsw.Connection:
    return apsw.Connection(":memory:")


def test_an_empty_database_gets_every_step(database: apsw.Connection) -> None:
    migrate(database, [ONE, TWO])

    assert tables(database) == {"schema_versions", "one", "two"}
    assert versions(database) == [(1, "one"), (2, "two")]


def test_only_what_is_missing_is_applied(database: apsw.Connection) -> None:
    migrate(database, [ONE])
    migrate(database, [ONE, TWO])
    migrate(database, [ONE, TWO])

    assert versions(database) == [(1, "one"), (2, "two")]
    assert database.execute("SELECT count(*) FROM two").get == 1


def test_a_step_that_fails_leaves_nothing_of_itself(database: apsw.Connection) -> None:
    with pytest.raises(apsw.SQLError):
        migrate(database, [ONE, BROKEN])

    assert tables(database) == {"schema_versions", "one"}
    migrate(database, [ONE, TWO])
    assert versions(database) == [(1, "one"), (2, "two")]


def test_a_database_of_newer_code_is_refused_and_not_touched(database: apsw.Connection) -> None:
    migrate(database, [ONE, TWO])

    with pytest.raises(StoreUnavailable, match=r"newer version .*schema 2, this version knows 1") as refusal:
        migrate(database, [ONE])
    assert "\n" not in refusal.value.message
    assert versions(database) == [(1, "one"), (2, "two")]


def test_another_programs_database_is_refused(database: apsw.Connection) -> None:
    database.execute("CREATE TABLE recipes (x)")

    with pytest.raises(StoreUnavailable, match="another program"):
        migrate(database, [ONE])
    assert tables(database) == {"recipes"}


def test_released_steps_are_numbered_without_holes() -> None:
    assert [migration.version for migration in released()] == list(range(1, len(released()) + 1))


async def test_the_store_refuses_a_database_of_newer_code(tmp_path: Path) -> None:
    path = tmp_path / "hubbub.db"
    store = SqliteStore(path)
    await store.open()
    await store.close()
    database = apsw.Connection(str(path))
    database.execute("INSERT INTO schema_versions VALUES (9999, 'from the future')")
    database.close()

    with pytest.raises(StoreUnavailable, match="newer version"):
        await store.open()
