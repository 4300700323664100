"""What the SQLite store does when the disk is full, the file is not its own, or somebody else wrote to it."""

from __future__ import annotations

import asyncio
import os
import stat
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import apsw
import pytest

from hubbub.errors import StoreUnavailable
from hubbub.store import Appended
from hubbub.store.drafts import leaving
from hubbub.store.sqlite import SqliteStore
from hubbub.store.sqlite.writer import GROUP_ROWS
from hubbub.vocabulary import User
from tests.contracts.people import GENERAL, NOW, draft, person, say, team


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    store = SqliteStore(tmp_path / "hubbub.db")
    await store.open()
    yield store
    await store.close()


async def limit_disk(store: SqliteStore, pages: int | None) -> None:
    """Leave room for so many more pages of 4 KiB; None: as much as there is. SQLite fails as on a full disk."""

    def limit(database: apsw.Connection) -> None:
        limit = database.execute("PRAGMA page_count").get + pages if pages is not None else 1_000_000
        database.execute(f"PRAGMA max_page_count = {limit}")

    assert store._parts is not None
    await store._parts.writer.write(limit)


async def test_a_full_disk_fails_the_whole_group_and_stores_nothing(store: SqliteStore) -> None:
    ada, bob = await team(store, "ada", "bob")
    await limit_disk(store, 3)

    outcomes = await asyncio.gather(
        store.events.append([draft(ada, "small")], NOW),
        store.events.append([draft(bob, "big", "x" * 100_000)], NOW),
        return_exceptions=True,
    )

    assert [type(outcome) for outcome in outcomes] == [StoreUnavailable, StoreUnavailable]
    assert (await store.rooms.heads([GENERAL])) == {GENERAL: 3}


async def test_after_a_full_disk_the_store_works_again(store: SqliteStore) -> None:
    ada, _ = await team(store, "ada", "bob")
    await limit_disk(store, 3)
    with pytest.raises(StoreUnavailable):
        await store.events.append([draft(ada, "big", "x" * 100_000)], NOW)

    assert await say(store, ada, "small") == [4]
    await limit_disk(store, None)
    assert await store.events.append([draft(ada, "big", "x" * 100_000)], NOW) == [Appended(5, NOW)]


async def test_a_full_disk_fails_a_mixed_group(store: SqliteStore) -> None:
    ada, bob = await team(store, "ada", "bob")
    await limit_disk(store, 3)
    gate = threading.Event()
    holding = store._open_parts().writer.write(lambda _: gate.wait())

    writes = asyncio.gather(
        store.events.append([leaving(GENERAL, bob.id, User(bob.name))], NOW),
        store.events.append([draft(ada, "big", "x" * 100_000)], NOW),
        store.accounts.update(ada.id, title="Ada"),
        return_exceptions=True,
    )
    await asyncio.sleep(0)  # let them begin: they are in the queue of the writer, which is held up
    gate.set()

    assert [type(outcome) for outcome in await writes] == [StoreUnavailable] * 3
    await asyncio.gather(holding, return_exceptions=True)  # it may have been in the same group
    assert (await store.rooms.head(GENERAL, bob.id)).member
    assert (await store.accounts.profile(ada.id)).title == ""
    assert await say(store, bob, "still here") == [4]


async def test_one_callers_broken_write_does_not_fail_its_group(store: SqliteStore) -> None:
    ada, _ = await team(store, "ada", "bob")
    assert store._parts is not None

    def broken(database: apsw.Connection) -> None:
        database.execute("UPDATE users SET title = 'half done'")
        raise ZeroDivisionError

    outcomes = await asyncio.gather(
        store.events.append([draft(ada, "1")], NOW),
        store._parts.writer.write(broken),
        store.accounts.update(ada.id, title="\ud800"),
        store.events.append([draft(ada, "2")], NOW),
        return_exceptions=True,
    )

    assert outcomes[0] == [Appended(4, NOW)]
    assert isinstance(outcomes[1], ZeroDivisionError)
    assert type(outcomes[2]).__name__ == "BadField"
    assert outcomes[3] == [Appended(5, NOW)]
    assert [member.title for member in (await store.rooms.members(GENERAL, None, 10))[0]] == ["", ""]


async def test_more_messages_than_one_group_holds(store: SqliteStore) -> None:
    [ada] = await team(store, "ada")

    outcomes = await asyncio.gather(
        *(
            store.events.append([draft(ada, f"{call}-{n}") for n in range(GROUP_ROWS // 2 + 1)], NOW)
            for call in range(4)
        )
    )

    seqs = [outcome.seq for call in outcomes for outcome in call if isinstance(outcome, Appended)]
    assert seqs == list(range(3, 3 + 4 * (GROUP_ROWS // 2 + 1)))


async def test_memory_is_bounded_and_forgetting_harms_nobody(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hubbub.store.sqlite.log.KEPT_MEMBERSHIPS", 2)
    people = await team(store, "ada", "bob", "cyd", "dan")

    for number in range(3):
        for one in people:
            await say(store, one, str(number))

    assert store._parts is not None
    assert store._parts.writer.log.kept_memberships <= 2
    assert (await store.rooms.heads([GENERAL])) == {GENERAL: 5 + 12}


async def test_the_write_ahead_log_is_emptied_into_the_database(
    store: SqliteStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hubbub.store.sqlite.writer.CHECKPOINT_PAGES", 50)
    [ada] = await team(store, "ada")

    for number in range(100):
        await store.events.append([draft(ada, str(number), "x" * 10_000)], NOW)

    assert (tmp_path / "hubbub.db-wal").stat().st_size < 500_000
    assert (tmp_path / "hubbub.db").stat().st_size > 500_000


async def test_only_the_owner_can_read_the_files(store: SqliteStore, tmp_path: Path) -> None:
    await person(store, "ada")

    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()}
    assert modes == dict.fromkeys(
        ("hubbub.db", "hubbub.db-wal", "hubbub.db-shm", "hubbub.db.lock"), stat.S_IRUSR | stat.S_IWUSR
    )


async def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "hubbub.db").write_bytes(b"This is a text, and not a short one. " * 100)

    store = SqliteStore(tmp_path / "hubbub.db")
    with pytest.raises(StoreUnavailable):
        await store.open()


async def test_a_folder_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable):
        await SqliteStore(tmp_path / "missing" / "hubbub.db").open()


async def test_a_store_that_failed_to_open_leaves_nothing_locked(tmp_path: Path) -> None:
    path = tmp_path / "hubbub.db"
    path.mkdir()
    store = SqliteStore(path)
    with pytest.raises(StoreUnavailable):
        await store.open()
    path.rmdir()

    await store.open()
    await store.ping()
    await store.close()


@pytest.mark.parametrize("name", ["hubbub.db", "caf\u00e9 100%?#.db"])
async def test_any_file_name_will_do(tmp_path: Path, name: str) -> None:
    store = SqliteStore(tmp_path / name)
    await store.open()
    await store.close()

    assert name in os.listdir(tmp_path)  # noqa: PTH208  the name as the system has it
