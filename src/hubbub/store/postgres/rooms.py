"""Rooms, their members and the members' read marks."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from hubbub.errors import CursorAhead, HubbubError, RoomExists, RoomForbidden, UnknownRoom, UnknownUser
from hubbub.store.coalesce import Coalesced
from hubbub.store.entries import MAX_INTEGER, MESSAGE, UNREAD_LIMIT, RoomDescription
from hubbub.store.protocols import RoomHead, StoredMember
from hubbub.vocabulary import Event, MemberJoined, MemberLeft, RoomCreated, RoomEntry, RoomId, RoomState, Seq, UserId

from .pool import Pool
from .session import Connection
from .texts import texts
from .writer import Writer


def _unread(member: str) -> str:
    """How many messages of others follow the read mark of a row `member`, beside its row `rooms`.

    When as many events as notices were added since the mark, nobody wrote, and the log is not read.
    """
    return f"""CASE WHEN rooms.head - rooms.notices - {member}.read_seq + coalesce((
        SELECT notices FROM events WHERE room_key = rooms.key AND seq = {member}.read_seq), 0) = 0 THEN 0
    ELSE (SELECT count(*) FROM (
        SELECT FROM events WHERE room_key = rooms.key AND seq > {member}.read_seq
            AND kind = {MESSAGE} AND sender_key <> {member}.user_key LIMIT {UNREAD_LIMIT}) AS found) END"""  # noqa: S608


_CREATE = "SELECT refusal, name, title FROM create_room($1, $2, $3, $4, $5, $6)"
_JOIN = "SELECT refusal, place, name, title FROM join_room($1, $2, $3)"
_LEAVE = "SELECT refusal, place, name FROM leave_room($1, $2, $3)"

_STANDINGS = f"""
SELECT want.n, title, topic, head, coalesce(members.read_seq, 0),
    CASE WHEN members.user_key IS NULL THEN 0 ELSE {_unread("members")} END, members.user_key IS NOT NULL
FROM unnest($1::text[], $2::bigint[]) WITH ORDINALITY AS want (room, user_key, n)
JOIN rooms ON rooms.id = want.room
LEFT JOIN members ON members.room_key = rooms.key AND members.user_key = want.user_key
"""  # noqa: S608  a constant

_HEADS = "SELECT id, head FROM rooms WHERE id = ANY ($1::text[])"

_DIRECTORY = """
SELECT id, title, topic, (SELECT count(*) FROM members WHERE room_key = key),
    EXISTS (SELECT FROM members WHERE room_key = key AND user_key = $1)
