"""A database with many accounts, logins and memberships, made faster than any server could."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import apsw

from hubbub.identity.passwords import standard_hasher
from hubbub.identity.tokens import digest
from hubbub.store import Draft
from hubbub.store.drafts import creation
from hubbub.store.sqlite import SqliteStore
from hubbub.vocabulary import Message, RoomId, User, UserId, UserName

_NOW_MS = 1_700_000_000_000
_FOREVER_MS = 4_000_000_000_000


def token(user: int) -> str:
    """The token of the user of this number, the same in every seeded database: they live for one bench."""
    return base64.urlsafe_b64encode(hashlib.sha256(b"bench %d" % user).digest()).rstrip(b"=").decode()


_NOTHING: Mapping[str, Sequence[str]] = {}


def seed(
    database: Path,
    names: Sequence[str],
    rooms: Mapping[str, Sequence[int]],
    *,
    said: Mapping[str, Sequence[str]] = _NOTHING,
    password: str = "",
) -> None:
    """Make the database with users 0, 1, … of these names, and these members in each room.

    Args:
        said: texts that somebody has said in a room.
        password: everybody's; empty: nobody has one.
    """
    database.parent.mkdir(parents=True, exist_ok=True)
    asyncio.run(_make_rooms(database, rooms, said))
    password_hash = standard_hasher().hash(password) if password else ""
    connection = apsw.Connection(str(database))
    with connection:
        connection.executemany(
            "INSERT INTO users (key, name, title, admin, password_hash, created_ms) VALUES (?, ?, '', 0, ?, ?)",
            ((_key(user), name, password_hash, _NOW_MS) for user, name in enumerate(names)),
        )
        connection.executemany(
            "INSERT INTO logins (token_sha256, id, user_key, device, created_ms, seen_ms, expires_ms) "
            "VALUES (?, ?, ?, 'bench', ?, ?, ?)",
            ((digest(token(u)), f"bench{u:05d}", _key(u), _NOW_MS, _NOW_MS, _FOREVER_MS) for u in range(len(names))),
        )
        for room, members in rooms.items():
            connection.executemany(
                "INSERT INTO members (room_key, user_key, since_ms, read_seq, name) "
                "SELECT key, ?, ?, 2, ? FROM rooms WHERE id = ?",
                ((_key(user), _NOW_MS, names[user], room) for user in members),
            )
    connection.close()


async def _make_rooms(database: Path, rooms: Mapping[str, Sequence[int]], said: Mapping[str, Sequence[str]]) -> None:
    """The schema, and rooms with the events that a room begins with and what was said."""
    store = SqliteStore(database)
    await store.open()
    try:
        owner = await store.accounts.create(UserName("owner"), "", "", _NOW_MS)
        for room in rooms:
            await store.events.append(
                [
                    *creation(RoomId(room), "", "", owner.id, User(owner.name)),
                    *(
                        Draft(Message(RoomId(room), 0, owner.name, 0, text), owner.id, f"{number}")
                        for number, text in enumerate(said.get(room, ()))
                    ),
                ],
                _NOW_MS,
            )
    finally:
        await store.close()


def _key(user: int) -> UserId:
    return UserId(user + 1_000)
