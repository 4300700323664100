"""What an engine does for records. All that has a type is done once, in `Records`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from .collection import Range
from .write import Batch, Refusal


class Row(NamedTuple):
    """A stored record. `body`: JSON, as it was written."""

    revision: int
    body: str


class RecordEngine(Protocol):
    """Collections of records, which no engine knows more of than their names.

    A record has a key, a revision, a body, up to four values of indexes (slots 1 to 4) and perhaps a time from which on
    it is as good as absent. Keys and values are bytes, which sort as bytes do. A key is there once in a collection, and
    so is a value in a slot of a collection. Slot 0 is the key.

    With a document database this is: a document per record with `_id` (collection, key), revision and body, a unique
    partial index over (collection, slot) for each slot, an update that names the revision in its filter, and a
    transaction for a batch of several edits.
    """

    async def get(self, collection: str, slot: int, wanted: Sequence[bytes]) -> list[Row | None]:
        """The record of each of these values, in their order, expired or not. Sees every write that has returned."""
        ...

    async def find(self, wanted: Range, limit: int, now_ms: int, *, descending: bool) -> list[Row]:
        """Records that have not expired at `now_ms`, in the order of the range's slot, at most `limit`."""
        ...

    async def count(self, wanted: Range, now_ms: int) -> int:
        """How many records in the range have not expired at `now_ms`."""
        ...

    async def write(self, batches: Sequence[Batch]) -> list[Refusal | None]:
        """Each batch is made as a whole or not at all, for itself; one outcome for each, None: it is durable.

        A batch is refused when a record's revision is another one than its edit expects, and when another record has a
        slot's value already; a refused one has changed nothing, and hinders none of the others. Deletions of a batch
        take effect before its other edits. An edit that expects `ABSENT` takes the place of a record that has expired.
        Slots that an edit does not give (a node of an earlier version knows fewer of them) stay as they are.

        No record is in two batches of a call. Calls may overlap, on several nodes, too.
        """
        ...

    async def expire(self, wanted: Range, limit: int, now_ms: int) -> bytes | None:
        """Delete what has expired among the first `limit` records of the range, which is one of keys.

        Returns the last key that was looked at; None: the end of the range was reached.
        """
        ...
