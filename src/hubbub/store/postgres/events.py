"""The log of every room."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from hubbub.store.entries import MAX_INTEGER, check_unicode, event_of
from hubbub.store.protocols import Appended, Draft, Refused
from hubbub.vocabulary import Event, RoomId, Seq

from .pool import Pool
from .session import Connection
from .writer import Writer

_AFTER = """
SELECT seq, kind, users.name, ts, body
FROM (SELECT seq, kind, sender_key, ts, body FROM events
      WHERE room_key = (SELECT key FROM rooms WHERE id = $1) AND seq > $2 ORDER BY seq LIMIT $3) AS entries
JOIN users ON users.key = sender_key ORDER BY seq
"""

_BEFORE = """
SELECT seq, kind, users.name, ts, body
FROM (SELECT seq, kind, sender_key, ts, body FROM events
      WHERE room_key = (SELECT key FROM rooms WHERE id = $1) AND seq < $2 ORDER BY seq DESC LIMIT $3) AS entries
JOIN users ON users.key = sender_key ORDER BY seq
"""


class PostgresEvents(Struct, frozen=True):
    """See `EventStore`."""

    _readers: Pool
    _writer: Writer

    async def append(self, drafts: Sequence[Draft]) -> list[Appended | Refused]:
        for draft in drafts:
            check_unicode(draft)
        return await self._writer.append(drafts)

    async def after(self, room: RoomId, seq: Seq, limit: int) -> list[Event]:
        return await self._read(_AFTER, room, min(seq, MAX_INTEGER), limit)

    async def before(self, room: RoomId, seq: Seq | None, limit: int) -> list[Event]:
        # the newest event is before MAX_INTEGER: no room will have as many
        return await self._read(_BEFORE, room, MAX_INTEGER if seq is None else min(seq, MAX_INTEGER), limit)

    async def _read(self, query: str, room: RoomId, seq: Seq, limit: int) -> list[Event]:
        async def read(connection: Connection) -> list[Event]:
            return [event_of(room, tuple(row)) for row in await connection.fetch(query, room, seq, limit)]

        return await self._readers.submit(read)
