"""The log of every room."""

from __future__ import annotations

from collections.abc import Sequence

import apsw
import msgspec
from msgspec import Struct

from hubbub.errors import MessageGone, NotFound, UnknownMessage, UnknownRoom
from hubbub.store.codec import (
    MAX_INTEGER,
    MESSAGE,
    MESSAGE_EDITED,
    REACTORS_SHOWN,
    Row,
    StateRow,
    check_draft,
    event_of,
    version_of,
    with_state,
)
from hubbub.store.protocols import ALL_BYTES, Appended, Draft, Refused
from hubbub.vocabulary import Event, RoomId, Seq, UserId, UserName, Version

from .readers import Readers
from .writer import Writer

# A first look at the sizes only, which stand in front of the texts: a page of long ones is not read to be thrown away.
_ENTRIES = """
    SELECT room_key, seq, kind, sender_key, ts, about, body FROM events
    WHERE room_key = (SELECT key FROM rooms WHERE id = ?1) AND seq {newer} ?2 AND seq {older}= (
        SELECT {last}(seq) FROM (
            SELECT seq, sum(size) OVER (ORDER BY seq {order} ROWS UNBOUNDED PRECEDING) - size AS ahead
            FROM (SELECT seq, octet_length(body) AS size FROM events
                  WHERE room_key = (SELECT key FROM rooms WHERE id = ?1) AND seq {newer} ?2
                  ORDER BY seq {order} LIMIT ?3))
        WHERE ahead < ?4)
"""

_PLAIN = f"""
SELECT json_group_array(json_array(seq, kind, users.name, ts, about, body) ORDER BY seq)
FROM ({_ENTRIES}) JOIN users ON users.key = sender_key
"""  # noqa: S608  a constant

_NAMES = f"""
SELECT json_group_array(name ORDER BY at_seq) FROM (
    SELECT users.name, at_seq FROM reactions JOIN users ON users.key = reactions.user_key
    WHERE reactions.room_key = counts.room_key AND reactions.seq = counts.seq AND reactions.emoji = counts.emoji
    ORDER BY at_seq LIMIT {REACTORS_SHOWN})
"""  # noqa: S608  a constant

_MINE = """
EXISTS (SELECT 1 FROM reactions WHERE reactions.room_key = counts.room_key AND reactions.seq = counts.seq
    AND reactions.emoji = counts.emoji AND user_key = ?5)
"""

_REACTIONS = f"""
SELECT json_group_array(json_array(emoji, count, json(({_NAMES})), json(iif({_MINE}, 'true', 'false'))) ORDER BY place)
FROM reaction_counts AS counts WHERE counts.room_key = states.room_key AND counts.seq = states.seq
"""  # noqa: S608  a constant

_WITH_STATE = f"""
SELECT json_group_array(json_array(
    json_array(page.seq, page.kind, users.name, page.ts, page.about, page.body),
    json(iif(states.seq IS NULL, NULL, json_array(states.last_seq, json(iif(states.deleted, 'true', 'false')),
        edit.ts, edit.body, json(({_REACTIONS})))))) ORDER BY page.seq)
FROM ({_ENTRIES}) AS page JOIN users ON users.key = page.sender_key
LEFT JOIN message_states AS states ON states.room_key = page.room_key AND states.seq = page.seq
LEFT JOIN events AS edit ON edit.room_key = states.room_key AND edit.seq = states.edit_seq
"""  # noqa: S608  a constant


class _Pages:
    """The two queries of one direction."""

    def __init__(self, **direction: str) -> None:
        self.plain = _PLAIN.format_map(direction)
        self.with_state = _WITH_STATE.format_map(direction)


_AFTER = _Pages(newer=">", older="<", last="max", order="ASC")
_BEFORE = _Pages(newer="<", older=">", last="min", order="DESC")

_MESSAGE = f"""
SELECT rooms.key, events.seq IS NOT NULL, coalesce(deleted, 0)
FROM rooms LEFT JOIN events ON events.room_key = rooms.key AND events.seq = ?2 AND kind = {MESSAGE}
LEFT JOIN message_states AS states ON states.room_key = rooms.key AND states.seq = ?2
WHERE rooms.id = ?1
"""  # noqa: S608  a constant

