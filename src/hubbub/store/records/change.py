"""A change of one record, as callers say it."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Generic, TypeVar

from msgspec import Struct

from .collection import Collection, Stored
from .write import ABSENT, Edit

T = TypeVar("T", bound=Struct)


class Change(Struct, Generic[T], frozen=True):
    """`value` is put in the place of `over`, or made when that is None; a value of None deletes `over`."""

    collection: Collection[T]
    value: T | None
    over: Stored[T] | None = None

    def edit(self, revision: int) -> Edit:
        """The same as an engine is told it; the record gets this revision.

        Raises BadField when something is too long or not Unicode, ValueError when the change is none.
        """
        collection, value, over = self.collection, self.value, self.over
        expected = ABSENT if over is None else over.revision
        if value is None:
            if over is None:
                raise ValueError("nothing can't be deleted")
            return Edit(collection.name, collection.key(over.value), expected)
        key, slots = collection.key(value), collection.slots(value)
        if over is not None and collection.key(over.value) != key:
            raise ValueError("a record keeps its key")
        return Edit(
            collection.name,
            key,
            expected,
            revision,
            collection.encode(value, over),
            collection.expires_ms(value),
            None if over is not None and collection.slots(over.value) == slots else slots,
        )


def new_revision(random_bytes: Callable[[int], bytes] = os.urandom) -> int:
    """A positive integer of 62 bits that no record has had: counted ones would come back when a record is made anew."""
    return int.from_bytes(random_bytes(8), "big") >> 2 | 1
