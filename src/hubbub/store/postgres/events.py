"""The log of every room."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from hubbub.store.entries import MAX_INTEGER, check_unicode, event_of
from hubbub.store.protocols import ALL_BYTES, Appended, Draft, Refused
from hubbub.vocabulary import Event, RoomId, Seq

from .pool import Pool
from .session import Connection
from .writer import Writer

_PAGE = """
SELECT seq, kind, users.name, ts, body
FROM (SELECT entries.*, sum(size) OVER (ORDER BY seq {order} ROWS UNBOUNDED PRECEDING) - size AS ahead
      FROM (SELECT seq, kind, sender_key, ts, body, octet_length(body) AS size FROM events
            WHERE room_key = (SELECT key FROM rooms WHERE id = $1) AND seq {newer} $2
            ORDER BY seq {order} LIMIT $3) AS entries) AS page
JOIN users ON users.key = sender_key WHERE ahead < $4::bigint ORDER BY seq
"""
_AFTER = _PAGE.format(newer=">", order="ASC")
_BEFORE = _PAGE.format(newer="<", order="DESC")


class PostgresEvents(Struct, frozen=True):
    """See `EventStore`."""

    _readers: Pool
    _writer: Writer

    async def append(self, drafts: Sequence[Draft]) -> list[Appended | Refused]:
        for draft in drafts:
            check_unicode(draft)
        return await self._writer.append(drafts)

    async def after(self, room: RoomId, seq: Seq, limit: int, size: int = ALL_BYTES) -> list[Event]:
        return await self._read(_AFTER, room, min(seq, MAX_INTEGER), limit, size)

    async def before(self, room: RoomId, seq: Seq | None, limit: int, size: int = ALL_BYTES) -> list[Event]:
        # the newest event is before MAX_INTEGER: no room will have as many
        return await self._read(_BEFORE, room, MAX_INTEGER if seq is None else min(seq, MAX_INTEGER), limit, size)

    async def _read(self, query: str, room: RoomId, seq: Seq, limit: int, size: int) -> list[Event]:
        async def read(connection: Connection) -> list[Event]:
            return [event_of(room, tuple(row)) for row in await connection.fetch(query, room, seq, limit, size)]

        return await self._readers.submit(read)
