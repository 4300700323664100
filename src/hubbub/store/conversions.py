"""Rows of earlier versions' tables as records, for migrations.

The collections are declared as they were then: what is declared today may be another thing. What was released never
changes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, Final

from msgspec import Struct

from .records import Batch, Change, Collection, new_revision

_BATCH: Final = 1_000

SETTINGS_ROWS: Final = "SELECT key, value FROM settings"
ATTEMPTS_ROWS: Final = "SELECT key, level, at_ms, until_ms FROM attempts"


class _Setting(Struct, frozen=True):
    key: str
    value: str


class _Attempt(Struct, frozen=True):
    key: bytes
    level: float
    at_ms: int
    until_ms: int


_SETTINGS: Final = Collection("settings", _Setting, key=("key",))
_ATTEMPTS: Final = Collection("attempts", _Attempt, key=("key",), expires="until_ms")


def settings(rows: Iterable[tuple[Any, ...]]) -> Iterator[Batch]:
    """Of the rows of `SETTINGS_ROWS`."""
    return _batches(_SETTINGS, _Setting, rows)


def attempts(rows: Iterable[tuple[Any, ...]]) -> Iterator[Batch]:
    """Of the rows of `ATTEMPTS_ROWS`."""
    return _batches(_ATTEMPTS, _Attempt, rows)


def _batches(collection: Collection[Any], record: type[Struct], rows: Iterable[tuple[Any, ...]]) -> Iterator[Batch]:
    changes = (Change(collection, record(*row)).edit(new_revision()) for row in rows)
    while edits := tuple(islice(changes, _BATCH)):
        yield Batch(edits, 0)
