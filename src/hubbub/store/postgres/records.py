"""Records in the table of all collections.

A group of writes is one statement. Nodes meet in the database only, where records are locked in one order.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import asyncpg
from msgspec import Struct

from hubbub.store.records import CONFLICT, SLOTS, Batch, Edit, Range, Refusal, Row

from .pool import Pool
from .session import Connection

_COLUMNS: Final = ("key", *(f"s{slot}" for slot in range(1, SLOTS + 1)))


def _of_each_column(statement: str) -> list[str]:
    return [statement.replace("COLUMN", column) for column in _COLUMNS]


_GET: Final = _of_each_column("""
SELECT revision, body FROM unnest($2::bytea[]) WITH ORDINALITY AS want (value, n)
LEFT JOIN records ON collection = $1 AND COLUMN = want.value ORDER BY n
""")

_ASCENDING = """
SELECT revision, body FROM records WHERE collection = $1 AND COLUMN >= $2 AND COLUMN < $3
AND (expires_ms IS NULL OR expires_ms > $4) ORDER BY COLUMN LIMIT $5
"""

_DESCENDING = """
SELECT revision, body FROM records WHERE collection = $1 AND COLUMN >= $2 AND COLUMN < $3
AND (expires_ms IS NULL OR expires_ms > $4) ORDER BY COLUMN DESC LIMIT $5
"""

_FIND: Final = {False: _of_each_column(_ASCENDING), True: _of_each_column(_DESCENDING)}

_COUNT: Final = _of_each_column("""
SELECT count(*) FROM records WHERE collection = $1 AND COLUMN >= $2 AND COLUMN < $3
AND (expires_ms IS NULL OR expires_ms > $4)
""")

_UPDATE = """
UPDATE records SET revision = edit.revision, expires_ms = edit.expiry, body = edit.content
FROM unnest($1::bigint[], $2::text[], $3::bytea[], $4::bigint[], $5::bigint[], $6::bigint[], $7::text[])
    AS edit (n, place, id, expected, revision, expiry, content)
WHERE collection = edit.place AND key = edit.id AND records.revision = edit.expected
    AND (expires_ms IS NULL OR expires_ms > $8) RETURNING edit.n
