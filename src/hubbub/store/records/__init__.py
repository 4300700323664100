"""Typed collections, declared once: all that is not a room's log (docs/decisions/0014-records.md)."""

from .change import Change, new_revision
from .collection import KEY, SLOTS, Collection, Index, Range, Stored
from .engine import RecordEngine, Row
from .errors import Conflict, NotUnique
from .ordering import LONGEST_BYTES, Value
from .records import TRIES, Page, Records
from .write import ABSENT, CONFLICT, Batch, Edit, Refusal

__all__ = [
    "ABSENT",
    "CONFLICT",
    "KEY",
    "LONGEST_BYTES",
    "SLOTS",
    "TRIES",
    "Batch",
    "Change",
    "Collection",
    "Conflict",
    "Edit",
    "Index",
    "NotUnique",
    "Page",
    "Range",
    "RecordEngine",
    "Records",
    "Refusal",
    "Row",
    "Stored",
    "Value",
    "new_revision",
]
