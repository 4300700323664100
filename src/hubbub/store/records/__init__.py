"""Typed collections, declared once: all that is not a room's log (docs/decisions/0014-records.md)."""

from .collection import KEY, SLOTS, Collection, Index, Range, Stored
from .engine import RecordEngine, Row
from .errors import Conflict, NotUnique
from .ordering import LONGEST_BYTES, Value
from .records import Change, Page, Records
from .write import ABSENT, CONFLICT, Batch, Edit, Refusal

__all__ = [
    "ABSENT",
    "CONFLICT",
    "KEY",
    "LONGEST_BYTES",
    "SLOTS",
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
]
