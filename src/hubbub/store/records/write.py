"""What an engine is told to write, and what it answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from msgspec import Struct

ABSENT: Final = 0
"""The revision of a record that is not there, or has expired."""


class Edit(Struct, frozen=True):
    """One record's change. An engine knows no Structs: keys and slots are bytes to be compared, the body is JSON.

    Attributes:
        expected: the revision it must have now, or `ABSENT`.
        revision: the one that it gets.
        body: None: the record is deleted.
        expires_ms: from when on it counts as absent; None: never.
        slots: for each index of the collection what it has of the record; None in place of all: they are as they were.
    """

    collection: str
    key: bytes
    expected: int
    revision: int = ABSENT
    body: str | None = None
    expires_ms: int | None = None
    slots: tuple[bytes | None, ...] | None = None

    @property
    def place(self) -> tuple[str, bytes]:
        return self.collection, self.key

    @property
    def light(self) -> bool:
        """Whether it only gives an existing record another body."""
        return self.expected != ABSENT and self.body is not None and self.slots is None


class Batch(Struct, frozen=True):
    """Edits of different records, of which all are made or none. `now_ms`: what has expired by then is absent."""

    edits: tuple[Edit, ...]
    now_ms: int


class Refusal(Struct, frozen=True):
    """Nothing of a batch was written: a record has another revision; or (`slot` 1, 2, …) a value is taken."""

    slot: int = 0


CONFLICT: Final = Refusal()


def conflicts(batches: Sequence[Batch], revisions: Mapping[tuple[str, bytes], int]) -> list[Refusal | None]:
    """Which batches cannot be made, by the revisions that the records have now; those that are absent are left out."""
    return [
        None if all(revisions.get(edit.place, ABSENT) == edit.expected for edit in batch.edits) else CONFLICT
        for batch in batches
    ]


def edits_of(batches: Iterable[Batch], refusals: Sequence[Refusal | None]) -> list[Edit]:
    """Those of the batches that are not refused."""
    return [edit for batch, refused in zip(batches, refusals, strict=True) if refused is None for edit in batch.edits]


def waves(batches: Sequence[Batch], most: int) -> list[list[int]]:
    """The batches, by their numbers, in groups that can be written at once, one group after the other.

    No record is twice in a group, a group has at most about `most` edits, and of batches about the same record the
    first one goes first.
    """
    groups: list[list[int]] = []
    sizes: list[int] = []
    latest: dict[tuple[str, bytes], int] = {}  # place → the last group that has it
    for number, batch in enumerate(batches):
        group = max((latest.get(edit.place, -1) + 1 for edit in batch.edits), default=0)
        while group < len(groups) and sizes[group] >= most:
            group += 1
        if group == len(groups):
            groups.append([])
            sizes.append(0)
        groups[group].append(number)
        sizes[group] += len(batch.edits)
        latest.update((edit.place, group) for edit in batch.edits)
    return groups
