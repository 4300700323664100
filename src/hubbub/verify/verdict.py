"""What is wrong with a history, counted and named."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from msgspec import Struct, field

from hubbub.vocabulary import RoomId, Seq

EXAMPLES: Final = 10
"""Findings of each kind that are kept; all are counted."""


class Fault(StrEnum):
    """How a promise of docs/delivery.md can be broken."""

    LOST = "lost"
    """An acknowledged message is not in the log, or a reader never got it."""

    TWICE = "shown twice"
    """A reader got an entry that it had, although its cursor said so."""

    ORDER = "out of order"
    """A reader got an entry after a later one."""

    HOLE = "holes"
    """A connection went on with an entry that is not the next one; or the log itself has no such entry."""

    MISSING = "missing"
    """A reader never got an entry of the log that nobody had an acknowledgement of."""

    DIFFERENT = "different"
    """A reader saw something that is not in the log at that `seq`, or two servers have different logs."""

    STORED_TWICE = "stored twice"
    """The log has a message at two places."""

    MOVED = "wrong seq"
    """An acknowledgement named another `seq` than the message's in the log, or two of one nonce differ."""

    REFUSED = "refused"
    """The server refused a message or a cursor that it should have taken."""


class Finding(Struct, frozen=True):
    """One violation. `reader` and `wire` are empty when it is none of a reader."""

    fault: Fault
    room: RoomId
    seq: Seq
    text: str
    reader: str = ""
    wire: str = ""

    def __str__(self) -> str:
        who = f", {self.reader} ({self.wire})" if self.reader else ""
        return f"{self.fault}: {self.room} seq {self.seq}{who}: {self.text}"


class Verdict(Struct):
    """What a check found.

    Attributes:
        acknowledged: messages whose sender was told that they are durable.
        unknown: messages that were sent and never acknowledged; each may be stored once or not at all.
        shown: entries that readers were shown, all together.
        counts: violations by kind; every kind is there.
        findings: the first ones of each kind.
    """

    acknowledged: int = 0
    unknown: int = 0
    shown: int = 0
    counts: dict[Fault, int] = field(default_factory=lambda: dict.fromkeys(Fault, 0))
    findings: list[Finding] = field(default_factory=list)

    @property
    def kept(self) -> bool:
        """Every promise was kept, and there was something to promise."""
        return self.acknowledged > 0 and not any(self.counts.values())

    def add(self, finding: Finding) -> None:
        """Count a violation."""
        self.counts[finding.fault] += 1
        if self.counts[finding.fault] <= EXAMPLES:
            self.findings.append(finding)
