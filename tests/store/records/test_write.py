"""Which batches can be written at once."""

from __future__ import annotations

from hubbub.store.records import Batch, Edit
from hubbub.store.records.write import waves


def batch(*keys: str) -> Batch:
    return Batch(tuple(Edit("things", key.encode(), 0) for key in keys), 0)


def test_batches_of_different_records_go_together() -> None:
    assert waves([batch("a", "b"), batch("c"), batch("d")], 99) == [[0, 1, 2]]
    assert waves([], 99) == []


def test_batches_about_the_same_record_go_one_after_the_other() -> None:
    assert waves([batch("a"), batch("a", "b"), batch("b"), batch("c"), batch("a")], 99) == [[0, 3], [1], [2, 4]]


def test_the_same_key_of_another_collection_is_another_record() -> None:
    other = Batch((Edit("others", b"a", 0),), 0)
    assert waves([batch("a"), other], 99) == [[0, 1]]


def test_a_group_does_not_grow_without_end() -> None:
    assert waves([batch("a", "b"), batch("c"), batch("d"), batch("e")], 2) == [[0], [1, 2], [3]]