"""

_WRITE = "SELECT refused FROM write_records($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)"

_LAST = """
SELECT (array_agg(key ORDER BY key DESC))[1] AS last, count(*) AS number
FROM (SELECT key FROM records WHERE collection = $1 AND key >= $2 AND key < $3 ORDER BY key LIMIT $4) AS page
"""

_EXPIRE = "DELETE FROM records WHERE collection = $1 AND key >= $2 AND key <= $3 AND expires_ms <= $4"

_SLOT = re.compile(r"records_s(\d)")

_DEADLOCKS = 10
"""So often a batch is tried again when it and one of another node wait for values that both want."""


class PostgresRecords(Struct, frozen=True):
    """See `RecordEngine`."""

    _pool: Pool

    async def get(self, collection: str, slot: int, wanted: Sequence[bytes]) -> list[Row | None]:
        async def read(connection: Connection) -> list[Row | None]:
            rows = await connection.fetch(_GET[slot], collection, wanted)
            return [None if revision is None else Row(revision, body) for revision, body in rows]

        return await self._pool.submit(read)

    async def find(self, wanted: Range, limit: int, now_ms: int, *, descending: bool) -> list[Row]:
        statement = _FIND[descending][wanted.slot]

        async def read(connection: Connection) -> list[Row]:
            rows = await connection.fetch(statement, wanted.collection, wanted.low, wanted.high, now_ms, limit)
            return [Row(revision, body) for revision, body in rows]

        return await self._pool.submit(read)

    async def count(self, wanted: Range, now_ms: int) -> int:
        async def read(connection: Connection) -> int:
            number: int = await connection.fetchval(
                _COUNT[wanted.slot], wanted.collection, wanted.low, wanted.high, now_ms
            )
            return number

        return await self._pool.submit(read)

    async def write(self, batches: Sequence[Batch]) -> list[Refusal | None]:
        return await self._pool.submit(lambda connection: write(connection, batches))

    async def expire(self, wanted: Range, limit: int, now_ms: int) -> bytes | None:
        async def write(connection: Connection) -> bytes | None:
            page = await connection.fetchrow(_LAST, wanted.collection, wanted.low, wanted.high, limit)
            assert page is not None  # noqa: S101  an aggregate has one row
            if page["last"] is not None:
                await connection.execute(_EXPIRE, wanted.collection, wanted.low, page["last"], now_ms)
            last: bytes | None = page["last"]
            return last if page["number"] == limit else None

        return await self._pool.submit(write)


async def write(connection: Connection, batches: Sequence[Batch]) -> list[Refusal | None]:
    """One statement for all; when a value is taken, or two nodes wait for each other, one for each batch."""
    if all(len(batch.edits) == 1 and batch.edits[0].light for batch in batches):
        return await _update(connection, batches)
    try:
        return await _write(connection, batches)
    except (asyncpg.UniqueViolationError, asyncpg.DeadlockDetectedError):
        return [await _write_alone(connection, batch) for batch in batches]


async def _update(connection: Connection, batches: Sequence[Batch]) -> list[Refusal | None]:
    """Single records that keep their slots: most writes are such. Rows are locked in the order of the arrays."""
    numbered = sorted(enumerate(batch.edits[0] for batch in batches), key=lambda edit: edit[1].place)
    edits = [edit for _, edit in numbered]
    written = await connection.fetch(
        _UPDATE,
        [number for number, _ in numbered],
        [edit.collection for edit in edits],
        [edit.key for edit in edits],
        [edit.expected for edit in edits],
        [edit.revision for edit in edits],
        [edit.expires_ms for edit in edits],
        [edit.body for edit in edits],
        _now_ms(batches),
    )
    refusals: list[Refusal | None] = [CONFLICT] * len(batches)
    for (number,) in written:
        refusals[number] = None
    return refusals


async def _write_alone(connection: Connection, batch: Batch) -> Refusal | None:
    for attempt in range(_DEADLOCKS):
        try:
            [refusal] = await _write(connection, [batch])
        except asyncpg.UniqueViolationError as taken:
            # of the key itself: somebody has made the record since it was looked for
            found = _SLOT.fullmatch(taken.constraint_name or "")
            return CONFLICT if found is None else Refusal(int(found[1]))
        except asyncpg.DeadlockDetectedError:
            if attempt == _DEADLOCKS - 1:
                raise
        else:
            return refusal
    return CONFLICT


async def _write(connection: Connection, batches: Sequence[Batch]) -> list[Refusal | None]:
    """All batches in one transaction. Raises asyncpg.UniqueViolationError, and then nothing was written."""
    edits = [edit for batch in batches for edit in batch.edits]
    refused = await connection.fetch(
        _WRITE,
        [number for number, batch in enumerate(batches) for _ in batch.edits],
        [edit.collection for edit in edits],
        [edit.key for edit in edits],
        [edit.expected for edit in edits],
        [edit.revision for edit in edits],
        [edit.expires_ms for edit in edits],
        [edit.body for edit in edits],
        [-1 if edit.slots is None else len(edit.slots) for edit in edits],
        *([_slot(edit, slot) for edit in edits] for slot in range(SLOTS)),
        _now_ms(batches),
    )
    refusals: list[Refusal | None] = [None] * len(batches)
    for (number,) in refused:
        refusals[number] = CONFLICT
    return refusals


def _slot(edit: Edit, slot: int) -> bytes | None:
    return edit.slots[slot] if edit.slots is not None and slot < len(edit.slots) else None


def _now_ms(batches: Sequence[Batch]) -> int:
    return max(batch.now_ms for batch in batches)
