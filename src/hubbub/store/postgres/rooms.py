"""Rooms, their members and the members' read marks."""

from __future__ import annotations

from collections.abc import Sequence

from hubbub.errors import CursorAhead, HubbubError, RoomForbidden, StoreUnavailable, UnknownRoom
from hubbub.store.coalesce import Coalesced
from hubbub.store.codec import MAX_INTEGER, UNREAD_LIMIT
from hubbub.store.protocols import RoomHead, StoredMember
from hubbub.vocabulary import RoomEntry, RoomId, RoomState, Seq, UserId

from .own_marks import OwnMarks
from .pool import Pool
from .session import Connection
from .texts import texts
from .writer import Writer

_STANDINGS = f"""
SELECT want.n, title, topic, epoch, head, coalesce(member.read_seq, 0),
    CASE WHEN member.read_seq IS NULL THEN 0
    ELSE unread_after(rooms, want.reader, member.read_seq, {UNREAD_LIMIT}) END, member.read_seq IS NOT NULL
FROM unnest($1::text[], $2::bigint[]) WITH ORDINALITY AS want (room, reader, n)
JOIN rooms ON rooms.id = want.room
LEFT JOIN LATERAL (
    SELECT read_seq FROM members WHERE room_key = rooms.key AND user_key = want.reader LIMIT 1) AS member ON true
"""  # noqa: S608  a constant

_HEADS = "SELECT id, head FROM rooms WHERE id = ANY ($1::text[])"

_DIRECTORY = """
SELECT id, title, topic, members,
    EXISTS (SELECT FROM members WHERE room_key = key AND user_key = $1)
FROM rooms WHERE id > $2 ORDER BY id LIMIT $3
"""

_OF_USER = f"""
SELECT rooms.id, title, topic, epoch, head, members.read_seq,
    unread_after(rooms, members.user_key, members.read_seq, {UNREAD_LIMIT}),
    (SELECT ts FROM events WHERE room_key = rooms.key AND seq = rooms.head)
FROM members JOIN rooms ON rooms.key = members.room_key
WHERE members.user_key = $1 AND members.room_key > $2 ORDER BY members.room_key LIMIT $3
"""  # noqa: S608  a constant

_IDS_OF_USER = """
SELECT rooms.id FROM members JOIN rooms ON rooms.key = members.room_key
WHERE members.user_key = $1 AND members.room_key > $2 ORDER BY members.room_key LIMIT $3
"""

_KEY = "SELECT key FROM rooms WHERE id = $1"

_ROOM_SIZE = "SELECT members FROM rooms WHERE id = $1"

_MEMBERS = """
SELECT users.key, users.name, users.title, page.since_ms
FROM (SELECT user_key, name, since_ms FROM members
      WHERE room_key = (SELECT key FROM rooms WHERE id = $1) AND name > $2 ORDER BY name LIMIT $3) AS page
JOIN users ON users.key = page.user_key ORDER BY page.name
"""

_MARK = f"SELECT n, refusal, mark, unread FROM mark_read($1, $2, $3, {UNREAD_LIMIT})"  # noqa: S608  a constant

_Mark = tuple[RoomId, UserId, Seq]

_REFUSALS: dict[str, type[HubbubError]] = {
    "unknown_room": UnknownRoom,
    "room_forbidden": RoomForbidden,
    "cursor_ahead": CursorAhead,
}


