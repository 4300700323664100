"""The log of every room."""

from __future__ import annotations

from collections.abc import Sequence

import apsw
import msgspec
from msgspec import Struct

from hubbub.store.entries import MAX_INTEGER, Row, check_unicode, event_of
from hubbub.store.protocols import ALL_BYTES, Appended, Draft, Refused
from hubbub.vocabulary import Event, RoomId, Seq

from .readers import Readers
from .writer import Writer

# A first look at the sizes only, which stand in front of the texts: a page of long ones is not read to be thrown away.
_PAGE = """
SELECT json_group_array(json_array(seq, kind, users.name, ts, body) ORDER BY seq)
FROM (SELECT seq, kind, sender_key, ts, body FROM events
      WHERE room_key = (SELECT key FROM rooms WHERE id = ?1) AND seq {newer} ?2 AND seq {older}= (
          SELECT {last}(seq) FROM (
              SELECT seq, sum(size) OVER (ORDER BY seq {order} ROWS UNBOUNDED PRECEDING) - size AS ahead
              FROM (SELECT seq, octet_length(body) AS size FROM events
                    WHERE room_key = (SELECT key FROM rooms WHERE id = ?1) AND seq {newer} ?2
                    ORDER BY seq {order} LIMIT ?3))
          WHERE ahead < ?4))
JOIN users ON users.key = sender_key
"""
_AFTER = _PAGE.format(newer=">", older="<", last="max", order="ASC")
_BEFORE = _PAGE.format(newer="<", older=">", last="min", order="DESC")

_decode = msgspec.json.Decoder(list[Row]).decode


class SqliteEvents(Struct, frozen=True):
    """See `EventStore`."""

    _readers: Readers
    _writer: Writer

    async def append(self, drafts: Sequence[Draft]) -> list[Appended | Refused]:
        for draft in drafts:
            check_unicode(draft)
        return await self._writer.append(drafts)

    async def after(self, room: RoomId, seq: Seq, limit: int, size: int = ALL_BYTES) -> list[Event]:
        bound = min(seq, MAX_INTEGER)
        return await self._readers.read(lambda database: _events(database, _AFTER, room, bound, limit, size))

    async def before(self, room: RoomId, seq: Seq | None, limit: int, size: int = ALL_BYTES) -> list[Event]:
        bound = MAX_INTEGER if seq is None else min(seq, MAX_INTEGER)
        return await self._readers.read(lambda database: _events(database, _BEFORE, room, bound, limit, size))


def _events(database: apsw.Connection, query: str, room: RoomId, seq: Seq, limit: int, size: int) -> list[Event]:
    return [event_of(room, row) for row in _decode(database.execute(query, (room, seq, limit, size)).get)]
