"""Logins: who holds which token."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial

import apsw
import msgspec

from hubbub.errors import UnknownUser
from hubbub.store.protocols import Login
from hubbub.vocabulary import User, UserId, UserName

from .readers import Readers
from .writer import Writer

_COLUMNS = """json_array(lower(hex(token_sha256)), logins.id, users.key, users.name, users.title, users.admin,
    logins.created_ms, seen_ms, expires_ms, device)"""

_OF_TOKENS = f"""
SELECT json_group_array({_COLUMNS}) FROM json_each(?) AS want
JOIN logins ON token_sha256 = unhex(want.value) JOIN users ON users.key = logins.user_key
"""  # noqa: S608  a constant

_OF_USER = f"""
SELECT json_group_array({_COLUMNS} ORDER BY logins.created_ms, logins.id) FROM logins
JOIN users ON users.key = logins.user_key WHERE logins.user_key = ?
"""  # noqa: S608  a constant

_Row = tuple[str, str, int, str, str, int, int, int, int, str]
_decode = msgspec.json.Decoder(list[_Row]).decode
_encode = msgspec.json.Encoder().encode


class SqliteLogins:
    """See `LoginStore`."""

    def __init__(self, readers: Readers, writer: Writer) -> None:
        self._readers = readers
        self._writer = writer
        self._asked: dict[str, list[asyncio.Future[Login | None]]] = {}
        self._reading: asyncio.Task[None] | None = None

    async def create(
        self, login_id: str, user_id: UserId, token_sha256: bytes, device: str, now_ms: int, expires_ms: int
    ) -> Login:
        def write(database: apsw.Connection) -> Login:
            user = database.execute("SELECT name, title, admin FROM users WHERE key = ?", (user_id,)).get
            if user is None:
                raise UnknownUser
            database.execute(
                "INSERT INTO logins (token_sha256, id, user_key, device, created_ms, seen_ms, expires_ms) "
                "VALUES (?, ?, ?, ?, ?, ?, ?)",
                (token_sha256, login_id, user_id, device, now_ms, now_ms, expires_ms),
            )
            name, title, admin = user
            return Login(
                id=login_id,
                user_id=user_id,
                user=User(UserName(name), title, bool(admin)),
                created_ms=now_ms,
                seen_ms=now_ms,
                expires_ms=expires_ms,
                device=device,
            )

        return await self._writer.write(write)

    async def by_token(self, token_sha256: bytes, now_ms: int) -> Login | None:
        """Lookups that arrive while one is running go together in the next: thousands of clients come back at once."""
        future: asyncio.Future[Login | None] = asyncio.get_running_loop().create_future()
        self._asked.setdefault(token_sha256.hex(), []).append(future)
        if self._reading is None:
            self._reading = asyncio.create_task(self._read_asked())
        login = await future
        return login if login is not None and login.expires_ms > now_ms else None

    async def of_user(self, user_id: UserId) -> list[Login]:
        def read(database: apsw.Connection) -> list[Login]:
            return [_login(row) for row in _decode(database.execute(_OF_USER, (user_id,)).get)]

        return await self._readers.read(read)

    async def touch(self, login_id: str, now_ms: int) -> None:
        def write(database: apsw.Connection) -> None:
            database.execute("UPDATE logins SET seen_ms = ? WHERE id = ? AND seen_ms < ?", (now_ms, login_id, now_ms))

        await self._writer.write(write)

    async def end(self, user_id: UserId, login_id: str) -> bool:
        def write(database: apsw.Connection) -> bool:
            deleted = database.execute(
                "DELETE FROM logins WHERE id = ? AND user_key = ? RETURNING id", (login_id, user_id)
            ).get
            return deleted is not None

        return await self._writer.write(write)

    async def end_others(self, user_id: UserId, keep: str | None) -> int:
        def write(database: apsw.Connection) -> int:
            database.execute("DELETE FROM logins WHERE user_key = ? AND id IS NOT ?", (user_id, keep))
            return database.changes()

        return await self._writer.write(write)

    async def _read_asked(self) -> None:
        while self._asked:
            asked, self._asked = self._asked, {}
            try:
                found = await self._readers.read(partial(_of_tokens, tuple(asked)))
            except Exception as error:  # noqa: BLE001  every caller gets it
                _settle(asked, {}, error)
            else:
                _settle(asked, found, None)
        self._reading = None


def _of_tokens(tokens: Sequence[str], database: apsw.Connection) -> dict[str, Login]:
    answer = database.execute(_OF_TOKENS, (_encode(tokens).decode(),)).get
    return {row[0]: _login(row) for row in _decode(answer)}


def _settle(
    asked: dict[str, list[asyncio.Future[Login | None]]], found: dict[str, Login], error: Exception | None
) -> None:
    for token, futures in asked.items():
        for future in futures:
            if future.done():
                continue
            if error is not None:
                future.set_exception(error)
            else:
                future.set_result(found.get(token))


def _login(row: _Row) -> Login:
    _, login_id, user_id, name, title, admin, created_ms, seen_ms, expires_ms, device = row
    return Login(
        id=login_id,
        user_id=UserId(user_id),
        user=User(UserName(name), title, bool(admin)),
        created_ms=created_ms,
        seen_ms=seen_ms,
        expires_ms=expires_ms,
        device=device,
    )
