"""Records in the table of all collections.

A group of writes is a few statements, whatever its size: see `Readers` for why. `CROSS JOIN` is SQLite's way to say
that the list of what is wanted comes first, so that each is looked up by an index.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import apsw
import msgspec
from msgspec import Struct

from hubbub.store.records import CONFLICT, SLOTS, Batch, Edit, Range, Refusal, Row
from hubbub.store.records.write import ABSENT, conflicts, edits_of

from .readers import Readers
from .writer import Writer

_COLUMNS: Final = ("key", *(f"s{slot}" for slot in range(1, SLOTS + 1)))


def _of_each_column(statement: str) -> list[str]:
    return [statement.replace("COLUMN", column) for column in _COLUMNS]


_GET: Final = _of_each_column("""
SELECT '[' || coalesce(group_concat(coalesce('[' || revision || ',' || body || ']', 'null') ORDER BY want.key), '')
    || ']'
FROM json_each(?1) AS want LEFT JOIN records ON collection = ?2 AND records.COLUMN = unhex(want.value)
""")

_GET_ONE: Final = _of_each_column("SELECT revision, body FROM records WHERE collection = ? AND COLUMN = ?")
"""The same for one: 4 µs where the statement for many takes 15."""

_ASCENDING = """
SELECT '[' || coalesce(group_concat('[' || revision || ',' || body || ']' ORDER BY place), '') || ']'
FROM (SELECT revision, body, COLUMN AS place FROM records WHERE collection = ? AND COLUMN >= ? AND COLUMN < ?
      AND (expires_ms IS NULL OR expires_ms > ?) ORDER BY COLUMN LIMIT ?)
"""

_DESCENDING = """
SELECT '[' || coalesce(group_concat('[' || revision || ',' || body || ']' ORDER BY place DESC), '') || ']'
FROM (SELECT revision, body, COLUMN AS place FROM records WHERE collection = ? AND COLUMN >= ? AND COLUMN < ?
      AND (expires_ms IS NULL OR expires_ms > ?) ORDER BY COLUMN DESC LIMIT ?)
"""

_FIND: Final = {False: _of_each_column(_ASCENDING), True: _of_each_column(_DESCENDING)}

_COUNT: Final = _of_each_column("""
SELECT count(*) FROM records WHERE collection = ? AND COLUMN >= ? AND COLUMN < ?
AND (expires_ms IS NULL OR expires_ms > ?)
""")

_NOW = """
SELECT json_group_array(json_array(want.key, records.rowid, revision, expires_ms)) FROM json_each(?) AS want
CROSS JOIN records ON collection = want.value ->> 0 AND records.key = unhex(want.value ->> 1)
"""

_DELETE = "DELETE FROM records WHERE rowid IN (SELECT value FROM json_each(?))"

_UPDATE = """
UPDATE records SET revision = edit.value ->> 1, expires_ms = edit.value ->> 2, body = edit.value ->> 3
FROM json_each(?) AS edit WHERE records.rowid = edit.value ->> 0
"""

_MOVE = """
UPDATE records SET revision = edit.value ->> 1, expires_ms = edit.value ->> 2, body = edit.value ->> 3,
    s1 = iif(edit.value ->> 4 >= 1, unhex(edit.value ->> 5), s1),
    s2 = iif(edit.value ->> 4 >= 2, unhex(edit.value ->> 6), s2),
    s3 = iif(edit.value ->> 4 >= 3, unhex(edit.value ->> 7), s3),
    s4 = iif(edit.value ->> 4 >= 4, unhex(edit.value ->> 8), s4)
FROM json_each(?) AS edit WHERE records.rowid = edit.value ->> 0
"""

_INSERT = """
INSERT INTO records (collection, key, revision, expires_ms, body, s1, s2, s3, s4)
SELECT edit.value ->> 0, unhex(edit.value ->> 1), edit.value ->> 2, edit.value ->> 3, edit.value ->> 4,
    unhex(edit.value ->> 5), unhex(edit.value ->> 6), unhex(edit.value ->> 7), unhex(edit.value ->> 8)
