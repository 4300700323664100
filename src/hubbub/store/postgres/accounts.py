"""Accounts."""

from __future__ import annotations

from msgspec import Struct

from hubbub.errors import NameTaken, UnknownUser
from hubbub.store.protocols import Account
from hubbub.vocabulary import User, UserId, UserName

from .pool import Pool
from .session import Connection
from .writer import Writer

_CREATE = "SELECT key, admin FROM create_account($1, $2, $3, $4, $5)"
_BY_NAME = "SELECT key, name, title, admin, password_hash, created_ms FROM users WHERE name = $1"
_PAGE = "SELECT name, title, admin FROM users WHERE name > $1 ORDER BY name LIMIT $2"
_UPDATE = """
UPDATE users SET title = coalesce($2, title), password_hash = coalesce($3, password_hash) WHERE key = $1 RETURNING key
"""


class PostgresAccounts(Struct, frozen=True):
    """See `AccountStore`."""

    _readers: Pool
    _writer: Writer

    async def create(
        self, name: UserName, title: str, password_hash: str, now_ms: int, *, admin: bool = False
    ) -> Account:
        async def write(connection: Connection) -> Account:
            row = await connection.fetchrow(_CREATE, name, title, password_hash, admin, now_ms)
            if row is None:
                raise NameTaken
            return Account(UserId(row["key"]), name, title, row["admin"], password_hash, now_ms)

        return await self._writer.write(write)

    async def by_name(self, name: UserName) -> Account | None:
        async def read(connection: Connection) -> Account | None:
            row = await connection.fetchrow(_BY_NAME, name)
            return None if row is None else Account(*row)

        return await self._readers.submit(read)

    async def profile(self, user_id: UserId) -> User:
        async def read(connection: Connection) -> User:
            row = await connection.fetchrow("SELECT name, title, admin FROM users WHERE key = $1", user_id)
            if row is None:
                raise UnknownUser
            return User(*row)

        return await self._readers.submit(read)

    async def count(self) -> int:
        async def read(connection: Connection) -> int:
            number: int = await connection.fetchval("SELECT count(*) FROM users")
            return number

        return await self._readers.submit(read)

    async def page(self, after: str | None, limit: int) -> list[User]:
        async def read(connection: Connection) -> list[User]:
            return [User(*row) for row in await connection.fetch(_PAGE, after or "", limit)]

        return await self._readers.submit(read)

    async def update(self, user_id: UserId, *, title: str | None = None, password_hash: str | None = None) -> None:
        async def write(connection: Connection) -> None:
            if await connection.fetchval(_UPDATE, user_id, title, password_hash) is None:
                raise UnknownUser

        await self._writer.write(write)
