"""Records of all collections, typed, over what an engine can do.

    records = store.records
    invitation = await records.put(INVITATIONS, Invitation("x7", "general", 1_790_000_000_000))
    page = await records.find(INVITATIONS, "room", "general", limit=50)

A put without `over` makes a record that was not there; with it, it changes the one that was read.
"""

from __future__ import annotations

import contextlib
import os
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, Final, Generic, TypeVar

import msgspec
from msgspec import Struct

from hubbub.errors import StoreUnavailable
from hubbub.store.coalesce import Coalesced

from .building import Building
from .change import Change, new_revision
from .collection import KEY, Collection, Range, Stored
from .engine import RecordEngine, Row
from .errors import Conflict, NotUnique
from .ordering import Value, after, encode
from .write import CONFLICT, Batch, Refusal, waves

T = TypeVar("T", bound=Struct)

GROUP_EDITS: Final = 500
"""So many edits of different callers share a transaction, so that the first one does not wait for all the others."""

TRIES: Final = 100
"""Of a change that others keep coming before."""

SWEPT_AFTER: Final = 100
"""After so many new records in a collection that expires, ten times as many are looked at: more than it can add."""


class Page(Struct, Generic[T], frozen=True):
    """`next`: the cursor of the page behind this one; None: there is nothing behind it now."""

    records: list[Stored[T]]
    next: bytes | None


