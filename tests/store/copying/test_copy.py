"""A copy has everything that the original has, in every direction."""

from __future__ import annotations

from pathlib import Path

import pytest

from hubbub.store import Appended, Settings, Store
from hubbub.store.copying import copy, postgres_side, source_at, sqlite_side, target_at
from hubbub.store.postgres import PostgresStore
from hubbub.store.sqlite import SqliteStore
from hubbub.vocabulary import RoomId, UserName
from tests.contracts.people import NOW, create, draft, person

from .content import MESSAGES, ROOMS, STRANGE, postgres_tables, sqlite_tables


def ignored(stage: str, done: int, total: int) -> None:
    """Nobody waits."""


@pytest.fixture(params=[2_000, 70], ids=["large batches", "small batches"])
def batch_rows(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    for side in (sqlite_side, postgres_side):
        monkeypatch.setattr(side, "BATCH_ROWS", request.param)
    rows: int = request.param
    return rows


@pytest.mark.usefixtures("batch_rows")
async def test_there_and_back_everything_is_the_same(
    filled: Path, target: str, postgres_dsn: str, another_dsn: str
) -> None:
    original = sqlite_tables(filled)
    assert len(original["events"]) > 3 * MESSAGES
    assert all(original.values()), "there is something of everything"
    there = await copy(source_at(str(filled)), target_at(postgres_dsn), ignored)
    across = await copy(source_at(postgres_dsn), target_at(another_dsn), ignored)
    back = await copy(source_at(another_dsn), target_at(target), ignored)

    assert await postgres_tables(postgres_dsn) == original
    assert await postgres_tables(another_dsn) == original
    assert sqlite_tables(filled.with_name("target.db")) == original
    assert there == across == back
    assert there.counts == {table: len(rows) for table, rows in original.items()}
    assert there.resumed == 0


async def test_from_file_to_file(filled: Path, target: str) -> None:
    await copy(source_at(f"sqlite:{filled}"), target_at(target), ignored)

    copied = filled.with_name("target.db")
    assert sorted(path.name for path in filled.parent.iterdir()) == [
        f"{name}.db{end}" for name in ("filled", "target") for end in ("", ".lock", ".witness")
    ]
    assert copied.stat().st_mode & 0o777 == 0o600
    assert sqlite_tables(copied) == sqlite_tables(filled)


async def test_a_long_text_ends_a_batch(filled: Path, postgres_dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for side in (sqlite_side, postgres_side):
        monkeypatch.setattr(side, "BATCH_CHARACTERS", 1_000)

    copied = await copy(source_at(str(filled)), target_at(postgres_dsn), ignored)
    back = await copy(source_at(postgres_dsn), target_at(str(filled.with_name("back.db"))), ignored)

    assert copied == back
    assert sqlite_tables(filled.with_name("back.db")) == sqlite_tables(filled)


async def goes_on(store: Store) -> None:
    """A server goes on where the original stood."""
    await store.open()
    ada = await store.accounts.by_name(UserName("ada"))
    assert ada is not None
    assert (ada.admin, ada.title, await Settings(store.records).get("motto")) == (True, STRANGE, STRANGE)
    head = (await store.rooms.heads(ROOMS[:1]))[ROOMS[0]]
    old, new = f"{NOW + 21}", "a new one"
    [repeat, fresh] = await store.events.append([draft(ada, old), draft(ada, new)], NOW)
    assert repeat == Appended(6 + 21, NOW, repeat=True)  # after the five events of making the room
    assert fresh == Appended(head + 1, NOW)
    newcomer = await person(store, "newcomer")
    assert (newcomer.id, newcomer.admin) == (5, False)
    await create(store, newcomer.id, RoomId("another"))
    assert len(await store.rooms.directory(newcomer.id, None, 10)) == 4
    await store.ping()
    await store.close()


async def test_a_server_goes_on_with_the_copy(filled: Path, postgres_dsn: str, target: str) -> None:
    await copy(source_at(str(filled)), target_at(postgres_dsn), ignored)
    await copy(source_at(postgres_dsn), target_at(target), ignored)

    await goes_on(PostgresStore(postgres_dsn))
    await goes_on(SqliteStore(filled.with_name("target.db")))
    await goes_on(SqliteStore(filled))  # to which nothing has happened


async def test_an_empty_database_is_copied_too(tmp_path: Path, postgres_dsn: str) -> None:
    store = SqliteStore(tmp_path / "empty.db")
    await store.open()
    await store.close()

    copied = await copy(source_at(str(tmp_path / "empty.db")), target_at(postgres_dsn), ignored)

    assert set(copied.counts.values()) == {0}
    new = PostgresStore(postgres_dsn)
    await new.open()
    assert (await person(new, "ada")).admin
    await new.close()


async def test_every_row_is_advanced_once(filled: Path, postgres_dsn: str) -> None:
    told: list[tuple[str, int, int]] = []

    copied = await copy(source_at(str(filled)), target_at(postgres_dsn), lambda *step: told.append(step))

    rows = sum(copied.counts.values())
    assert {total for _, _, total in told} == {rows}
    for stage in ("Copying", "Comparing"):
        done = [step[1] for step in told if step[0] == stage]
        assert done == sorted(done)
        assert (done[0], done[-1]) == (0, rows)
