"""What a declaration may say."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import Struct

from hubbub.store.records import SLOTS, Collection, Index


class Thing(Struct):
    name: str
    size: int = 0


@pytest.mark.parametrize(
    ("name", "declared", "complaint"),
    [
        ("Things", {"key": ["name"]}, "no name of a collection"),
        ("things'", {"key": ["name"]}, "no name of a collection"),
        ("things", {"key": []}, "have a field"),
        ("things", {"key": ["nome"]}, "no field nome"),
        ("things", {"key": ["name"], "expires": "until_ms"}, "no field until_ms"),
        ("things", {"key": ["name"], "indexes": [Index("size", ("size", "colour"))]}, "no field colour"),
        ("things", {"key": ["name"], "indexes": [Index("size", ())]}, "have a field"),
        ("things", {"key": ["name"], "indexes": [Index("size", ("size",))] * 2}, "two of one name"),
        (
            "things",
            {"key": ["name"], "indexes": [Index(f"size{n}", ("size",)) for n in range(SLOTS + 1)]},
            f"more than {SLOTS} indexes",
        ),
    ],
)
def test_a_wrong_declaration_is_refused(name: str, declared: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        Collection(name, Thing, **declared)


def test_an_index_that_is_not_declared_is_refused() -> None:
    with pytest.raises(ValueError, match="things has no index 'size'"):
        Collection("things", Thing, key=["name"]).slot("size")