class Records:
    """See `RecordEngine` for what is promised. Used on one event loop.

    Reads and writes of many callers that are made while the engine is busy go together in its next query. `now_ms`,
    where it is given: records that have expired by then are as good as absent; without it, all are there.
    """

    def __init__(self, engine: RecordEngine, random_bytes: Callable[[int], bytes] = os.urandom) -> None:
        self._engine = engine
        self._random_bytes = random_bytes
        self._reads: dict[tuple[str, int], Coalesced[bytes, Row | None]] = {}
        self._write: Coalesced[Batch, Refusal | None] = Coalesced(self._write_batches)
        self._building = Building(self)
        self._inserted: Counter[str] = Counter()
        self._swept: dict[str, bytes] = {}  # collection → the key up to which it was
        self._open = True

    async def close(self) -> None:
        """Finish what was begun; nothing more can be."""
        self._open = False
        for read in self._reads.values():
            await read.close()
        await self._write.close()

    async def get(self, collection: Collection[T], *key: Value, now_ms: int = 0) -> Stored[T] | None:
        """The record of this key."""
        return _unless_expired(collection, await self.read(collection, KEY, encode(key)), now_ms)

    async def get_by(self, collection: Collection[T], index: str, *values: Value, now_ms: int = 0) -> Stored[T] | None:
        """The record with these values of all fields of a unique index."""
        await self._building.built(collection)
        stored = await self.read(collection, collection.slot(index), encode(values))
        return _unless_expired(collection, stored, now_ms)

    async def find(
        self,
        collection: Collection[T],
        index: str | None,
        *equal: Value,
        limit: int,
        cursor: bytes | None = None,
        descending: bool = False,
        now_ms: int = 0,
    ) -> Page[T]:
        """Records whose first fields of the index (None: of the key) are `equal`, in the order of the others.

        Those behind `cursor`, which is that of a page or of any record (`Collection.cursor`), still there or not. A
        record that is written while somebody reads page by page is in the pages at its place of then.
        """
        await self._building.built(collection)
        wanted = collection.range(index, equal)
        if cursor is not None:
            wanted = msgspec.structs.replace(wanted, **({"high": cursor} if descending else {"low": after(cursor)}))
        rows = await self._engine.find(wanted, limit + 1, now_ms, descending=descending)
        records = [_stored(collection, row) for row in rows[:limit]]
        more = len(rows) > limit
        return Page(records, collection.cursor(index, records[-1].value) if more and records else None)

    async def count(self, collection: Collection[T], index: str | None = None, *equal: Value, now_ms: int = 0) -> int:
        """How many `find` would find. It takes time in proportion to that."""
        await self._building.built(collection)
        return await self._engine.count(collection.range(index, equal), now_ms)

    async def put(
        self, collection: Collection[T], value: T, over: Stored[T] | None = None, *, now_ms: int = 0
    ) -> Stored[T]:
        """Write one record. Raises Conflict, NotUnique."""
        [stored] = await self.write([Change(collection, value, over)], now_ms=now_ms)
        assert stored is not None  # noqa: S101  it was not a deletion
        return stored

    async def delete(self, collection: Collection[T], over: Stored[T], *, now_ms: int = 0) -> None:
        """Delete the record as it was read. Raises Conflict."""
        await self.write([Change(collection, None, over)], now_ms=now_ms)

    async def write(self, changes: Sequence[Change[Any]], *, now_ms: int = 0) -> list[Stored[Any] | None]:
        """All of these changes or none; the records as they are now, None where one was deleted.

        Each record is named once at the most. Raises Conflict, NotUnique.
        """
        if not changes:
            return []
        for change in changes:
            await self._building.built(change.collection)
        edits = [change.edit(new_revision(self._random_bytes)) for change in changes]
        if len({edit.place for edit in edits}) < len(edits):
            raise ValueError("a record is twice in a batch")
        refusal = await self._write.ask(Batch(tuple(edits), now_ms))
        if refusal is not None:
            raise await self._refused(refusal, changes)
        for change in changes:
            if change.over is None and change.collection.expires and now_ms:
                await self._count_insert(change.collection, now_ms)
        return [
            None if change.value is None or edit.body is None else Stored(change.value, edit.revision, edit.body)
            for change, edit in zip(changes, edits, strict=True)
        ]

    async def change(
        self, collection: Collection[T], *key: Value, to: Callable[[T | None], T | None], now_ms: int = 0
    ) -> T | None:
        """Put what `to` makes of the record (None: there is none, or delete it); it is asked again after a conflict.

        Nothing is written when it returns what it was given. Raises NotUnique, and StoreUnavailable when others came
        before too often.
        """
        for _ in range(TRIES):
            stored = await self.get(collection, *key, now_ms=now_ms)
            before = None if stored is None else stored.value
            value = to(before)
            if value is before:
                return value
            with contextlib.suppress(Conflict):
                await self.write([Change(collection, value, stored)], now_ms=now_ms)
                return value
        raise StoreUnavailable

    async def read(self, collection: Collection[T], slot: int, encoded: bytes) -> Stored[T] | None:
        """The record with this value of a slot, expired or not."""
        read = self._reads.get((collection.name, slot))
        if read is None:
            read = self._reads[collection.name, slot] = self._reading(collection.name, slot)
        row = await read.ask(encoded)
        return None if row is None else _stored(collection, row)

    async def page(self, collection: Collection[T], wanted: Range, limit: int) -> list[Stored[T]]:
        """Records of a range, expired or not."""
        return [_stored(collection, row) for row in await self._engine.find(wanted, limit, 0, descending=False)]

    async def index(self, collection: Collection[T], stored: Stored[T]) -> None:
        """Put a record that is stored into all indexes. Raises Conflict, NotUnique."""
        change = Change(collection, stored.value, stored)
        edit = change.edit(new_revision(self._random_bytes))
        edit = msgspec.structs.replace(edit, slots=collection.slots(stored.value))
        refusal = await self._write.ask(Batch((edit,), 0))
        if refusal is not None:
            raise await self._refused(refusal, [change])

    def _reading(self, collection: str, slot: int) -> Coalesced[bytes, Row | None]:
        if not self._open:
            raise StoreUnavailable

        async def read(wanted: Sequence[bytes]) -> list[Row | None]:
            return await self._engine.get(collection, slot, wanted)

        return Coalesced(read)

    async def _write_batches(self, batches: Sequence[Batch]) -> list[Refusal | None]:
        outcomes: list[Refusal | None] = [None] * len(batches)
        for group in waves(batches, GROUP_EDITS):
            refusals = await self._engine.write([batches[number] for number in group])
            for number, refusal in zip(group, refusals, strict=True):
                outcomes[number] = refusal
        return outcomes

    async def _refused(self, refusal: Refusal, changes: Sequence[Change[Any]]) -> Conflict | NotUnique:
        """The engine knows the slot of a value that is taken; whose it is, the batch tells."""
        if refusal == CONFLICT:
            return Conflict()
        claimed: set[tuple[str, bytes]] = set()
        for change in changes:
            collection, value = change.collection, change.value
            if value is None or len(collection.indexes) < refusal.slot:
                continue
            claim = collection.slots(value)[refusal.slot - 1]
            if claim is None:
                continue
            holder = await self.read(collection, refusal.slot, claim)
            taken = holder is not None and collection.key(holder.value) != collection.key(value)
            if taken or (collection.name, claim) in claimed:
                return NotUnique(collection.name, collection.indexes[refusal.slot - 1].name)
            claimed.add((collection.name, claim))
        return Conflict()  # it is free by now: whoever tries again may have it

    async def _count_insert(self, collection: Collection[Any], now_ms: int) -> None:
        """What has expired goes by and by, in the order of keys: no index over it has to be kept by each write."""
        inserted = self._inserted[collection.name]
        self._inserted[collection.name] += 1
        if inserted % SWEPT_AFTER == 0:
            wanted = collection.range(None, ())
            since = self._swept.get(collection.name, b"")
            with contextlib.suppress(StoreUnavailable):  # the write has been made; the next ones will do
                reached = await self._engine.expire(
                    msgspec.structs.replace(wanted, low=since), 10 * SWEPT_AFTER, now_ms
                )
                self._swept[collection.name] = b"" if reached is None else after(reached)


def _stored(collection: Collection[T], row: Row) -> Stored[T]:
    return Stored(collection.decode(row.body), row.revision, row.body)


def _unless_expired(collection: Collection[T], stored: Stored[T] | None, now_ms: int) -> Stored[T] | None:
    expires_ms = None if stored is None else collection.expires_ms(stored.value)
    return stored if expires_ms is None or expires_ms > now_ms else None