_VERSIONS = f"""
SELECT json_group_array(json_array(kind, ts, body) ORDER BY seq) FROM (
    SELECT seq, kind, ts, body FROM (
        SELECT seq, kind, ts, body FROM events
        WHERE room_key = ?1 AND about = ?2 AND kind = {MESSAGE_EDITED} ORDER BY seq DESC LIMIT ?3)
    UNION ALL SELECT seq, kind, ts, body FROM events WHERE room_key = ?1 AND seq = ?2
    ORDER BY seq DESC LIMIT ?3)
"""  # noqa: S608  a constant

_AT = """
SELECT at_seq FROM reactions JOIN users ON users.key = user_key
WHERE room_key = ? AND seq = ? AND emoji = ? AND users.name = ?
"""

_REACTORS = """
SELECT (SELECT count FROM reaction_counts WHERE room_key = ?1 AND seq = ?2 AND emoji = ?3),
    (SELECT json_group_array(name ORDER BY at_seq) FROM (
        SELECT users.name, at_seq FROM reactions JOIN users ON users.key = user_key
        WHERE room_key = ?1 AND seq = ?2 AND emoji = ?3 AND at_seq > ?4 ORDER BY at_seq LIMIT ?5))
"""

_decode_rows = msgspec.json.Decoder(list[Row]).decode
_decode_page = msgspec.json.Decoder(list[tuple[Row, StateRow | None]]).decode
_decode_versions = msgspec.json.Decoder(list[tuple[int, int, str]]).decode
_decode_names = msgspec.json.Decoder(list[UserName]).decode


class SqliteEvents(Struct, frozen=True):
    """See `EventStore`."""

    _readers: Readers
    _writer: Writer

    async def append(self, drafts: Sequence[Draft], now_ms: int) -> list[Appended | Refused]:
        for draft in drafts:
            check_draft(draft)
        return await self._writer.append(drafts, now_ms)

    async def after(
        self, room: RoomId, seq: Seq, limit: int, size: int = ALL_BYTES, reader: UserId | None = None
    ) -> list[Event]:
        return await self._read(_AFTER, reader, (room, min(seq, MAX_INTEGER), limit, size))

    async def before(
        self, room: RoomId, seq: Seq | None, limit: int, size: int = ALL_BYTES, reader: UserId | None = None
    ) -> list[Event]:
        bound = MAX_INTEGER if seq is None else min(seq, MAX_INTEGER)
        return await self._read(_BEFORE, reader, (room, bound, limit, size))

    async def versions(self, room: RoomId, seq: Seq, limit: int) -> list[Version]:
        def read(database: apsw.Connection) -> list[Version]:
            key = _message(database, room, seq)
            return [version_of(*row) for row in _decode_versions(database.execute(_VERSIONS, (key, seq, limit)).get)]

        return await self._readers.read(read)

    async def reactors(
        self, room: RoomId, seq: Seq, emoji: str, after: UserName | None, limit: int
    ) -> tuple[list[UserName], int]:
        def read(database: apsw.Connection) -> tuple[list[UserName], int]:
            key = _message(database, room, seq)
            at = 0 if after is None else database.execute(_AT, (key, seq, emoji, after)).get
            if at is None:
                raise NotFound
            total, names = database.execute(_REACTORS, (key, seq, emoji, at, limit)).get
            return _decode_names(names), total or 0

        return await self._readers.read(read)

    async def _read(self, pages: _Pages, reader: UserId | None, page: tuple[RoomId, Seq, int, int]) -> list[Event]:
        """`page`: room, cursor, limit, size."""
        room = page[0]

        def read(database: apsw.Connection) -> list[Event]:
            if reader is None:
                return [event_of(room, row) for row in _decode_rows(database.execute(pages.plain, page).get)]
            rows = _decode_page(database.execute(pages.with_state, (*page, reader)).get)
            return [with_state(event_of(room, row), state) for row, state in rows]

        return await self._readers.read(read)


def _message(database: apsw.Connection, room: RoomId, seq: Seq) -> int:
    """The key of the room that has this message. Raises UnknownRoom, UnknownMessage, MessageGone."""
    row = database.execute(_MESSAGE, (room, min(seq, MAX_INTEGER))).get
    if row is None:
        raise UnknownRoom
    key: int
    key, found, deleted = row
    if not found:
        raise UnknownMessage
    if deleted:
        raise MessageGone
    return key