FROM rooms WHERE id > $2 ORDER BY id LIMIT $3
"""

_OF_USER = f"""
SELECT rooms.id, title, topic, head, members.read_seq, {_unread("members")}, last.ts
FROM members JOIN rooms ON rooms.key = members.room_key
JOIN events AS last ON last.room_key = rooms.key AND last.seq = rooms.head
WHERE members.user_key = $1 ORDER BY rooms.id
"""  # noqa: S608  a constant

_ROOM_SIZE = "SELECT (SELECT count(*) FROM members WHERE room_key = key) FROM rooms WHERE id = $1"

_MEMBERS = """
SELECT users.key, users.name, users.title, members.since_ms
FROM members JOIN users ON users.key = members.user_key
WHERE members.room_key = (SELECT key FROM rooms WHERE id = $1) AND users.name > $2 ORDER BY users.name LIMIT $3
"""

# Rows of members are locked in one order. A mark that is not for a member, or past the head, gives no row.
_MARK = f"""
WITH want AS (
    SELECT rooms.key AS room_key, want.user_key, max(want.seq) AS seq
    FROM unnest($1::text[], $2::bigint[], $3::bigint[]) AS want (room, user_key, seq)
    JOIN rooms ON rooms.id = want.room WHERE want.seq <= rooms.head GROUP BY rooms.key, want.user_key
), locked AS MATERIALIZED (
    SELECT members.room_key, members.user_key, want.seq FROM want
    JOIN members ON members.room_key = want.room_key AND members.user_key = want.user_key
    ORDER BY members.room_key, members.user_key FOR NO KEY UPDATE OF members
), moved AS (
    UPDATE members SET read_seq = greatest(members.read_seq, locked.seq)
    FROM locked WHERE members.room_key = locked.room_key AND members.user_key = locked.user_key
    RETURNING members.room_key, members.user_key, members.read_seq
)
SELECT rooms.id, moved.user_key, rooms.head, moved.read_seq, {_unread("moved")}
FROM moved JOIN rooms ON rooms.key = moved.room_key
"""  # noqa: S608  a constant

_Mark = tuple[RoomId, UserId, Seq]


class PostgresRooms:
    """See `RoomStore`."""

    def __init__(self, readers: Pool, writer: Writer) -> None:
        self._readers = readers
        self._writer = writer
        self._head = Coalesced(self._read_heads)
        self._mark = Coalesced(self._write_marks)

    async def close(self) -> None:
        await self._head.close()
        await self._mark.close()

    async def create(self, room: RoomId, title: str, topic: str, creator: UserId, now_ms: int) -> tuple[Event, Event]:
        description = msgspec.json.encode(RoomDescription(title, topic)).decode()

        async def write(connection: Connection) -> tuple[Event, Event]:
            row = await connection.fetchrow(_CREATE, room, title, topic, description, creator, now_ms)
            assert row is not None  # noqa: S101  the function answers always
            refusal, name, shown = row
            if refusal is not None:
                raise RoomExists if refusal == "room_exists" else UnknownUser
            return RoomCreated(room, 1, name, now_ms, title, topic), MemberJoined(room, 2, name, now_ms, shown)

        return await self._writer.write(write)

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

    async def of_user(self, user_id: UserId) -> list[RoomState]:
        async def read(connection: Connection) -> list[RoomState]:
            return [
                RoomState(room, head=head, read=mark, unread=unread, title=title, topic=topic, last_ts=last_ts)
                for room, title, topic, head, mark, unread, last_ts in await connection.fetch(_OF_USER, user_id)
            ]

        return await self._readers.submit(read)

    async def members(self, room: RoomId, after: str | None, limit: int) -> tuple[list[StoredMember], int]:
        async def read(connection: Connection) -> tuple[list[StoredMember], int]:
            total = await connection.fetchval(_ROOM_SIZE, room)
            if total is None:
                raise UnknownRoom
            page = await connection.fetch(_MEMBERS, room, after or "", limit)
            return [StoredMember(*row) for row in page], total

        return await self._readers.submit(read)

    async def join(self, room: RoomId, user_id: UserId, now_ms: int) -> Event | None:
        async def write(connection: Connection) -> Event | None:
            row = await connection.fetchrow(_JOIN, room, user_id, now_ms)
            assert row is not None  # noqa: S101  the function answers always
            refusal, place, name, shown = row
            if refusal is None:
                return MemberJoined(room, place, name, now_ms, shown)
            if refusal == "already":
                return None
            raise UnknownRoom if refusal == "unknown_room" else UnknownUser

        return await self._writer.write(write)

    async def leave(self, room: RoomId, user_id: UserId, now_ms: int) -> Event | None:
        async def write(connection: Connection) -> Event | None:
            row = await connection.fetchrow(_LEAVE, room, user_id, now_ms)
            assert row is not None  # noqa: S101  the function answers always
            refusal, place, name = row
            if refusal is None:
                return MemberLeft(room, place, name, now_ms)
            if refusal == "already":
                return None
            raise UnknownRoom

        return await self._writer.write(write)

    async def mark_read(self, room: RoomId, user_id: UserId, seq: Seq) -> tuple[Seq, int]:
        answer = await self._mark.ask((room, user_id, min(seq, MAX_INTEGER)))
        if isinstance(answer, HubbubError):
            raise answer
        return answer

    async def _read_heads(self, wanted: Sequence[tuple[RoomId, UserId]]) -> list[RoomHead | None]:
        async def read(connection: Connection) -> list[RoomHead | None]:
            return await _standings(connection, wanted)

        return await self._readers.submit(read)

    async def _write_marks(self, wanted: Sequence[_Mark]) -> list[tuple[Seq, int] | HubbubError]:
        rooms, users, seqs = zip(*wanted, strict=True)

        async def write(connection: Connection) -> list[tuple[Seq, int] | HubbubError]:
            moved: dict[tuple[RoomId, UserId], tuple[Seq, int]] = {}
            heads: dict[RoomId, Seq] = {}
            for room, user, head, mark, unread in await connection.fetch(_MARK, texts(rooms), users, seqs):
                moved[room, user] = mark, unread
                heads[room] = head
            answers: list[tuple[Seq, int] | HubbubError | None] = [
                CursorAhead() if (room, user) in moved and seq > heads[room] else moved.get((room, user))
                for room, user, seq in wanted
            ]
            refused = [index for index, answer in enumerate(answers) if answer is None]
            standings = await _standings(connection, [wanted[index][:2] for index in refused]) if refused else []
            for index, standing in zip(refused, standings, strict=True):
                answers[index] = _refusal(standing)
            return [answer for answer in answers if answer is not None]

        await self._writer.settled()
        return await self._readers.submit(write)


async def _standings(connection: Connection, wanted: Sequence[tuple[RoomId, UserId]]) -> list[RoomHead | None]:
    heads: list[RoomHead | None] = [None] * len(wanted)
    rooms, users = zip(*wanted, strict=True)
    for n, title, topic, head, mark, unread, member in await connection.fetch(_STANDINGS, texts(rooms), users):
        heads[n - 1] = RoomHead(wanted[n - 1][0], title, topic, head, mark, unread, member)
    return heads


def _refusal(standing: RoomHead | None) -> HubbubError:
    """Why a mark did not move."""
    if standing is None:
        return UnknownRoom()
    return CursorAhead() if standing.member else RoomForbidden()
