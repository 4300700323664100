"""An index that a version adds to a stored collection is filled before it is used."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct
from msgspec.structs import replace

from hubbub.errors import StoreUnavailable

from .collection import KEY, Collection, Index
from .errors import Conflict, NotUnique
from .ordering import after

if TYPE_CHECKING:
    from .records import Records

_log = logging.getLogger(__name__)

PAGE: Final = 200


class Built(Struct, frozen=True):
    """The indexes that the records of a collection are in."""

    collection: str
    indexes: tuple[Index, ...]


BUILT: Final = Collection("collections", Built, key=("collection",))


class Building:
    """Looks once for each collection that is used whether its indexes are as declared.

    What a node of an earlier version writes meanwhile is not in an index that it does not know.
    """

    def __init__(self, records: Records) -> None:
        self._records = records
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._built: set[str] = set()

    async def built(self, collection: Collection[Any]) -> None:
        """Returns when the indexes can be used. Raises StoreUnavailable: values that must be unique are not, too."""
        if collection.name in self._built or not collection.indexes:
            return
        async with self._locks[collection.name]:
            if collection.name not in self._built:
                await self._build(collection)
                self._built.add(collection.name)

    async def _build(self, collection: Collection[Any]) -> None:
        stored = await self._records.get(BUILT, collection.name)
        there = () if stored is None else stored.value.indexes
        if there[: len(collection.indexes)] == collection.indexes:
            return
        try:
            number = await self._fill(collection)
        except NotUnique as error:
            _log.error("two records of %s have the same %s", collection.name, error.index)
            raise StoreUnavailable from error
        if number:
            _log.info("%d records of %s have been indexed", number, collection.name)
        await self._records.change(BUILT, collection.name, to=lambda _: Built(collection.name, collection.indexes))

    async def _fill(self, collection: Collection[Any]) -> int:
        number = 0
        wanted = collection.range(None, ())
        while page := await self._records.page(collection, wanted, PAGE):
            for stored in page:
                try:
                    await self._records.index(collection, stored)
                except Conflict:  # whoever wrote it meanwhile may have done so without the index: once more
                    again = await self._records.read(collection, KEY, collection.key(stored.value))
                    if again is not None:
                        await self._records.index(collection, again)
            number += len(page)
            wanted = replace(wanted, low=after(collection.key(page[-1].value)))
        return number
