"""The seeded database is one that the server itself could have made."""

from __future__ import annotations

import asyncio
from pathlib import Path

from hubbub.bench.dialects import user_name
from hubbub.bench.seed import seed, token
from hubbub.identity.tokens import digest, is_token
from hubbub.store.sqlite import SqliteStore
from hubbub.vocabulary import RoomId


async def test_users_logins_and_memberships(tmp_path: Path) -> None:
    database = tmp_path / "data" / "hubbub.db"
    await _seed_elsewhere(database)
    store = SqliteStore(database)
    await store.open()
    try:
        logins = [await store.logins.by_token(digest(token(user)), 1_800_000_000_000) for user in range(4)]
        assert [login.user.name for login in logins if login is not None] == ["u00000", "u00001", "u00002"]
        assert is_token(token(0))
        members, total = await store.rooms.members(RoomId("one"), None, 10)
        assert total == 4
        assert [member.name for member in members] == ["owner", "u00000", "u00001", "u00002"]
        assert logins[1] is not None
        head = await store.rooms.head(RoomId("two"), logins[1].user_id)
        assert (head.head, head.member, head.unread) == (2, True, 0)
        assert logins[0] is not None
        assert not (await store.rooms.head(RoomId("two"), logins[0].user_id)).member
    finally:
        await store.close()


async def _seed_elsewhere(database: Path) -> None:
    """`seed` runs an event loop of its own."""
    await asyncio.to_thread(seed, database, [user_name(number) for number in range(3)], {"one": range(3), "two": [1]})
