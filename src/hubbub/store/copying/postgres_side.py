"""A PostgreSQL database as an end of a copy."""

from __future__ import annotations

import asyncio

import msgspec

from hubbub.errors import HubbubError
from hubbub.store.postgres.failures import ENGINE_FAILED, described
from hubbub.store.postgres.limits import PostgresLimits
from hubbub.store.postgres.migrate import migrate, released
from hubbub.store.postgres.session import Address, Connection, check_server, connect, use_alone
from hubbub.store.postgres.texts import texts

from .sides import BATCH_CHARACTERS, BATCH_ROWS, CopyError
from .sqlite_side import continued
from .tables import TABLES, Progress, Row, Summary, Table

_PROGRESS = "CREATE TABLE copy_progress (key integer PRIMARY KEY CHECK (key = 1), progress text NOT NULL)"
_HAS_PROGRESS = "SELECT to_regclass('copy_progress') IS NOT NULL"
_HAS_CONTENT = " OR ".join(f"EXISTS (SELECT FROM {table.name})" for table in TABLES)

_WAIT_TRIES = 25
_WAIT_SECONDS = 0.2
"""So long the server may need to notice that an earlier run was killed."""

_COMPLETE = """
UPDATE rooms SET head = last.seq, notices = last.notices
FROM (SELECT DISTINCT ON (room_key) room_key, seq, notices FROM events ORDER BY room_key, seq DESC) AS last
WHERE rooms.key = last.room_key;
SELECT setval(pg_get_serial_sequence('users', 'key'), max(key)) FROM users HAVING max(key) IS NOT NULL;
SELECT setval(pg_get_serial_sequence('rooms', 'key'), max(key)) FROM rooms HAVING max(key) IS NOT NULL;
"""


class PostgresSide:
    """See `Source` and `Target`."""

    def __init__(self, address: str) -> None:
        self._address = Address(address)
        self._open_connection: Connection | None = None

    async def open(self) -> None:
        try:
            self._open_connection = await connect(self._address, PostgresLimits(), patient=True)
            await self._prepare()
        except BaseException as error:
            await self.close()
            if isinstance(error, HubbubError):
                raise CopyError(f"PostgreSQL at {self._address}: {error.message}") from None
            if isinstance(error, ENGINE_FAILED):
                raise CopyError(f"PostgreSQL at {self._address}: {described(error)}") from None
            raise

    async def close(self) -> None:
        connection, self._open_connection = self._open_connection, None
        if connection is not None:
            await connection.close(timeout=5)

    async def state(self) -> str:
        facts = await self._connection.fetchrow(
            "SELECT current_database()::text, current_schema()::text, "
            "(SELECT beat FROM pulse), (SELECT count(*) FROM users), (SELECT count(*) FROM logins), "
            "(SELECT sum(seen_ms)::bigint FROM logins), (SELECT count(*) FROM rooms), (SELECT count(*) FROM members), "
            "(SELECT sum(read_seq)::bigint FROM members), (SELECT sum(head)::bigint FROM rooms)"
        )
        return f"postgresql {self._address} {[] if facts is None else list(facts)}"

    async def size(self) -> int:
        rows: int = await self._connection.fetchval(
            "SELECT (SELECT count(*) FROM users) + (SELECT count(*) FROM settings) + (SELECT count(*) FROM logins) "
            "+ (SELECT count(*) FROM rooms) + (SELECT count(*) FROM members) "
            "+ (SELECT coalesce(sum(head), 0) FROM rooms)::bigint"
        )
        return rows

    async def summary(self) -> Summary:
        connection = self._connection
        return Summary(
            counts={
                table.name: await connection.fetchval(f"SELECT count(*) FROM {table.name}")  # noqa: S608  constants
                for table in TABLES
            },
            heads={
                room: (events, head)
                for room, events, head in await connection.fetch(
                    "SELECT room_key, count(*), max(seq) FROM events GROUP BY room_key"
                )
            },
            marks=await connection.fetchval("SELECT coalesce(sum(read_seq), 0)::bigint FROM members"),
        )

    async def rows(self, table: Table, after: tuple[int | str, ...]) -> list[Row]:
        keys, last = ", ".join(table.key), list(table.columns)[-1]
        where = f"WHERE ({keys}) > ({', '.join(f'${n}' for n in range(1, len(after) + 1))})" if after else ""
        size = f"octet_length({last})" if table.columns[last] == "text" else "0"
        found = await self._connection.fetch(
            f"SELECT {', '.join(table.columns)} FROM ("  # noqa: S608  constants
            f"SELECT *, sum({size}) OVER (ORDER BY {keys}) - {size} AS before FROM ("
            f"SELECT * FROM {table.name} {where} ORDER BY {keys} LIMIT {BATCH_ROWS}) AS page) AS sized "
            f"WHERE before < {BATCH_CHARACTERS} ORDER BY {keys}",
            *after,
        )
        return [tuple(row) for row in found]

    async def begin(self, source: str) -> Progress:
        connection = self._connection
        if await connection.fetchval(_HAS_PROGRESS):
            stored: str = await connection.fetchval("SELECT progress FROM copy_progress")
            return continued(msgspec.json.decode(stored, type=Progress), source, str(self._address))
        if await connection.fetchval(f"SELECT {_HAS_CONTENT}"):
            raise CopyError(f"PostgreSQL at {self._address}: there is data in it. A copy goes into an empty database.")
        progress = Progress(source)
        async with connection.transaction():
            await connection.execute(_PROGRESS)
            await connection.execute("INSERT INTO copy_progress VALUES (1, $1)", _encoded(progress))
        return progress

    async def put(self, table: Table, rows: list[Row], progress: Progress) -> None:
        arrays = ", ".join(f"${n}::{kind}[]" for n, kind in enumerate(table.columns.values(), start=1))
        columns = [_array(kind, [row[n] for row in rows]) for n, kind in enumerate(table.columns.values())]
        try:
            async with self._connection.transaction():
                await self._connection.execute(
                    f"INSERT INTO {table.name} ({', '.join(table.columns)}) SELECT * FROM unnest({arrays})",  # noqa: S608
                    *columns,
                )
                await self._connection.execute("UPDATE copy_progress SET progress = $1", _encoded(progress))
        except ENGINE_FAILED as error:
            raise CopyError(f"PostgreSQL at {self._address}: {described(error)}") from None

    async def complete(self) -> None:
        await self._connection.execute(_COMPLETE)
        await self._connection.execute("ANALYZE")

    async def finish(self) -> None:
        await self._connection.execute("DROP TABLE copy_progress")

    @property
    def _connection(self) -> Connection:
        if self._open_connection is None:
            raise CopyError(f"PostgreSQL at {self._address} is not open.")
        return self._open_connection

    async def _prepare(self) -> None:
        await check_server(self._connection)
        for _ in range(_WAIT_TRIES):
            if await use_alone(self._connection):
                break
            await asyncio.sleep(_WAIT_SECONDS)
        else:
            raise CopyError(f"A server or another copy is using PostgreSQL at {self._address}. Stop it first.")
        await migrate(self._connection, released())
        # the plans that suit a server's short queries do not suit a copy's long ones
        await self._connection.execute("SET enable_hashjoin = on; SET enable_seqscan = on; SET enable_mergejoin = on")


def _encoded(progress: Progress) -> str:
    return msgspec.json.encode(progress).decode()


def _array(kind: str, values: list[object]) -> list[object]:
    if kind == "text":
        present = iter(texts(value for value in values if isinstance(value, str)))
        return [None if value is None else next(present) for value in values]
    if kind == "boolean":
        return [bool(value) for value in values]
    return values
