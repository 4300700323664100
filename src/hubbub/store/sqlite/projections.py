"""Writing what a plan does: its events, and in the same transaction what follows from them.

One statement for all rows of a table, each made from one JSON array: every step of a statement gives up and takes back
the interpreter's lock (docs/decisions/0003-group-commit.md).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import apsw
import msgspec

from hubbub.store.codec import ERASED_EDIT, MESSAGE_EDITED
from hubbub.vocabulary import Seq, UserId

from .plan import EventRow, Plan

_EVENTS = """
INSERT INTO events (room_key, seq, kind, sender_key, ts, notices, about, nonce, body)
SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, value ->> 7,
    value ->> 8 FROM json_each(?)
"""

_ROOMS = """
INSERT INTO rooms (key, id, title, topic, created_ms, epoch)
SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, random() & 9007199254740991 FROM json_each(?)
"""

_CHANGED = """
UPDATE rooms SET title = changed.value ->> 1, topic = changed.value ->> 2
FROM json_each(?) AS changed WHERE rooms.key = changed.value ->> 0
"""

_NO_MEMBERS = "DELETE FROM members WHERE (room_key, user_key) IN (SELECT value ->> 0, value ->> 1 FROM json_each(?))"

_MEMBERS = """
INSERT INTO members (room_key, user_key, since_ms, read_seq, name)
SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, users.name
FROM json_each(?) JOIN users ON users.key = value ->> 1
"""

_STATES = """
INSERT INTO message_states (room_key, seq, last_seq, edit_seq, deleted)
SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4 FROM json_each(?) WHERE true
ON CONFLICT (room_key, seq) DO UPDATE SET last_seq = excluded.last_seq, deleted = excluded.deleted,
    edit_seq = iif(excluded.deleted, NULL, coalesce(excluded.edit_seq, edit_seq))
"""

_NO_REACTIONS = """
DELETE FROM reactions WHERE (room_key, seq, emoji, user_key) IN (
    SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3 FROM json_each(?))
"""

_REACTIONS = """
INSERT INTO reactions (room_key, seq, emoji, user_key, at_seq)
SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4 FROM json_each(?)
"""

_COUNTS = """
INSERT INTO reaction_counts (room_key, seq, emoji, place, count)
SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4 FROM json_each(?) WHERE true
ON CONFLICT (room_key, seq, emoji) DO UPDATE SET place = excluded.place, count = excluded.count
"""

_NO_COUNTS = """
DELETE FROM reaction_counts WHERE (room_key, seq, emoji) IN (
    SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(?))
"""

_MARKS = """
UPDATE members SET read_seq = max(read_seq, mark.value ->> 2)
FROM json_each(?) AS mark WHERE room_key = mark.value ->> 0 AND user_key = mark.value ->> 1
"""

_ERASE = (
    "UPDATE events SET body = '' WHERE room_key = ? AND seq = ?",
    f"UPDATE events SET body = '{ERASED_EDIT}' WHERE room_key = ? AND about = ? AND kind = {MESSAGE_EDITED}",  # noqa: S608
    "DELETE FROM reactions WHERE room_key = ? AND seq = ?",
    "DELETE FROM reaction_counts WHERE room_key = ? AND seq = ?",
)

_encode = msgspec.json.Encoder().encode


def insert_events(database: apsw.Connection, rows: Collection[EventRow]) -> None:
    """Raises apsw.ConstraintError when a nonce is there already; then nothing was inserted."""
    _run(database, _EVENTS, rows)


def write_effects(database: apsw.Connection, plan: Plan) -> None:
    """Write what the plan's events change."""
    _run(database, _ROOMS, plan.created)
    _run(database, _CHANGED, [(key, *texts) for key, texts in plan.changed.items()])
    _run(database, _NO_MEMBERS, list(plan.members))
    _run(database, _MEMBERS, [(*who, *member) for who, member in plan.members.items() if member is not None])
    _run(database, _STATES, [(*place, *state) for place, state in plan.states.items()])
    _run(database, _NO_REACTIONS, list(plan.reactions))
    _run(database, _REACTIONS, [(*what, seq) for what, seq in plan.reactions.items() if seq is not None])
    _run(database, _COUNTS, [(*what, *count) for what, count in plan.counts.items() if count[1]])
    _run(database, _NO_COUNTS, [what for what, count in plan.counts.items() if not count[1]])
    for place in plan.erased:
        for statement in _ERASE:
            database.execute(statement, place)


def write_marks(database: apsw.Connection, marks: Mapping[UserId, Mapping[int, Seq]]) -> None:
    """Move read marks forward: user -> room key -> the message that the user sent."""
    _run(database, _MARKS, [(room, user, seq) for user, rooms in marks.items() for room, seq in rooms.items()])


def _run(database: apsw.Connection, statement: str, rows: Collection[object]) -> None:
    if rows:
        database.execute(statement, (_encode(rows).decode(),))