FROM json_each(?) AS edit
"""

_LAST = """
SELECT json_array(lower(hex(max(key))), count(*))
FROM (SELECT key FROM records WHERE collection = ? AND key >= ? AND key < ? ORDER BY key LIMIT ?)
"""

_EXPIRE = "DELETE FROM records WHERE collection = ? AND key >= ? AND key <= ? AND expires_ms <= ?"

_TAKEN = re.compile(r"records_s(\d)|records\.s(\d)")

_encode = msgspec.json.Encoder().encode
_decode_rows = msgspec.json.Decoder(list[tuple[int, msgspec.Raw] | None]).decode
_decode_now = msgspec.json.Decoder(list[tuple[int, int, int, int | None]]).decode
_decode_last = msgspec.json.Decoder(tuple[str, int]).decode


class SqliteRecords(Struct, frozen=True):
    """See `RecordEngine`."""

    _readers: Readers
    _writer: Writer

    async def get(self, collection: str, slot: int, wanted: Sequence[bytes]) -> list[Row | None]:
        if len(wanted) == 1:

            def read(database: apsw.Connection) -> list[Row | None]:
                row = database.execute(_GET_ONE[slot], (collection, wanted[0])).get
                return [None if row is None else Row(*row)]

            return await self._readers.read(read)
        asked = _json([value.hex() for value in wanted])
        return await self._readers.read(lambda database: _rows(database.execute(_GET[slot], (asked, collection)).get))

    async def find(self, wanted: Range, limit: int, now_ms: int, *, descending: bool) -> list[Row]:
        statement = _FIND[descending][wanted.slot]

        def read(database: apsw.Connection) -> list[Row]:
            asked = (wanted.collection, wanted.low, wanted.high, now_ms, limit)
            return [row for row in _rows(database.execute(statement, asked).get) if row is not None]

        return await self._readers.read(read)

    async def count(self, wanted: Range, now_ms: int) -> int:
        def read(database: apsw.Connection) -> int:
            asked = (wanted.collection, wanted.low, wanted.high, now_ms)
            number: int = database.execute(_COUNT[wanted.slot], asked).get
            return number

        return await self._readers.read(read)

    async def write(self, batches: Sequence[Batch]) -> list[Refusal | None]:
        return await self._writer.write(lambda database: write(database, batches))

    async def expire(self, wanted: Range, limit: int, now_ms: int) -> bytes | None:
        def write(database: apsw.Connection) -> bytes | None:
            asked = (wanted.collection, wanted.low, wanted.high, limit)
            last, number = _decode_last(database.execute(_LAST, asked).get)
            if not number:
                return None
            key = bytes.fromhex(last)
            database.execute(_EXPIRE, (wanted.collection, wanted.low, key, now_ms))
            return key if number == limit else None

        return await self._writer.write(write)


def write(database: apsw.Connection, batches: Sequence[Batch]) -> list[Refusal | None]:
    """Inside a transaction. Nobody else writes, so what is read here is so until it ends."""
    edits = [edit for batch in batches for edit in batch.edits]
    now_ms = max(batch.now_ms for batch in batches)
    found = _decode_now(database.execute(_NOW, (_json([(edit.collection, edit.key.hex()) for edit in edits]),)).get)
    rowids = {edits[number].place: rowid for number, rowid, _, _ in found}
    revisions = {
        edits[number].place: revision
        for number, _, revision, expires_ms in found
        if expires_ms is None or expires_ms > now_ms
    }
    refusals = conflicts(batches, revisions)
    try:
        _apply(database, edits_of(batches, refusals), rowids)
    except apsw.ConstraintError as taken:
        if len(batches) == 1:
            return [_refusal(taken)]
        for number, batch in enumerate(batches):
            if refusals[number] is None:
                refusals[number] = _apply_alone(database, batch, rowids)
    return refusals


def _apply_alone(database: apsw.Connection, batch: Batch, rowids: dict[tuple[str, bytes], int]) -> Refusal | None:
    try:
        _apply(database, batch.edits, rowids)
    except apsw.ConstraintError as taken:
        return _refusal(taken)
    return None


def _apply(database: apsw.Connection, edits: Sequence[Edit], rowids: dict[tuple[str, bytes], int]) -> None:
    """Make all of these edits or none. Raises apsw.ConstraintError: a slot's value is taken."""
    light = [(rowids[edit.place], edit.revision, edit.expires_ms, edit.body) for edit in edits if edit.light]
    heavy = [edit for edit in edits if not edit.light]
    if not heavy:
        if light:
            database.execute(_UPDATE, (_json(light),))
        return
    gone = [
        rowids[edit.place] for edit in heavy if edit.place in rowids and (edit.body is None or edit.expected == ABSENT)
    ]
    moved = [
        (rowids[edit.place], edit.revision, edit.expires_ms, edit.body, len(edit.slots or ()), *_slots(edit))
        for edit in heavy
        if edit.body is not None and edit.expected != ABSENT
    ]
    new = [
        (edit.collection, edit.key.hex(), edit.revision, edit.expires_ms, edit.body, *_slots(edit))
        for edit in heavy
        if edit.body is not None and edit.expected == ABSENT
    ]
    with database:  # a savepoint
        for statement, rows in ((_DELETE, gone), (_UPDATE, light), (_MOVE, moved), (_INSERT, new)):
            if rows:
                database.execute(statement, (_json(rows),))


def _slots(edit: Edit) -> list[str | None]:
    slots = [None if value is None else value.hex() for value in edit.slots or ()]
    return slots + [None] * (SLOTS - len(slots))


def _refusal(taken: apsw.ConstraintError) -> Refusal:
    found = _TAKEN.search(str(taken))
    return CONFLICT if found is None else Refusal(int(found[1] or found[2]))


def _rows(answer: str) -> list[Row | None]:
    return [None if row is None else Row(row[0], bytes(row[1]).decode()) for row in _decode_rows(answer)]


def _json(values: object) -> str:
    return _encode(values).decode()
