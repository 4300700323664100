"""A database that was put back from a backup has other epochs: no cursor of the log that is gone fits its rooms."""

from __future__ import annotations

import json
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import apsw
import pytest

from hubbub.store import Account, Store
from hubbub.store.sqlite import SqliteStore
from hubbub.store.sqlite.witness import witness_beside
from hubbub.vocabulary import RoomId
from tests.contracts.people import GENERAL, create, person, say

OTHER = RoomId("other")


@asynccontextmanager
async def opened(path: Path) -> AsyncIterator[Store]:
    store = SqliteStore(path)
    await store.open()
    yield store
    await store.close()


async def ada_of(store: Store) -> Account:
    [user] = await store.accounts.page(None, 1)
    ada = await store.accounts.by_name(user.name)
    assert ada is not None
    return ada


async def epochs(path: Path) -> list[int]:
    async with opened(path) as store:
        return [state.epoch for state in await store.rooms.of_user((await ada_of(store)).id, None, 9)]


async def go_on(path: Path, nonce: str) -> None:
    """Somebody says something more."""
    async with opened(path) as store:
        await say(store, await ada_of(store), nonce)


@pytest.fixture
async def path(tmp_path: Path) -> Path:
    """A database of two rooms, which was closed."""
    path = tmp_path / "data" / "hubbub.db"
    path.parent.mkdir()
    async with opened(path) as store:
        ada = await person(store, "ada")
        await create(store, ada.id, GENERAL)
        await create(store, ada.id, OTHER)
        await say(store, ada, "1", "2")
    return path


async def test_a_database_that_is_used_on_keeps_its_epochs(path: Path) -> None:
    before = await epochs(path)

    await go_on(path, "3")

    assert len(set(before)) == 2
    assert await epochs(path) == before


async def test_a_backup_that_was_put_back_has_other_epochs(path: Path, tmp_path: Path) -> None:
    before = await epochs(path)
    shutil.copyfile(path, tmp_path / "backup")
    await go_on(path, "3")

    shutil.copyfile(tmp_path / "backup", path)

    after = await epochs(path)
    assert not {*before} & {*after}
    await go_on(path, "other than it was")
    assert await epochs(path) == after


async def test_a_backup_made_while_the_server_ran_has_other_epochs(path: Path, tmp_path: Path) -> None:
    async with opened(path) as store:
        ada = await ada_of(store)
        before = [state.epoch for state in await store.rooms.of_user(ada.id, None, 9)]
        source, copy = apsw.Connection(str(path)), apsw.Connection(str(tmp_path / "backup"))
        with copy.backup("main", source, "main") as backup:
            backup.step()
        copy.close()
        source.close()
        await say(store, ada, "3")

    shutil.copyfile(tmp_path / "backup", path)

    assert not {*before} & {*await epochs(path)}


async def test_a_folder_that_was_put_back_has_other_epochs(path: Path, tmp_path: Path) -> None:
    before = await epochs(path)
    shutil.copytree(path.parent, tmp_path / "backup")
    await go_on(path, "3")
    shutil.rmtree(path.parent)

    shutil.copytree(tmp_path / "backup", path.parent)

    assert not {*before} & {*await epochs(path)}


async def test_a_witness_that_was_overwritten_later_by_an_older_one_is_none(path: Path) -> None:
    before = await epochs(path)
    witness = path.with_name("hubbub.db.witness")
    seen = json.loads(witness.read_bytes())

    witness.write_text(json.dumps(seen | {"written_ns": seen["written_ns"] - 3_600 * 10**9}))  # an hour ago

    assert not {*before} & {*await epochs(path)}


@pytest.mark.parametrize("content", [None, b"", b'{"inode":', b"\xff\xfe"])
async def test_without_a_sound_witness_epochs_are_others(path: Path, content: bytes | None) -> None:
    before = await epochs(path)
    witness = path.with_name("hubbub.db.witness")
    witness.unlink()
    if content is not None:
        witness.write_bytes(content)

    after = await epochs(path)

    assert not {*before} & {*after}
    assert await epochs(path) == after


async def test_only_its_owner_can_read_the_witness(path: Path) -> None:
    assert path.with_name("hubbub.db.witness").stat().st_mode & 0o777 == 0o600


async def test_a_database_without_rooms_needs_none(tmp_path: Path) -> None:
    path = tmp_path / "hubbub.db"
    async with opened(path) as store:
        await person(store, "ada")

    database = apsw.Connection(str(path))
    assert witness_beside(path).check(database)
    database.close()
