"""The writer's side of the rooms' logs: who may write, which `seq` is next, which nonce was there before.

What it knows of rooms and members it keeps in memory. That is safe because no other process writes to the database
(lock.py) and no other thread of this one; whenever a transaction is rolled back it forgets everything.
"""

from __future__ import annotations

from collections.abc import Sequence

import apsw
import msgspec

from hubbub.store.protocols import Appended, Draft, Refused
from hubbub.vocabulary import RoomId, Seq, UserId

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

_REPEATS = """
SELECT json_group_array(json_array(events.nonce, events.sender_key, events.room_key, events.seq, events.ts))
FROM json_each(?) AS want
JOIN events ON events.nonce = want.value ->> 0
    AND events.sender_key = want.value ->> 1 AND events.room_key = want.value ->> 2
"""

_INSERT = """
INSERT INTO events (room_key, seq, kind, sender_key, ts, notices, nonce, body)
SELECT value ->> 0, value ->> 1, 4, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6 FROM json_each(?)
"""

_encode = msgspec.json.Encoder().encode
_decode_learned = msgspec.json.Decoder(list[tuple[RoomId, int, Seq, int, UserId, int]]).decode
_decode_repeats = msgspec.json.Decoder(list[tuple[str, UserId, int, Seq, int]]).decode

_Identity = tuple[str, UserId, int]
"""(nonce, sender, room key): what makes a message the same message."""

_Row = tuple[int, Seq, UserId, int, int, str, str]


class _Room:
    __slots__ = ("head", "key", "members", "notices")

    def __init__(self, key: int, head: Seq, notices: int) -> None:
        self.key = key
        self.head = head
        self.notices = notices
        self.members: set[UserId] = set()


class RoomLog:
    """Used by the writer's thread only."""

    def __init__(self, database: apsw.Connection) -> None:
        self._database = database
        self._rooms: dict[RoomId, _Room] = {}
        self._memberships = 0

    @property
    def kept_memberships(self) -> int:
        """How many are in memory."""
        return self._memberships

    def forget(self) -> None:
        """Drop what is kept in memory. It is read again when it is needed."""
        self._rooms.clear()
        self._memberships = 0

    def append(self, drafts: Sequence[Draft]) -> list[Appended | Refused]:
        """Store messages: at most three statements, whatever their number. Part of the running transaction, if any.

        The first try assumes that no nonce was used in an earlier group. The unique index tells when that is wrong.
        """
        self._learn(drafts)
        outcomes, rows = self._plan(drafts, {})
        if rows:
            try:
                self._insert(rows)
            except apsw.ConstraintError:
                outcomes, rows = self._plan(drafts, self._repeats(rows))
                if rows:
                    self._insert(rows)
        for draft, outcome in zip(drafts, outcomes, strict=True):
            if type(outcome) is Appended and not outcome.repeat:
                self._rooms[draft.room].head = outcome.seq
        return outcomes

    def noticed(self, room: RoomId, head: Seq) -> None:
        """Another write of this transaction has put an event that is no message at `head`."""
        if room in self._rooms:
            self._rooms[room].head = head
            self._rooms[room].notices += 1

    def left(self, room: RoomId, user: UserId) -> None:
        """The user is no longer a member."""
        if room in self._rooms and user in self._rooms[room].members:
            self._rooms[room].members.remove(user)
            self._memberships -= 1

    def _insert(self, rows: list[_Row]) -> None:
        self._database.execute(_INSERT, (_encode(rows).decode(),))

    def _plan(
        self, drafts: Sequence[Draft], stored: dict[_Identity, Appended]
    ) -> tuple[list[Appended | Refused], list[_Row]]:
        """Give each draft its outcome and each new message its row. `stored`: messages that are there already."""
        outcomes: list[Appended | Refused] = []
        rows: list[_Row] = []
        heads: dict[int, Seq] = {}
        for draft in drafts:
            room = self._rooms.get(draft.room)
            if room is None:
                outcomes.append(_UNKNOWN)
                continue
            key, sender = room.key, draft.sender_id
            if sender not in room.members:
                outcomes.append(_FORBIDDEN)
                continue
            identity = (draft.nonce, sender, key)
            first = stored.get(identity)
            if first is not None:
                outcomes.append(first)
                continue
            seq = heads[key] = heads.get(key, room.head) + 1
            ts = draft.ts
            stored[identity] = Appended(seq, ts, repeat=True)
            outcomes.append(Appended(seq, ts))
            rows.append((key, seq, sender, ts, room.notices, draft.nonce, draft.text))
        return outcomes, rows

    def _learn(self, drafts: Sequence[Draft]) -> None:
        """Read the rooms and memberships of these drafts that are not in memory."""
        rooms = self._rooms
        missing = {
            (draft.room, draft.sender_id)
            for draft in drafts
            if (room := rooms.get(draft.room)) is None or draft.sender_id not in room.members
        }
        if not missing:
            return
        if self._memberships + len(missing) > KEPT_MEMBERSHIPS:
            self.forget()
            missing = {(draft.room, draft.sender_id) for draft in drafts}
        answer = self._database.execute(_LEARN, (_encode(list(missing)).decode(),)).get
        for room_id, key, head, notices, user, is_member in _decode_learned(answer):
            if room_id not in rooms:
                rooms[room_id] = _Room(key, head, notices)
            if is_member:
                rooms[room_id].members.add(user)
                self._memberships += 1

    def _repeats(self, rows: list[_Row]) -> dict[_Identity, Appended]:
        """Which of these messages an earlier group has stored."""
        wanted = [(nonce, sender, key) for key, _, sender, _, _, nonce, _ in rows]
        answer = self._database.execute(_REPEATS, (_encode(wanted).decode(),)).get
        return {
            (nonce, sender, key): Appended(seq, ts, repeat=True)
            for nonce, sender, key, seq, ts in _decode_repeats(answer)
        }


_UNKNOWN = Refused("unknown_room")
_FORBIDDEN = Refused("room_forbidden")
