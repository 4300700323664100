"""The log of every room."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from msgspec import Struct

from hubbub.errors import MessageGone, NotFound, UnknownMessage, UnknownRoom
from hubbub.store.codec import (
    MAX_INTEGER,
    MESSAGE,
    MESSAGE_EDITED,
    REACTORS_SHOWN,
    ReactionRow,
    StateRow,
    check_draft,
    event_of,
    version_of,
    with_state,
)
from hubbub.store.protocols import ALL_BYTES, Appended, Draft, Refused
from hubbub.vocabulary import Event, RoomId, Seq, UserId, UserName, Version

from .own_marks import OwnMarks
from .pool import Pool
from .session import Connection
from .texts import unescape
from .writer import Writer

_ENTRIES = """
    SELECT entries.*, sum(size) OVER (ORDER BY seq {order} ROWS UNBOUNDED PRECEDING) - size AS ahead
    FROM (SELECT room_key, seq, kind, sender_key, ts, about, body, octet_length(body) AS size FROM events
          WHERE room_key = (SELECT key FROM rooms WHERE id = $1) AND seq {newer} $2
          ORDER BY seq {order} LIMIT $3) AS entries
"""

_PLAIN = f"""
SELECT seq, kind, users.name, ts, about, body
FROM ({_ENTRIES}) AS page JOIN users ON users.key = sender_key WHERE ahead < $4::bigint ORDER BY seq
"""  # noqa: S608  a constant

_NAMES = f"""
SELECT json_agg(name ORDER BY at_seq) FROM (
    SELECT users.name, at_seq FROM reactions JOIN users ON users.key = reactions.user_key
    WHERE reactions.room_key = counts.room_key AND reactions.seq = counts.seq AND reactions.emoji = counts.emoji
    ORDER BY at_seq LIMIT {REACTORS_SHOWN}) AS reactors
"""  # noqa: S608  a constant

_MINE = """
EXISTS (SELECT FROM reactions WHERE reactions.seq = counts.seq AND user_key = $5
    AND reactions.emoji = counts.emoji AND reactions.room_key + 0 = counts.room_key)
"""

_WITH_STATE = f"""
SELECT page.seq, page.kind, users.name, page.ts, page.about, page.body,
    states.last_seq, states.deleted, edit.ts, edit.body,
    (SELECT json_agg(json_build_array(emoji, count, ({_NAMES}), {_MINE}) ORDER BY place)
     FROM reaction_counts AS counts WHERE counts.room_key = states.room_key AND counts.seq = states.seq)
FROM ({_ENTRIES}) AS page JOIN users ON users.key = page.sender_key
LEFT JOIN message_states AS states ON states.room_key = page.room_key AND states.seq = page.seq
LEFT JOIN events AS edit ON edit.room_key = states.room_key AND edit.seq = states.edit_seq
WHERE ahead < $4::bigint ORDER BY page.seq
"""  # noqa: S608  a constant


class _Pages:
    """The two queries of one direction."""

    def __init__(self, newer: str, order: str) -> None:
        self.plain = _PLAIN.format(newer=newer, order=order)
        self.with_state = _WITH_STATE.format(newer=newer, order=order)


_AFTER, _BEFORE = _Pages(">", "ASC"), _Pages("<", "DESC")

_MESSAGE = f"""
SELECT rooms.key, message.seq, states.deleted
FROM rooms LEFT JOIN events AS message ON message.room_key = rooms.key AND message.seq = $2 AND kind = {MESSAGE}
LEFT JOIN message_states AS states ON states.room_key = rooms.key AND states.seq = $2
WHERE rooms.id = $1
"""  # noqa: S608  a constant

_VERSIONS = f"""
SELECT kind, ts, body FROM (
    (SELECT seq, kind, ts, body FROM events
     WHERE room_key = $1 AND about = $2 AND kind = {MESSAGE_EDITED} ORDER BY seq DESC LIMIT $3)
    UNION ALL SELECT seq, kind, ts, body FROM events WHERE room_key = $1 AND seq = $2
    ORDER BY seq DESC LIMIT $3) AS versions
