"""Accounts."""

from __future__ import annotations

import apsw
import msgspec
from msgspec import Struct

from hubbub.errors import NameTaken, UnknownUser
from hubbub.store.protocols import Account
from hubbub.vocabulary import User, UserId, UserName

from .readers import Readers
from .writer import Writer

_BY_NAME = "SELECT key, name, title, admin, password_hash, created_ms FROM users WHERE name = ?"

_PAGE = """
SELECT json_group_array(json_object('name', name, 'title', title, 'admin', json(iif(admin, 'true', 'false')))
    ORDER BY name)
FROM (SELECT name, title, admin FROM users WHERE name > ? ORDER BY name LIMIT ?)
"""

_decode_users = msgspec.json.Decoder(list[User]).decode


class SqliteAccounts(Struct, frozen=True):
    """See `AccountStore`."""

    _readers: Readers
    _writer: Writer

    async def create(
        self, name: UserName, title: str, password_hash: str, now_ms: int, *, admin: bool = False
    ) -> Account:
        def write(database: apsw.Connection) -> Account:
            if database.execute("SELECT 1 FROM users WHERE name = ?", (name,)).get is not None:
                raise NameTaken
            key, is_admin = database.execute(
                "INSERT INTO users (name, title, admin, password_hash, created_ms) "
                "VALUES (?, ?, ? OR NOT EXISTS (SELECT 1 FROM users), ?, ?) RETURNING key, admin",
                (name, title, admin, password_hash, now_ms),
            ).get
            return Account(UserId(key), name, title, bool(is_admin), password_hash, now_ms)

        return await self._writer.write(write)

    async def by_name(self, name: UserName) -> Account | None:
        def read(database: apsw.Connection) -> Account | None:
            row = database.execute(_BY_NAME, (name,)).get
            if row is None:
                return None
            key, stored_name, title, admin, password_hash, created_ms = row
            return Account(UserId(key), UserName(stored_name), title, bool(admin), password_hash, created_ms)

        return await self._readers.read(read)

    async def profile(self, user_id: UserId) -> User:
        def read(database: apsw.Connection) -> User:
            row = database.execute("SELECT name, title, admin FROM users WHERE key = ?", (user_id,)).get
            if row is None:
                raise UnknownUser
            name, title, admin = row
            return User(UserName(name), title, bool(admin))

        return await self._readers.read(read)

    async def count(self) -> int:
        def read(database: apsw.Connection) -> int:
            number: int = database.execute("SELECT count(*) FROM users").get
            return number

        return await self._readers.read(read)

    async def page(self, after: str | None, limit: int) -> list[User]:
        def read(database: apsw.Connection) -> list[User]:
            return _decode_users(database.execute(_PAGE, (after or "", limit)).get)

        return await self._readers.read(read)

    async def update(self, user_id: UserId, *, title: str | None = None, password_hash: str | None = None) -> None:
        def write(database: apsw.Connection) -> None:
            changed = database.execute(
                "UPDATE users SET title = coalesce(?, title), password_hash = coalesce(?, password_hash) "
                "WHERE key = ? RETURNING key",
                (title, password_hash, user_id),
            ).get
            if changed is None:
                raise UnknownUser

        await self._writer.write(write)