class PostgresRooms:
    """See `RoomStore`."""

    def __init__(self, readers: Pool, writer: Writer, own_marks: OwnMarks) -> None:
        self._readers = readers
        self._writer = writer
        self._own_marks = own_marks
        self._head = Coalesced(self._read_heads)
        self._mark = Coalesced(self._write_marks)

    async def close(self) -> None:
        await self._head.close()
        await self._mark.close()

    async def head(self, room: RoomId, user_id: UserId) -> RoomHead:
        head = await self._head.ask((room, user_id))
        if head is None:
            raise UnknownRoom
        return head

    async def heads(self, rooms: Sequence[RoomId]) -> dict[RoomId, Seq]:
        async def read(connection: Connection) -> dict[RoomId, Seq]:
            return {RoomId(room): head for room, head in await connection.fetch(_HEADS, texts(rooms))}

        return await self._readers.submit(read)

    async def directory(self, user_id: UserId, after: RoomId | None, limit: int) -> list[RoomEntry]:
        async def read(connection: Connection) -> list[RoomEntry]:
            return [RoomEntry(*row) for row in await connection.fetch(_DIRECTORY, user_id, after or "", limit)]

        return await self._readers.submit(read)

    async def of_user(self, user_id: UserId, after: RoomId | None, limit: int) -> list[RoomState]:
        async def read(connection: Connection) -> list[RoomState]:
            last = await _place(connection, after)
            return [
                RoomState(room, head, mark, unread, title, topic, last_ts, epoch)
                for room, title, topic, epoch, head, mark, unread, last_ts in await connection.fetch(
                    _OF_USER, user_id, last, limit
                )
            ]

        await self._own_marks.written([user_id])
        return await self._readers.submit(read)

    async def ids_of_user(self, user_id: UserId, after: RoomId | None, limit: int) -> list[RoomId]:
        async def read(connection: Connection) -> list[RoomId]:
            rows = await connection.fetch(_IDS_OF_USER, user_id, await _place(connection, after), limit)
            return [RoomId(room) for (room,) in rows]

        return await self._readers.submit(read)

    async def members(self, room: RoomId, after: str | None, limit: int) -> tuple[list[StoredMember], int]:
        async def read(connection: Connection) -> tuple[list[StoredMember], int]:
            total = await connection.fetchval(_ROOM_SIZE, room)
            if total is None:
                raise UnknownRoom
            page = await connection.fetch(_MEMBERS, room, after or "", limit)
            return [StoredMember(*row) for row in page], total

        return await self._readers.submit(read)

    async def mark_read(self, room: RoomId, user_id: UserId, seq: Seq) -> tuple[Seq, int]:
        answer = await self._mark.ask((room, user_id, min(seq, MAX_INTEGER)))
        if isinstance(answer, HubbubError):
            raise answer
        return answer

    async def _read_heads(self, wanted: Sequence[tuple[RoomId, UserId]]) -> list[RoomHead | None]:
        rooms, users = zip(*wanted, strict=True)

        async def read(connection: Connection) -> list[RoomHead | None]:
            heads: list[RoomHead | None] = [None] * len(wanted)
            for n, title, topic, epoch, head, mark, unread, member in await connection.fetch(
                _STANDINGS, texts(rooms), users
            ):
                heads[n - 1] = RoomHead(wanted[n - 1][0], title, topic, epoch, head, mark, unread, member)
            return heads

        await self._own_marks.written(users)
        return await self._readers.submit(read)

    async def _write_marks(self, wanted: Sequence[_Mark]) -> list[tuple[Seq, int] | HubbubError]:
        rooms, users, seqs = zip(*wanted, strict=True)

        async def write(connection: Connection) -> list[tuple[Seq, int] | HubbubError]:
            answers: list[tuple[Seq, int] | HubbubError] = [StoreUnavailable()] * len(wanted)
            for n, refusal, mark, unread in await connection.fetch(_MARK, texts(rooms), users, seqs):
                answers[n - 1] = (mark, unread) if refusal is None else _REFUSALS[refusal]()
            return answers

        await self._writer.settled()
        await self._own_marks.written(users)
        return await self._readers.submit(write)


async def _place(connection: Connection, after: RoomId | None) -> int:
    """The key of the room after which a page begins; 0: it is the first page. Raises UnknownRoom."""
    if after is None:
        return 0
    key: int | None = await connection.fetchval(_KEY, after)
    if key is None:
        raise UnknownRoom
    return key
