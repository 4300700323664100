"""Rooms, their members and the members' read marks."""

from __future__ import annotations

from collections.abc import Sequence

import apsw
import msgspec

from hubbub.errors import CursorAhead, RoomForbidden, UnknownRoom
from hubbub.store.coalesce import Coalesced
from hubbub.store.codec import MESSAGE, UNREAD_LIMIT
from hubbub.store.protocols import RoomHead, StoredMember
from hubbub.vocabulary import RoomEntry, RoomId, RoomState, Seq, UserId

from .readers import Readers
from .writer import Writer

_HEAD = "(SELECT max(seq) FROM events WHERE room_key = rooms.key)"

# How many messages are between the read mark and the head, and how many of these are by others.
_WRITTEN = """(
    SELECT (last.seq - last.notices) - (members.read_seq - coalesce(mark.notices, 0))
    FROM events AS last
    LEFT JOIN events AS mark ON mark.room_key = members.room_key AND mark.seq = members.read_seq
    WHERE last.room_key = members.room_key ORDER BY last.seq DESC LIMIT 1)"""
_UNREAD = f"""iif({_WRITTEN} = 0, 0, (SELECT count(*) FROM (
    SELECT 1 FROM events WHERE room_key = members.room_key AND seq > members.read_seq
        AND kind = {MESSAGE} AND sender_key <> members.user_key LIMIT {UNREAD_LIMIT})))"""  # noqa: S608  a constant

_STANDINGS = f"""
SELECT json_group_array(json_array(want.key, title, topic, epoch, {_HEAD}, coalesce(members.read_seq, 0),
    CASE WHEN members.user_key IS NULL THEN 0 ELSE {_UNREAD} END, members.user_key IS NOT NULL))
FROM json_each(?) AS want JOIN rooms ON rooms.id = want.value ->> 0
LEFT JOIN members ON members.room_key = rooms.key AND members.user_key = want.value ->> 1
"""  # noqa: S608  a constant

_HEADS = f"""
SELECT json_group_array(json_array(rooms.id, {_HEAD})) FROM json_each(?) AS want JOIN rooms ON rooms.id = want.value
"""  # noqa: S608  a constant

_DIRECTORY = """
SELECT json_group_array(json_object('room', id, 'title', title, 'topic', topic,
    'members', members,
    'member', json(iif(EXISTS (SELECT 1 FROM members WHERE room_key = key AND user_key = ?1), 'true', 'false')))
    ORDER BY id)
FROM (SELECT key, id, title, topic, members FROM rooms WHERE id > ?2 ORDER BY id LIMIT ?3)
"""

_OF_USER = f"""
SELECT json_group_array(json_object('room', rooms.id, 'title', title, 'topic', topic, 'epoch', epoch, 'head', {_HEAD},
    'read', members.read_seq, 'unread', {_UNREAD},
    'last_ts', (SELECT ts FROM events WHERE room_key = rooms.key ORDER BY seq DESC LIMIT 1))
    ORDER BY rooms.key)
FROM (SELECT * FROM members WHERE user_key = ?1 AND room_key > ?2 ORDER BY room_key LIMIT ?3) AS members
JOIN rooms ON rooms.key = members.room_key
"""  # noqa: S608  a constant

_IDS_OF_USER = """
SELECT json_group_array(rooms.id ORDER BY rooms.key)
FROM (SELECT room_key FROM members WHERE user_key = ?1 AND room_key > ?2 ORDER BY room_key LIMIT ?3) AS mine
JOIN rooms ON rooms.key = mine.room_key
"""

_MEMBERS = """
SELECT members, (
    SELECT json_group_array(json_object('id', key, 'name', name, 'title', title, 'since_ms', since_ms) ORDER BY name)
    FROM (SELECT users.key, users.name, users.title, page.since_ms
          FROM (SELECT user_key, since_ms FROM members
                WHERE room_key = rooms.key AND name > ?2 ORDER BY name LIMIT ?3) AS page
          JOIN users ON users.key = page.user_key))
FROM rooms WHERE rooms.id = ?1
"""

_decode_heads = msgspec.json.Decoder(list[tuple[RoomId, Seq]]).decode
_decode_standings = msgspec.json.Decoder(list[tuple[int, str, str, int, Seq, Seq, int, int]]).decode
_decode_entries = msgspec.json.Decoder(list[RoomEntry]).decode
_decode_states = msgspec.json.Decoder(list[RoomState]).decode
_decode_ids = msgspec.json.Decoder(list[RoomId]).decode
_decode_members = msgspec.json.Decoder(list[StoredMember]).decode
_encode = msgspec.json.Encoder().encode


