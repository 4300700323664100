"""Judges a history: were the promises of docs/delivery.md kept? Pure: a history in, a verdict out.

The log is the reference. If every reader's view is the log from its first cursor on, then all readers agree, every
acknowledged message was shown to each of them once, at its place.
"""

from __future__ import annotations

from collections.abc import Iterable

from hubbub.vocabulary import RoomId, Seq

from .history import Entry, History, Log, Said, View
from .verdict import Fault, Finding, Verdict


def check(history: History) -> Verdict:
    """Every violation in it.

    Raises:
        ValueError: a room that something was said in, or that was read, has no log.
    """
    verdict = Verdict(
        acknowledged=sum(1 for said in history.said if said.acknowledged),
        unknown=sum(1 for said in history.said if said.attempts and not said.acknowledged and not said.refused),
    )
    rooms = {said.room for said in history.said} | {view.room for view in history.views}
    for room in sorted(rooms):
        logs = [log for log in history.logs if log.room == room]
        if not logs:
            raise ValueError(f"the history has no log of {room}")
        _Room(room, logs, verdict).check(
            [said for said in history.said if said.room == room], [view for view in history.views if view.room == room]
        )
    return verdict


class _Room:
    """The checks of one room."""

    def __init__(self, room: RoomId, logs: list[Log], verdict: Verdict) -> None:
        self._room = room
        self._logs = logs
        self._verdict = verdict
        self._log = {entry.seq: entry for entry in logs[0].entries}
        self._head: Seq = max(self._log, default=0)
        self._acknowledged: set[str] = set()

    def check(self, said: list[Said], views: list[View]) -> None:
        self._acknowledged = {one.text for one in said if one.acknowledged}
        self._check_logs(said)
        for one in said:
            self._check_said(one)
        for view in views:
            self._check_view(view)

    def _found(self, fault: Fault, seq: Seq, text: str, view: View | None = None) -> None:
        reader, wire = ("", "") if view is None else (view.reader, view.wire)
        self._verdict.add(Finding(fault, self._room, seq, text, reader, wire))

    # the log

    def _check_logs(self, said: list[Said]) -> None:
        first = self._logs[0]
        self._check_whole(first.entries)
        places: dict[str, list[Seq]] = {one.text: [] for one in said}
        for entry in first.entries:
            if entry.text in places:
                places[entry.text].append(entry.seq)
        for text, seqs in places.items():
            for again in seqs[1:]:
                self._found(Fault.STORED_TWICE, again, f"{text!r} is at {seqs[0]}, too")
        for other in self._logs[1:]:
            for seq, (one, two) in _differences(first.entries, other.entries):
                self._found(Fault.DIFFERENT, seq, f"{first.url} has {one}, {other.url} has {two}")

    def _check_whole(self, entries: list[Entry]) -> None:
        for seq, entry in enumerate(entries, 1):
            if entry.seq != seq:
                self._found(Fault.HOLE, seq, f"the log has {entry.seq} there")
                return

    # what was said

    def _check_said(self, said: Said) -> None:
        if said.refused:
            self._found(Fault.REFUSED, 0, f"{said.text!r}: {said.refused}")
        for seq in set(said.acknowledged):
            entry = self._log.get(seq)
            if entry is not None and (entry.sender, entry.text) == (said.sender, said.text):
                continue
            if any(found.text == said.text for found in self._log.values()):
                self._found(Fault.MOVED, seq, f"{said.text!r} was acknowledged with it and is not there")
            else:
                self._found(Fault.LOST, seq, f"{said.text!r} was acknowledged and is not in the log")

    # what was shown

    def _check_view(self, view: View) -> None:
        for code in view.errors:
            self._found(Fault.REFUSED, view.cursor or 0, f"join: {code}", view)
        if not view.stretches:
            self._found(Fault.MISSING, 0, "never joined", view)
            return
        had: set[Seq] = set()
        for stretch in view.stretches:
            cursor = stretch.since
            for entry in stretch.entries:
                self._verdict.shown += 1
                self._check_place(view, entry, cursor, had)
                self._check_content(view, entry)
                had.add(entry.seq)
                cursor = max(cursor, entry.seq)
        for seq in range(view.stretches[0].since + 1, self._head + 1):
            if seq not in had and seq in self._log:
                text = self._log[seq].text
                fault = Fault.LOST if text in self._acknowledged else Fault.MISSING
                self._found(fault, seq, f"{text!r} was never shown", view)

    def _check_place(self, view: View, entry: Entry, cursor: Seq, had: set[Seq]) -> None:
        if entry.seq == cursor + 1:
            return
        if entry.seq > cursor:
            self._found(Fault.HOLE, entry.seq, f"followed {cursor}", view)
        elif entry.seq in had or entry.seq <= view.stretches[0].since:
            self._found(Fault.TWICE, entry.seq, f"shown although the cursor was {cursor}", view)
        else:
            self._found(Fault.ORDER, entry.seq, f"shown after {cursor}", view)

    def _check_content(self, view: View, entry: Entry) -> None:
        stored = self._log.get(entry.seq)
        if stored != entry:
            there = "nothing" if stored is None else repr(stored.text)
            self._found(Fault.DIFFERENT, entry.seq, f"showed {entry.text!r} where the log has {there}", view)


def _differences(one: list[Entry], two: list[Entry]) -> Iterable[tuple[Seq, tuple[str, str]]]:
    """Where two logs differ, with the texts; "nothing" where one has no entry."""
    ones, twos = ({entry.seq: entry for entry in entries} for entries in (one, two))
    for seq in sorted(ones.keys() | twos.keys()):
        mine, other = ones.get(seq), twos.get(seq)
        if mine != other:
            yield (
                seq,
                ("nothing" if mine is None else repr(mine.text), "nothing" if other is None else repr(other.text)),
            )
