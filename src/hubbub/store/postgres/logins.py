"""Logins: who holds which token.

Rows of several logins are locked in the order of their ids, everywhere.
"""

from __future__ import annotations

from collections.abc import Sequence

import asyncpg

from hubbub.errors import NotFound, UnknownUser
from hubbub.store.coalesce import Coalesced
from hubbub.store.protocols import Login
from hubbub.vocabulary import User, UserId, UserName

from .pool import Pool
from .session import Connection
from .texts import texts
from .writer import Writer

_COLUMNS = "logins.id, user_key, name, title, admin, logins.created_ms, seen_ms, expires_ms, device"

_CREATE = "SELECT name, title, admin FROM create_login($1, $2, $3, $4, $5, $6)"

_OF_TOKENS = f"""
SELECT token_sha256, {_COLUMNS} FROM logins JOIN users ON users.key = user_key WHERE token_sha256 = ANY ($1::bytea[])
"""  # noqa: S608  a constant

_OF_USER = f"""
SELECT token_sha256, {_COLUMNS} FROM logins JOIN users ON users.key = user_key WHERE user_key = $1
AND expires_ms > $2 AND (logins.created_ms, logins.id) > ($3, $4) ORDER BY logins.created_ms, logins.id LIMIT $5
"""  # noqa: S608  a constant

_MADE = "SELECT created_ms FROM logins WHERE id = $1 AND user_key = $2"

_EXPIRIES = "SELECT id, expires_ms FROM logins WHERE id = ANY ($1::text[])"

_TOUCH = """
WITH touched AS (
    SELECT id, max(seen_ms) AS seen_ms, max(expires_ms) AS expires_ms
    FROM unnest($1::text[], $2::bigint[], $3::bigint[]) AS touch (id, seen_ms, expires_ms) GROUP BY id
), locked AS MATERIALIZED (
    SELECT logins.token_sha256, touched.seen_ms, touched.expires_ms FROM touched JOIN logins ON logins.id = touched.id
    ORDER BY logins.id FOR NO KEY UPDATE OF logins
)
UPDATE logins SET seen_ms = greatest(logins.seen_ms, locked.seen_ms),
    expires_ms = greatest(logins.expires_ms, locked.expires_ms)
FROM locked WHERE logins.token_sha256 = locked.token_sha256
"""

_END = "DELETE FROM logins WHERE id = $1 AND user_key = $2 RETURNING id"

_END_OTHERS = """
WITH locked AS MATERIALIZED (
    SELECT token_sha256 FROM logins WHERE user_key = $1 AND id IS DISTINCT FROM $2 ORDER BY id FOR UPDATE
)
DELETE FROM logins USING locked WHERE logins.token_sha256 = locked.token_sha256 RETURNING id
"""


class PostgresLogins:
    """See `LoginStore`."""

    def __init__(self, readers: Pool, writer: Writer) -> None:
        self._readers = readers
        self._writer = writer
        self._by_token = Coalesced(self._read_tokens)
        self._touch = Coalesced(self._write_touches)

    async def close(self) -> None:
        await self._by_token.close()
        await self._touch.close()

    async def create(
        self, login_id: str, user_id: UserId, token_sha256: bytes, device: str, now_ms: int, expires_ms: int
    ) -> Login:
        async def write(connection: Connection) -> Login:
            row = await connection.fetchrow(_CREATE, login_id, user_id, token_sha256, device, now_ms, expires_ms)
            if row is None:
                raise UnknownUser
            return Login(login_id, user_id, User(*row), now_ms, now_ms, expires_ms, device)

        return await self._writer.write(write)

    async def by_token(self, token_sha256: bytes, now_ms: int) -> Login | None:
        login = await self._by_token.ask(token_sha256)
        return login if login is not None and login.expires_ms > now_ms else None

    async def of_user(self, user_id: UserId, now_ms: int, after: str | None, limit: int) -> list[Login]:
        async def read(connection: Connection) -> list[Login]:
            since = 0 if after is None else await connection.fetchval(_MADE, after, user_id)
            if since is None:
                raise NotFound
            page = await connection.fetch(_OF_USER, user_id, now_ms, since, after or "", limit)
            return [_login(row) for row in page]

        return await self._readers.submit(read)

    async def expiries(self, login_ids: Sequence[str]) -> dict[str, int]:
        async def read(connection: Connection) -> dict[str, int]:
            return {row["id"]: row["expires_ms"] for row in await connection.fetch(_EXPIRIES, texts(login_ids))}

        return await self._readers.submit(read)

    async def touch(self, login_id: str, now_ms: int, expires_ms: int) -> None:
        await self._touch.ask((login_id, now_ms, expires_ms))

    async def end(self, user_id: UserId, login_id: str) -> bool:
        async def write(connection: Connection) -> bool:
            return await connection.fetchval(_END, login_id, user_id) is not None

        return await self._writer.write(write)

    async def end_others(self, user_id: UserId, keep: str | None) -> list[str]:
        async def write(connection: Connection) -> list[str]:
            return [row["id"] for row in await connection.fetch(_END_OTHERS, user_id, keep)]

        return await self._writer.write(write)

    async def _read_tokens(self, tokens: Sequence[bytes]) -> list[Login | None]:
        async def read(connection: Connection) -> list[Login | None]:
            found = {row["token_sha256"]: _login(row) for row in await connection.fetch(_OF_TOKENS, tokens)}
            return [found.get(token) for token in tokens]

        return await self._readers.submit(read)

    async def _write_touches(self, touches: Sequence[tuple[str, int, int]]) -> list[None]:
        ids, seen, expires = zip(*touches, strict=True)

        async def write(connection: Connection) -> list[None]:
            await connection.execute(_TOUCH, texts(ids), seen, expires)
            return [None] * len(touches)

        await self._writer.settled()
        return await self._readers.submit(write)


def _login(row: asyncpg.Record) -> Login:
    _, login_id, user_id, name, title, admin, created_ms, seen_ms, expires_ms, device = row
    return Login(
        id=login_id,
        user_id=UserId(user_id),
        user=User(UserName(name), title, admin),
        created_ms=created_ms,
        seen_ms=seen_ms,
        expires_ms=expires_ms,
        device=device,
    )