ORDER BY seq
"""  # noqa: S608  a constant

_COUNT = "SELECT count FROM reaction_counts WHERE room_key = $1 AND seq = $2 AND emoji = $3"

_AT = """
SELECT at_seq FROM reactions WHERE seq = $2 AND emoji = $3 AND room_key + 0 = $1
    AND user_key = (SELECT key FROM users WHERE name = $4)
"""

_REACTORS = """
SELECT users.name FROM (
    SELECT user_key, at_seq FROM reactions
    WHERE room_key = $1 AND seq = $2 AND emoji = $3 AND at_seq > $4 ORDER BY at_seq LIMIT $5) AS page
JOIN users ON users.key = user_key ORDER BY at_seq
"""

_decode_reactions = msgspec.json.Decoder(list[ReactionRow]).decode


class PostgresEvents(Struct, frozen=True):
    """See `EventStore`."""

    _readers: Pool
    _writer: Writer
    _own_marks: OwnMarks

    async def append(self, drafts: Sequence[Draft], now_ms: int) -> list[Appended | Refused]:
        for draft in drafts:
            check_draft(draft)
        outcomes = await self._writer.append(drafts, now_ms)
        self._own_marks.appended(drafts, outcomes)
        return outcomes

    async def after(
        self, room: RoomId, seq: Seq, limit: int, size: int = ALL_BYTES, reader: UserId | None = None
    ) -> list[Event]:
        return await self._read(_AFTER, reader, (room, min(seq, MAX_INTEGER), limit, size))

    async def before(
        self, room: RoomId, seq: Seq | None, limit: int, size: int = ALL_BYTES, reader: UserId | None = None
    ) -> list[Event]:
        # the newest event is before MAX_INTEGER: no room will have as many
        bound = MAX_INTEGER if seq is None else min(seq, MAX_INTEGER)
        return await self._read(_BEFORE, reader, (room, bound, limit, size))

    async def versions(self, room: RoomId, seq: Seq, limit: int) -> list[Version]:
        async def read(connection: Connection) -> list[Version]:
            key = await _message(connection, room, seq)
            return [version_of(*row) for row in await connection.fetch(_VERSIONS, key, seq, limit)]

        return await self._readers.submit(read)

    async def reactors(
        self, room: RoomId, seq: Seq, emoji: str, after: UserName | None, limit: int
    ) -> tuple[list[UserName], int]:
        async def read(connection: Connection) -> tuple[list[UserName], int]:
            key = await _message(connection, room, seq)
            at = 0 if after is None else await connection.fetchval(_AT, key, seq, emoji, after)
            if at is None:
                raise NotFound
            total = await connection.fetchval(_COUNT, key, seq, emoji)
            page = await connection.fetch(_REACTORS, key, seq, emoji, at, limit)
            return [name for (name,) in page], total or 0

        return await self._readers.submit(read)

    async def _read(self, pages: _Pages, reader: UserId | None, page: tuple[RoomId, Seq, int, int]) -> list[Event]:
        """`page`: room, cursor, limit, size."""
        room = page[0]

        async def read(connection: Connection) -> list[Event]:
            if reader is None:
                return [event_of(room, tuple(row)) for row in await connection.fetch(pages.plain, *page)]
            rows = map(tuple, await connection.fetch(pages.with_state, *page, reader))
            return [with_state(event_of(room, row[:6]), _state(*row[6:])) for row in rows]

        return await self._readers.submit(read)


async def _message(connection: Connection, room: RoomId, seq: Seq) -> int:
    """The key of the room that has this message. Raises UnknownRoom, UnknownMessage, MessageGone."""
    row = await connection.fetchrow(_MESSAGE, room, min(seq, MAX_INTEGER))
    if row is None:
        raise UnknownRoom
    key: int
    key, found, deleted = row
    if found is None:
        raise UnknownMessage
    if deleted:
        raise MessageGone
    return key


def _state(
    last: Seq | None, deleted: bool, edited_ts: int | None, edit: str | None, reactions: str | None
) -> StateRow | None:
    """What a page has of a message beside its row. `reactions`: JSON, with the texts as they are stored."""
    if last is None:
        return None
    found = _decode_reactions(reactions or "[]")
    return last, deleted, edited_ts, edit, [(unescape(emoji), *rest) for emoji, *rest in found]  # type: ignore[misc]
