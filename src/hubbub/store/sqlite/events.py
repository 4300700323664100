"""The log of every room."""

from __future__ import annotations

from collections.abc import Sequence

import apsw
import msgspec
from msgspec import Struct

from hubbub.store.entries import MAX_INTEGER, Row, check_unicode, event_of
from hubbub.store.protocols import Appended, Draft, Refused
from hubbub.vocabulary import Event, RoomId, Seq

from .readers import Readers
from .writer import Writer

_AFTER = """
SELECT json_group_array(json_array(seq, kind, users.name, ts, body) ORDER BY seq)
FROM (SELECT seq, kind, sender_key, ts, body FROM events
      WHERE room_key = (SELECT key FROM rooms WHERE id = ?) AND seq > ? ORDER BY seq LIMIT ?)
JOIN users ON users.key = sender_key
"""

_BEFORE = """
SELECT json_group_array(json_array(seq, kind, users.name, ts, body) ORDER BY seq)
FROM (SELECT seq, kind, sender_key, ts, body FROM events
      WHERE room_key = (SELECT key FROM rooms WHERE id = ?) AND seq < ? ORDER BY seq DESC LIMIT ?)
JOIN users ON users.key = sender_key
"""

_decode = msgspec.json.Decoder(list[Row]).decode


class SqliteEvents(Struct, frozen=True):
    """See `EventStore`."""

    _readers: Readers
    _writer: Writer

    async def append(self, drafts: Sequence[Draft]) -> list[Appended | Refused]:
        for draft in drafts:
            check_unicode(draft)
        return await self._writer.append(drafts)

    async def after(self, room: RoomId, seq: Seq, limit: int) -> list[Event]:
        return await self._readers.read(lambda database: _events(database, _AFTER, room, min(seq, MAX_INTEGER), limit))

    async def before(self, room: RoomId, seq: Seq | None, limit: int) -> list[Event]:
        bound = MAX_INTEGER if seq is None else min(seq, MAX_INTEGER)
        return await self._readers.read(lambda database: _events(database, _BEFORE, room, bound, limit))


def _events(database: apsw.Connection, query: str, room: RoomId, seq: Seq, limit: int) -> list[Event]:
    return [event_of(room, row) for row in _decode(database.execute(query, (room, seq, limit)).get)]
