"""A PostgreSQL database as an end of a copy."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator

import msgspec

from hubbub.errors import HubbubError
from hubbub.store.postgres.failures import ENGINE_FAILED, described
from hubbub.store.postgres.limits import PostgresLimits
from hubbub.store.postgres.migrate import migrate, released
from hubbub.store.postgres.session import Address, Connection, check_server, connect, has_table, use_alone
from hubbub.store.postgres.texts import texts

from .sides import BATCH_CHARACTERS, BATCH_ROWS, CopyError, continued
from .tables import COUNTED, TABLES, Place, Progress, Row, Table, Value

_PROGRESS = "CREATE TABLE copy_progress (key integer PRIMARY KEY CHECK (key = 1), progress text NOT NULL)"
_HAS_CONTENT = " OR ".join(f"EXISTS (SELECT FROM {table.name})" for table in TABLES)

_WAIT_TRIES = 25
_WAIT_SECONDS = 0.2
"""So long the server may need to notice that an earlier run was killed."""

_COMPLETE = """
UPDATE rooms SET head = last.seq, notices = last.notices
FROM rooms AS log CROSS JOIN LATERAL (
    SELECT seq, notices FROM events WHERE room_key = log.key ORDER BY seq DESC LIMIT 1) AS last
WHERE rooms.key = log.key;
SELECT setval(pg_get_serial_sequence('users', 'key'), max(key)) FROM users HAVING max(key) IS NOT NULL;
SELECT setval(pg_get_serial_sequence('rooms', 'key'), max(key)) FROM rooms HAVING max(key) IS NOT NULL;
ANALYZE users, logins, records, rooms, members, events, message_states, reactions, reaction_counts;
"""


class _Side:
    def __init__(self, address: str) -> None:
        self._address = Address(address)
        self._open_connection: Connection | None = None

    async def open(self) -> None:
        with self._told():
            self._open_connection = await connect(self._address, PostgresLimits(), patient=True)
            await check_server(self._connection)
            await self._wait_until_alone()
            await self._prepare()
            # the plans that suit a server's short queries do not suit a copy's long ones
            await self._connection.execute(
                "SET enable_hashjoin = on; SET enable_seqscan = on; SET enable_mergejoin = on"
            )

    async def close(self) -> None:
        connection, self._open_connection = self._open_connection, None
        if connection is not None:
            with contextlib.suppress(*ENGINE_FAILED):
                await connection.close(timeout=5)

    async def size(self) -> int:
        with self._told():
            rows: int = await self._connection.fetchval(
                f"SELECT {COUNTED} + (SELECT coalesce(sum(head), 0) FROM rooms)::bigint"  # noqa: S608  constants
            )
            return rows

    async def heads(self) -> dict[int, int]:
        with self._told():
            return {row["key"]: row["head"] for row in await self._connection.fetch("SELECT key, head FROM rooms")}

    async def rows(self, table: Table, after: Place) -> list[Row]:
        keys, last = ", ".join(table.key), list(table.columns)[-1]
        where = f"WHERE ({keys}) > ({', '.join(f'${n}' for n in range(1, len(after) + 1))})" if after else ""
        size = f"octet_length({last})" if table.columns[last] == "text" else "0"
        with self._told():
            found = await self._connection.fetch(
                f"SELECT {', '.join(table.columns)} FROM ("  # noqa: S608  constants
                f"SELECT *, sum({size}) OVER (ORDER BY {keys}) - {size} AS before FROM ("
                f"SELECT * FROM {table.name} {where} ORDER BY {keys} LIMIT {BATCH_ROWS}) AS page) AS sized "
                f"WHERE before < {BATCH_CHARACTERS} ORDER BY {keys}",
                *table.values_of(after),
            )
        return [tuple(row) for row in found]

    @property
    def _connection(self) -> Connection:
        if self._open_connection is None:
            raise CopyError(f"PostgreSQL at {self._address} is not open.")
        return self._open_connection

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        """What goes wrong is a CopyError."""
        try:
            yield
        except HubbubError as error:
            raise self._refusal(error.message) from None
        except ENGINE_FAILED as error:
            raise self._refusal(described(error)) from None

    def _refusal(self, reason: str) -> CopyError:
        return CopyError(f"PostgreSQL at {self._address}: {reason}")

    async def _wait_until_alone(self) -> None:
        for _ in range(_WAIT_TRIES):
            if await use_alone(self._connection):
                return
            await asyncio.sleep(_WAIT_SECONDS)
        raise CopyError(f"A server or another copy is using PostgreSQL at {self._address}. Stop it first.")

    async def _prepare(self) -> None:
        raise NotImplementedError


class PostgresSource(_Side):
    """See `Source`. Nothing is written to it."""

    async def _prepare(self) -> None:
        connection = self._connection
        if not await has_table(connection, "schema_versions"):
            raise self._refusal("it is no database of Hubbub.")
        if await has_table(connection, "copy_progress"):
            raise self._refusal("it is a copy that has not been finished.")
        version = await connection.fetchval("SELECT max(version) FROM schema_versions")
        if version != len(released()):
            raise self._refusal(f"it has schema {version}, this version needs {len(released())}: hubbub migrate.")


class PostgresTarget(_Side):
    """See `Target`."""

    async def begin(self, source: str) -> Progress:
        connection = self._connection
        with self._told():
            if await has_table(connection, "copy_progress"):
                stored: str = await connection.fetchval("SELECT progress FROM copy_progress")
                progress = msgspec.json.decode(stored, type=Progress)
                return continued(progress, source, f"PostgreSQL at {self._address}")
            if await connection.fetchval(f"SELECT {_HAS_CONTENT}"):
                raise self._refusal("there is data in it. A copy goes into an empty database.")
            progress = Progress(source)
            async with connection.transaction():
                await connection.execute(_PROGRESS)
                await connection.execute("INSERT INTO copy_progress VALUES (1, $1)", _encoded(progress))
            return progress

    async def put(self, table: Table, rows: list[Row], progress: Progress) -> None:
        arrays = ", ".join(f"${n}::{kind}[]" for n, kind in enumerate(table.columns.values(), start=1))
        columns = [_array(kind, [row[n] for row in rows]) for n, kind in enumerate(table.columns.values())]
        with self._told():
            async with self._connection.transaction():
                await self._connection.execute(
                    f"INSERT INTO {table.name} ({', '.join(table.columns)}) SELECT * FROM unnest({arrays})",  # noqa: S608
                    *columns,
                )
                await self._connection.execute("UPDATE copy_progress SET progress = $1", _encoded(progress))

    async def complete(self) -> None:
        with self._told():
            await self._connection.execute(_COMPLETE)

    async def finish(self) -> None:
        with self._told():
            await self._connection.execute("DROP TABLE copy_progress")

    async def _prepare(self) -> None:
        await migrate(self._connection, released())


def _encoded(progress: Progress) -> str:
    return msgspec.json.encode(progress).decode()


def _array(kind: str, values: list[Value]) -> list[Value]:
    """A column as an argument. asyncpg does not translate the texts in it (store/postgres/texts.py)."""
    if kind != "text":
        return values
    present = iter(texts(value for value in values if isinstance(value, str)))
    return [None if value is None else next(present) for value in values]
