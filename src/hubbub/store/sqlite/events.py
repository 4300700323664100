"""The log of every room."""

from __future__ import annotations

from collections.abc import Sequence

import apsw
import msgspec
from msgspec import Struct

from hubbub.errors import BadField, Internal
from hubbub.store.protocols import Appended, Draft, Refused
from hubbub.vocabulary import Event, MemberJoined, MemberLeft, Message, RoomCreated, RoomId, Seq, UserName

from .database import MAX_INTEGER
from .log import MEMBER_JOINED, MEMBER_LEFT, MESSAGE, ROOM_CREATED
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

_Row = tuple[Seq, int, UserName, int, str]
_decode = msgspec.json.Decoder(list[_Row]).decode


class RoomDescription(Struct, frozen=True):
    """The body of a `room_created` event."""

    title: str
    topic: str


class SqliteEvents(Struct, frozen=True):
    """See `EventStore`."""

    _readers: Readers
    _writer: Writer

    async def append(self, drafts: Sequence[Draft]) -> list[Appended | Refused]:
        for draft in drafts:
            # One bad text must not fail the whole group. isascii is a flag of the string, not a scan.
            if not (draft.text.isascii() and draft.nonce.isascii() and draft.room.isascii()):
                _check_unicode(draft)
        return await self._writer.append(drafts)

    async def after(self, room: RoomId, seq: Seq, limit: int) -> list[Event]:
        return await self._readers.read(lambda database: _events(database, _AFTER, room, min(seq, MAX_INTEGER), limit))

    async def before(self, room: RoomId, seq: Seq | None, limit: int) -> list[Event]:
        bound = MAX_INTEGER if seq is None else min(seq, MAX_INTEGER)
        return await self._readers.read(lambda database: _events(database, _BEFORE, room, bound, limit))


def _events(database: apsw.Connection, query: str, room: RoomId, seq: Seq, limit: int) -> list[Event]:
    return [_event(room, row) for row in _decode(database.execute(query, (room, seq, limit)).get)]


def _event(room: RoomId, row: _Row) -> Event:
    seq, kind, sender, ts, body = row
    if kind == MESSAGE:
        return Message(room, seq, sender, ts, body)
    if kind == MEMBER_JOINED:
        return MemberJoined(room, seq, sender, ts, body)
    if kind == MEMBER_LEFT:
        return MemberLeft(room, seq, sender, ts)
    if kind == ROOM_CREATED:
        described = msgspec.json.decode(body, type=RoomDescription)
        return RoomCreated(room, seq, sender, ts, described.title, described.topic)
    raise Internal


def _check_unicode(draft: Draft) -> None:
    try:
        f"{draft.room}{draft.nonce}{draft.text}".encode()
    except UnicodeEncodeError:
        raise BadField("A text holds a lone surrogate: it is not Unicode.") from None