class SqliteRooms:
    """See `RoomStore`."""

    def __init__(self, readers: Readers, writer: Writer) -> None:
        self._readers = readers
        self._writer = writer
        self._head = Coalesced(self._read_heads)

    async def head(self, room: RoomId, user_id: UserId) -> RoomHead:
        head = await self._head.ask((room, user_id))
        if head is None:
            raise UnknownRoom
        return head

    async def heads(self, rooms: Sequence[RoomId]) -> dict[RoomId, Seq]:
        wanted = _encode(list(rooms)).decode()
        return await self._readers.read(lambda database: dict(_decode_heads(database.execute(_HEADS, (wanted,)).get)))

    async def directory(self, user_id: UserId, after: RoomId | None, limit: int) -> list[RoomEntry]:
        return await self._readers.read(
            lambda database: _decode_entries(database.execute(_DIRECTORY, (user_id, after or "", limit)).get)
        )

    async def of_user(self, user_id: UserId, after: RoomId | None, limit: int) -> list[RoomState]:
        def read(database: apsw.Connection) -> list[RoomState]:
            return _decode_states(database.execute(_OF_USER, (user_id, _place(database, after), limit)).get)

        if (marked := self._writer.marked([user_id])) is not None:
            await marked
        return await self._readers.read(read)

    async def ids_of_user(self, user_id: UserId, after: RoomId | None, limit: int) -> list[RoomId]:
        def read(database: apsw.Connection) -> list[RoomId]:
            return _decode_ids(database.execute(_IDS_OF_USER, (user_id, _place(database, after), limit)).get)

        return await self._readers.read(read)

    async def members(self, room: RoomId, after: str | None, limit: int) -> tuple[list[StoredMember], int]:
        def read(database: apsw.Connection) -> tuple[list[StoredMember], int]:
            row = database.execute(_MEMBERS, (room, after or "", limit)).get
            if row is None:
                raise UnknownRoom
            total, page = row
            return _decode_members(page), total

        return await self._readers.read(read)

    async def mark_read(self, room: RoomId, user_id: UserId, seq: Seq) -> tuple[Seq, int]:
        def write(database: apsw.Connection) -> tuple[Seq, int]:
            self._writer.log.write_marks()
            key, head, member = _standing(database, room, user_id)
            if not member:
                raise RoomForbidden
            if seq > head:
                raise CursorAhead
            database.execute(
                "UPDATE members SET read_seq = ?3 WHERE room_key = ?1 AND user_key = ?2 AND read_seq < ?3",
                (key, user_id, seq),
            )
            mark, unread = database.execute(
                f"SELECT read_seq, {_UNREAD} FROM members WHERE room_key = ? AND user_key = ?",  # noqa: S608
                (key, user_id),
            ).get
            return mark, unread

        return await self._writer.write(write)

    async def _read_heads(self, wanted: Sequence[tuple[RoomId, UserId]]) -> list[RoomHead | None]:
        asked = _encode(wanted).decode()

        def read(database: apsw.Connection) -> list[RoomHead | None]:
            heads: list[RoomHead | None] = [None] * len(wanted)
            for index, title, topic, epoch, head, mark, unread, member in _decode_standings(
                database.execute(_STANDINGS, (asked,)).get
            ):
                heads[index] = RoomHead(wanted[index][0], title, topic, epoch, head, mark, unread, bool(member))
            return heads

        if (marked := self._writer.marked(user for _, user in wanted)) is not None:
            await marked
        return await self._readers.read(read)


def _standing(database: apsw.Connection, room: RoomId, user: UserId) -> tuple[int, Seq, bool]:
    """The room's key and head, and whether the user is a member. Raises UnknownRoom."""
    row = database.execute(
        f"SELECT key, {_HEAD}, EXISTS (SELECT 1 FROM members WHERE room_key = key AND user_key = ?2) "  # noqa: S608
        "FROM rooms WHERE id = ?1",
        (room, user),
    ).get
    if row is None:
        raise UnknownRoom
    key, head, member = row
    return key, head, bool(member)


def _place(database: apsw.Connection, after: RoomId | None) -> int:
    """The key of the room after which a page begins; 0: it is the first page. Raises UnknownRoom."""
    if after is None:
        return 0
    key: int | None = database.execute("SELECT key FROM rooms WHERE id = ?", (after,)).get
    if key is None:
        raise UnknownRoom
    return key
