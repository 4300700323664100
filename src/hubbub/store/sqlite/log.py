"""The writer's side of the rooms' logs: what is known, what a group does to it, and writing that down.

What it knows of rooms and members it keeps in memory. That is safe because no other process writes to the database
(lock.py) and no other thread of this one; whenever a transaction is rolled back it forgets everything.

Whoever sends has read up to there. These read marks are written together, about once a second.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import apsw
import msgspec

from hubbub.store.codec import MESSAGE
from hubbub.store.protocols import Appended, Draft, Refused
from hubbub.vocabulary import RoomId, Seq, UserId

from .facts import learn_facts, stored_before
from .plan import EventRow, Facts, Plan, Room, is_plain
from .projections import insert_events, write_effects, write_marks
from .witness import Entry

Marks: TypeAlias = dict[UserId, dict[int, Seq]]
"""user -> room key -> the last message of that user that has become durable"""

KEPT_MEMBERSHIPS = 200_000
"""About 20 MB. Beyond it everything is forgotten and learned again, one query per group."""

_LEARN = """
SELECT json_group_array(json_array(
    rooms.id, rooms.key, last.seq, last.notices, want.value ->> 1, members.user_key IS NOT NULL))
FROM json_each(?) AS want
JOIN rooms ON rooms.id = want.value ->> 0
JOIN events AS last ON last.room_key = rooms.key
    AND last.seq = (SELECT max(seq) FROM events WHERE room_key = rooms.key)
LEFT JOIN members ON members.room_key = rooms.key AND members.user_key = want.value ->> 1
"""

_encode = msgspec.json.Encoder().encode
_decode_learned = msgspec.json.Decoder(list[tuple[RoomId, int, Seq, int, UserId, int]]).decode


class RoomLog:
    """Used by the writer's thread only."""

    def __init__(self, database: apsw.Connection) -> None:
        self._database = database
        self._rooms: dict[RoomId, Room] = {}
        self._memberships = 0
        self._rows: list[EventRow] = []  # of the running transaction
        self._marks: Marks = {}
        self._marks_written: Marks = {}  # in the running transaction
        self.newest: Entry | None = None  # that the witness has not been told yet

    @property
    def kept_memberships(self) -> int:
        """How many are in memory."""
        return self._memberships

    @property
    def has_chores(self) -> bool:
        """Whether read marks wait to be written, or the newest entry to be told to the witness."""
        return bool(self._marks) or self.newest is not None

    def marks_of(self, user: UserId) -> bool:
        """Whether a read mark of this user is not in the database yet. May be asked in any thread."""
        return user in self._marks or user in self._marks_written

    def settle(self) -> None:
        """The transaction is committed."""
        self._marks_written = {}
        if self._rows:
            key, seq, _, _, ts, *_ = self._rows[-1]
            self.newest = Entry(key, seq, ts)
            for key, seq, kind, sender, *_ in self._rows:
                if kind == MESSAGE:
                    rooms = self._marks.get(sender)
                    if rooms is None:
                        rooms = self._marks[sender] = {}
                    rooms[key] = seq
            self._rows = []

    def forget(self) -> None:
        """The transaction was rolled back. Drop what is kept in memory; it is read again when it is needed."""
        self._rooms.clear()
        self._memberships = 0
        self._rows = []
        for user, rooms in self._marks_written.items():
            self._marks[user] = rooms | self._marks.get(user, {})
        self._marks_written = {}

    def write_marks(self) -> None:
        """Move the read marks of senders to what they sent. Part of the running transaction, if any."""
        if self._marks:
            self._marks_written = self._marks
            self._marks = {}
            write_marks(self._database, self._marks_written)

    def append(self, drafts: Sequence[Draft], stamps: Sequence[int]) -> list[Appended | Refused]:
        """Store events, each with its time. Part of the running transaction if there is one, else one of its own.

        A group of plain messages is at most three statements, whatever their number. The first try assumes that no
        nonce of theirs was used in an earlier group: the unique index tells when that is wrong.
        """
        plain = all(map(is_plain, drafts))
        plan = self._plan(drafts, stamps, Facts(), plain=plain)
        try:
            self._write(plan)
        except apsw.ConstraintError:
            self._forget_rooms({draft.event.room for draft in drafts})
            facts = Facts()
            facts.stored = stored_before(self._database, plan.rows)
            plan = self._plan(drafts, stamps, facts, plain=plain)
            self._write(plan)
        self._rows += plan.rows
        return plan.outcomes

    def _plan(self, drafts: Sequence[Draft], stamps: Sequence[int], facts: Facts, *, plain: bool) -> Plan:
        self._learn(drafts)
        plan = Plan(self._rooms, facts)
        if plain:
            plan.add_messages(drafts, stamps)
        else:
            learn_facts(self._database, drafts, self._rooms, facts)
            plan.add(drafts, stamps)
            self._memberships += sum(1 if member else -1 for member in plan.members.values())
        return plan

    def _write(self, plan: Plan) -> None:
        if not plan.has_effects:  # a single statement is a transaction by itself
            insert_events(self._database, plan.rows)
            return
        own_transaction = not self._database.in_transaction
        if own_transaction:
            self._database.execute("BEGIN IMMEDIATE")
        try:
            insert_events(self._database, plan.rows)
        except apsw.ConstraintError:
            if own_transaction:
                self._database.execute("ROLLBACK")
            raise
        write_effects(self._database, plan)
        if own_transaction:
            self._database.execute("COMMIT")

    def _forget_rooms(self, rooms: set[RoomId]) -> None:
        """What a plan that was not carried out has changed."""
        for room in rooms:
            known = self._rooms.pop(room, None)
            if known is not None:
                self._memberships -= len(known.members)

    def _learn(self, drafts: Sequence[Draft]) -> None:
        """Read the rooms and memberships of these drafts that are not in memory."""
        rooms = self._rooms
        missing = {
            (draft.event.room, draft.sender_id)
            for draft in drafts
            if (room := rooms.get(draft.event.room)) is None or draft.sender_id not in room.members
        }
        if not missing:
            return
        if self._memberships + len(missing) > KEPT_MEMBERSHIPS:
            self._rooms.clear()
            self._memberships = 0
            missing = {(draft.event.room, draft.sender_id) for draft in drafts}
        answer = self._database.execute(_LEARN, (_encode(list(missing)).decode(),)).get
        for room_id, key, head, notices, user, is_member in _decode_learned(answer):
            if room_id not in rooms:
                rooms[room_id] = Room(key, head, notices)
            if is_member:
                rooms[room_id].members.add(user)
                self._memberships += 1
