"""A collection of records: a Struct, its key, its indexes, and how long a record lives.

    class Invitation(Struct, frozen=True):
        code: str
        room: str
        expires_ms: int

    INVITATIONS = Collection(
        "invitations", Invitation, key=("code",), indexes=(Index("room", ("room", "code")),), expires="expires_ms"
    )

That is all there is to say: the table, its columns and the copy are the same for every collection.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any, Final, Generic, TypeVar

import msgspec
from msgspec import Struct

from hubbub.errors import NOT_UNICODE, BadField

from .ordering import Value, beyond, encode

T = TypeVar("T", bound=Struct)

SLOTS: Final = 4
"""So many indexes a collection may have. Each is a column of the table of all records, in the order of declaration."""

KEY: Final = 0
"""The slot of the key, beside 1, 2, … of the indexes."""

_NAME = re.compile(r"[a-z][a-z_]{0,39}")

_encode_json = msgspec.json.Encoder().encode
_decode_fields = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


class Index(Struct, frozen=True):
    """Records in the order of `fields`; those of which all fields before are given are found in the order of the rest.

    Fields are str, int, bytes or None; a record of which one is None is not in the index. `unique`: no two records have
    the same values.
    """

    name: str
    fields: tuple[str, ...]
    unique: bool = False


class Stored(Struct, Generic[T], frozen=True):
    """A record as it was read.

    Attributes:
        revision: another one after each write. It never comes back, also when the record is deleted and made anew.
        body: as it is stored, with the fields that a later version has given it.
    """

    value: T
    revision: int
    body: str


class Range(Struct, frozen=True):
    """Part of a collection, in the order of a slot: from `low` up to `high`, without `high`."""

    collection: str
    slot: int
    low: bytes
    high: bytes


class Collection(Generic[T]):
    """What all versions keep: its name, its key, and the places of its indexes, to which new ones are added behind.

    A field that is added has a default. A field that is removed stays in records that are stored.
    """

    def __init__(
        self,
        name: str,
        record: type[T],
        *,
        key: Sequence[str],
        indexes: Sequence[Index] = (),
        expires: str | None = None,
    ) -> None:
        """`expires`: the field that says when a record is as good as gone: Unix milliseconds, or None for never.

        Raises ValueError when the declaration is wrong.
        """
        self.name = name
        self.record = record
        self.indexes = tuple(indexes)
        self.expires = expires
        _check(self, key)
        self._key_of = _values_of(key)
        self._fields_of = [_values_of(index.fields) for index in indexes]
        self._expires_of: Callable[[T], int | None] = attrgetter(expires) if expires else lambda _: None
        self._decode = msgspec.json.Decoder(record).decode
        self._known = frozenset(field.encode_name for field in msgspec.structs.fields(record))

    def key(self, value: T) -> bytes:
        """Raises BadField when it is too long."""
        return encode(self._key_of(value))

    def slots(self, value: T) -> tuple[bytes | None, ...]:
        """What each index has of this record. Where values need not be unique, the key stands behind them."""
        key = self.key(value)
        found: list[bytes | None] = []
        for index, fields_of in zip(self.indexes, self._fields_of, strict=True):
            fields = fields_of(value)
            if None in fields:
                found.append(None)
            else:
                found.append(encode(fields) if index.unique else encode(fields) + key)
        return tuple(found)

    def cursor(self, index: str | None, value: T) -> bytes | None:
        """The place of this record, to go on behind it; None when it is not in the index."""
        return self.key(value) if index is None else self.slots(value)[self.slot(index) - 1]

    def expires_ms(self, value: T) -> int | None:
        return self._expires_of(value)

    def slot(self, index: str) -> int:
        """Raises ValueError when there is no such index."""
        for number, declared in enumerate(self.indexes, start=1):
            if declared.name == index:
                return number
        raise ValueError(f"{self.name} has no index {index!r}")

    def range(self, index: str | None, equal: Sequence[Value]) -> Range:
        """All records whose first fields of the index (None: of the key) are these."""
        low = encode(equal)
        return Range(self.name, KEY if index is None else self.slot(index), low, beyond(low))

    def encode(self, value: T, over: Stored[T] | None) -> str:
        """The record as JSON, with what a later version has written into the one that it takes the place of.

        Raises BadField when a text is not Unicode.
        """
        try:
            body = _encode_json(value)
        except UnicodeEncodeError:
            raise BadField(NOT_UNICODE) from None
        kept = {} if over is None else self._unknown(over.body)
        if kept:
            body = _encode_json({**_decode_fields(body), **kept})
        return body.decode()

    def decode(self, body: str) -> T:
        return self._decode(body)

    def _unknown(self, body: str) -> dict[str, msgspec.Raw]:
        return {name: content for name, content in _decode_fields(body).items() if name not in self._known}


def _values_of(fields: Sequence[str]) -> Callable[[Any], tuple[Any, ...]]:
    """Reads these fields of a record."""
    get = attrgetter(*fields)
    return get if len(fields) > 1 else lambda value: (get(value),)


def _check(collection: Collection[T], key: Sequence[str]) -> None:
    fields = {field.name for field in msgspec.structs.fields(collection.record)}
    named = {*key, *(field for index in collection.indexes for field in index.fields)}
    if collection.expires:
        named.add(collection.expires)
    names = [index.name for index in collection.indexes]
    if not _NAME.fullmatch(collection.name):
        raise ValueError(f"{collection.name!r} is no name of a collection")
    if not named <= fields:
        raise ValueError(f"{collection.name} has no field {', '.join(sorted(named - fields))}")
    if not key or not all(index.fields for index in collection.indexes):
        raise ValueError(f"{collection.name}: a key and an index have a field at least")
    if len(set(names)) < len(names) or len(names) > SLOTS:
        raise ValueError(f"{collection.name} has more than {SLOTS} indexes, or two of one name")
