"""Logins: who holds which token."""

from __future__ import annotations

from collections.abc import Sequence

import apsw
import msgspec

from hubbub.errors import NotFound, UnknownUser
from hubbub.store.coalesce import Coalesced
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
SELECT json_group_array({_COLUMNS} ORDER BY logins.created_ms, logins.id)
FROM (SELECT * FROM logins WHERE user_key = ?1 AND expires_ms > ?2 AND (created_ms, id) > (?3, ?4)
      ORDER BY created_ms, id LIMIT ?5) AS logins
JOIN users ON users.key = logins.user_key
"""  # noqa: S608  a constant

_MADE = "SELECT created_ms FROM logins WHERE id = ? AND user_key = ?"

_EXPIRIES = """
SELECT json_group_array(json_array(logins.id, expires_ms))
FROM json_each(?) AS want JOIN logins ON logins.id = want.value
"""

_TOUCH = """
UPDATE logins SET seen_ms = max(seen_ms, touch.value ->> 1), expires_ms = max(expires_ms, touch.value ->> 2)
FROM json_each(?) AS touch WHERE logins.id = touch.value ->> 0
"""

_Row = tuple[str, str, int, str, str, int, int, int, int, str]
_decode = msgspec.json.Decoder(list[_Row]).decode
_decode_expiries = msgspec.json.Decoder(list[tuple[str, int]]).decode
_encode = msgspec.json.Encoder().encode


class SqliteLogins:
    """See `LoginStore`."""

    def __init__(self, readers: Readers, writer: Writer) -> None:
        self._readers = readers
        self._writer = writer
        self._by_token = Coalesced(self._read_tokens)
        self._touch = Coalesced(self._write_touches)

    async def create(
        self, login_id: str, user_id: UserId, token_sha256: bytes, device: str, now_ms: int, expires_ms: int
    ) -> Login:
        def write(database: apsw.Connection) -> Login:
            user = database.execute("SELECT name, title, admin FROM users WHERE key = ?", (user_id,)).get
            if user is None:
                raise UnknownUser
            database.execute("DELETE FROM logins WHERE user_key = ? AND expires_ms <= ?", (user_id, now_ms))
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
        login = await self._by_token.ask(token_sha256.hex())
        return login if login is not None and login.expires_ms > now_ms else None

    async def of_user(self, user_id: UserId, now_ms: int, after: str | None, limit: int) -> list[Login]:
        def read(database: apsw.Connection) -> list[Login]:
            since = 0 if after is None else database.execute(_MADE, (after, user_id)).get
            if since is None:
                raise NotFound
            page = database.execute(_OF_USER, (user_id, now_ms, since, after or "", limit)).get
            return [_login(row) for row in _decode(page)]

        return await self._readers.read(read)

    async def expiries(self, login_ids: Sequence[str]) -> dict[str, int]:
        wanted = _encode(list(login_ids)).decode()
        return await self._readers.read(
            lambda database: dict(_decode_expiries(database.execute(_EXPIRIES, (wanted,)).get))
        )

    async def touch(self, login_id: str, now_ms: int, expires_ms: int) -> None:
        await self._touch.ask((login_id, now_ms, expires_ms))

    async def end(self, user_id: UserId, login_id: str) -> bool:
        def write(database: apsw.Connection) -> bool:
            deleted = database.execute(
                "DELETE FROM logins WHERE id = ? AND user_key = ? RETURNING id", (login_id, user_id)
            ).get
            return deleted is not None

        return await self._writer.write(write)

    async def end_others(self, user_id: UserId, keep: str | None) -> list[str]:
        def write(database: apsw.Connection) -> list[str]:
            return [
                login_id
                for (login_id,) in database.execute(
                    "DELETE FROM logins WHERE user_key = ? AND id IS NOT ? RETURNING id", (user_id, keep)
                )
            ]

        return await self._writer.write(write)

    async def _read_tokens(self, tokens: Sequence[str]) -> list[Login | None]:
        wanted = _encode(tokens).decode()

        def read(database: apsw.Connection) -> list[Login | None]:
            found = {row[0]: _login(row) for row in _decode(database.execute(_OF_TOKENS, (wanted,)).get)}
            return [found.get(token) for token in tokens]

        return await self._readers.read(read)

    async def _write_touches(self, touches: Sequence[tuple[str, int, int]]) -> list[None]:
        latest: dict[str, tuple[str, int, int]] = {}
        for login_id, now_ms, expires_ms in touches:  # UPDATE … FROM takes any one of several rows for the same login
            _, seen_ms, until_ms = latest.get(login_id, (login_id, 0, 0))
            latest[login_id] = (login_id, max(now_ms, seen_ms), max(expires_ms, until_ms))
        seen = _encode(list(latest.values())).decode()

        def write(database: apsw.Connection) -> list[None]:
            database.execute(_TOUCH, (seen,))
            return [None] * len(touches)

        return await self._writer.write(write)


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
