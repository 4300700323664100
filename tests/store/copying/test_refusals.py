"""What a copy refuses, in one clear line, and that nothing happens then."""

from __future__ import annotations

from pathlib import Path

import apsw
import pytest

from hubbub.errors import DataInUse, StoreUnavailable
from hubbub.store.copying import CopyError, copy, postgres_side, source_at, target_at
from hubbub.store.postgres import PostgresStore
from hubbub.store.sqlite import SqliteStore
from tests.contracts.people import person
from tests.support.postgres import connected

from .content import postgres_tables, sqlite_tables
from .test_copy import ignored


async def refusal(source: str | Path, target: str | Path) -> str:
    with pytest.raises(CopyError) as refused:
        await copy(source_at(str(source)), target_at(str(target)), ignored)
    line = str(refused.value)
    assert "\n" not in line
    return line


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres_side, "_WAIT_TRIES", 2)
    monkeypatch.setattr(postgres_side, "_WAIT_SECONDS", 0.01)


async def test_a_source_that_a_server_uses(filled: Path, postgres_dsn: str, target: str) -> None:
    await copy(source_at(str(filled)), target_at(postgres_dsn), ignored)
    for source, store in (
        (str(filled), SqliteStore(filled)),
        (postgres_dsn, PostgresStore(postgres_dsn)),
    ):
        await store.open()
        assert "is using" in await refusal(source, target)
        await store.ping()
        await store.close()


async def test_a_target_that_a_server_uses(filled: Path, postgres_dsn: str, tmp_path: Path) -> None:
    for target, store in (
        (tmp_path / "used.db", SqliteStore(tmp_path / "used.db")),
        (postgres_dsn, PostgresStore(postgres_dsn)),
    ):
        await store.open()
        assert "is using" in await refusal(filled, target)
        await store.close()


async def test_a_server_starts_only_after_the_copy(filled: Path, postgres_dsn: str, target: str) -> None:
    source, copied = source_at(str(filled)), target_at(postgres_dsn)
    await source.open()
    await copied.open()

    with pytest.raises(DataInUse):
        await SqliteStore(filled).open()
    with pytest.raises(StoreUnavailable, match="is being copied"):
        await PostgresStore(postgres_dsn).open()
    await copied.close()
    await source.close()


async def test_a_server_whose_writer_has_lost_its_connection_still_uses_the_database(
    postgres_dsn: str, target: str
) -> None:
    store = PostgresStore(postgres_dsn)
    await store.open()
    await store.accounts.count()  # by another connection
    assert store._parts is not None
    await store._parts.writer.close()

    assert "is using" in await refusal(postgres_dsn, target)
    await store.close()
    await copy(source_at(postgres_dsn), target_at(target), ignored)


async def test_a_target_with_data(filled: Path, postgres_dsn: str, tmp_path: Path) -> None:
    for store in (SqliteStore(tmp_path / "used.db"), PostgresStore(postgres_dsn)):
        await store.open()
        await person(store, "zoe")
        await store.close()

    assert "is there already. A copy goes into a new file." in await refusal(filled, tmp_path / "used.db")
    assert "there is data in it. A copy goes into an empty database." in await refusal(filled, postgres_dsn)
    assert [row["name"] for row in sqlite_tables(tmp_path / "used.db")["users"]] == ["zoe"]
    assert [row["name"] for row in (await postgres_tables(postgres_dsn))["users"]] == ["zoe"]


async def test_a_database_of_another_program(filled: Path, postgres_dsn: str, tmp_path: Path, target: str) -> None:
    recipes = tmp_path / "recipes.db"
    apsw.Connection(str(recipes)).execute("CREATE TABLE recipes (x)")
    async with connected(postgres_dsn) as other:
        await other.execute("CREATE TABLE recipes (x int)")

    assert "is no database of Hubbub" in await refusal(recipes, target)
    assert "is no database of Hubbub" in await refusal(postgres_dsn, target)
    assert "belongs to another program" in await refusal(filled, postgres_dsn)
    (tmp_path / "notes.txt").write_text("no database at all, but a text that is long enough to be one")
    assert "not a database" in await refusal(tmp_path / "notes.txt", target)
    assert not Path(f"{target.removeprefix('sqlite://')}.copying").exists()


async def test_an_older_schema_and_half_a_copy_are_no_source(filled: Path, postgres_dsn: str, target: str) -> None:
    await copy(source_at(str(filled)), target_at(postgres_dsn), ignored)
    database = apsw.Connection(str(filled))
    async with connected(postgres_dsn) as other:
        for statement in ("DELETE FROM schema_versions WHERE version > 1", "CREATE TABLE copy_progress (x int)"):
            database.execute(statement)
            await other.execute(statement)
            for source in (filled, postgres_dsn):
                reason = await refusal(source, target)
                assert ("hubbub migrate" in reason) or ("has not been finished" in reason)
    database.close()


async def test_a_log_with_a_hole(filled: Path, postgres_dsn: str) -> None:
    database = apsw.Connection(str(filled))
    database.execute("DELETE FROM events WHERE room_key = 1 AND seq = 100")
    database.close()

    assert "The source is damaged: the log of room number 1 has" in await refusal(filled, postgres_dsn)


async def test_addresses_that_lead_nowhere(filled: Path, tmp_path: Path, target: str) -> None:
    nowhere = "postgresql://ada:hunter2@localhost:1/db"
    (tmp_path / "hubbub.db").touch()

    assert "There is no file" in await refusal(tmp_path / "missing.db", target)
    assert f"Name the file in it, such as {tmp_path / 'hubbub.db'}" in await refusal(tmp_path, target)
    assert "No such file or directory" in await refusal(filled, tmp_path / "missing" / "target.db")
    assert "is using" in await refusal(filled, filled)
    assert "begins with sqlite:// or postgresql://" in await refusal(filled, "mysql://ada:hunter2@localhost/db")
    for line in (await refusal(nowhere, target), await refusal(filled, nowhere)):
        assert line.startswith("PostgreSQL at localhost:1/db: ")
        assert "hunter2" not in line


@pytest.mark.parametrize(
    ("address", "path"),
    [
        ("sqlite:///var/lib/hubbub.db", "/var/lib/hubbub.db"),
        ("sqlite:data/hubbub.db", "data/hubbub.db"),
        ("sqlite://data/hubbub.db", "data/hubbub.db"),
        ("data/hubbub.db", "data/hubbub.db"),
        ("/var/a:b.db", "/var/a:b.db"),
    ],
)
def test_addresses_of_files(address: str, path: str) -> None:
    from hubbub.store.copying.sides import path_of

    assert path_of(address) == Path(path)
