"""Read marks of those who send: whoever sends has read up to there.

They are written together, about once a second, and not with each message.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable, Sequence
from typing import Final

from hubbub.errors import StoreUnavailable
from hubbub.store.protocols import Appended, Draft, Refused
from hubbub.vocabulary import Message, RoomId, Seq, UserId

from .pool import Pool
from .session import Connection
from .texts import texts

FLUSH_SECONDS: Final = 1.0

# Rows of members are locked in the order that mark_read has.
_WRITE = """
WITH locked AS (
    SELECT members.room_key, members.user_key, want.seq
    FROM unnest($1::text[], $2::bigint[], $3::bigint[]) AS want (room, sender, seq)
    JOIN rooms ON rooms.id = want.room
    JOIN members ON members.room_key = rooms.key AND members.user_key = want.sender
    ORDER BY want.room COLLATE "C", want.sender FOR NO KEY UPDATE OF members)
UPDATE members SET read_seq = greatest(members.read_seq, locked.seq)
FROM locked WHERE members.room_key = locked.room_key AND members.user_key = locked.user_key
"""


class OwnMarks:
    """Those that are not in the database yet. Used on one event loop."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._waiting: dict[UserId, dict[RoomId, Seq]] = {}
        self._writing: dict[UserId, dict[RoomId, Seq]] = {}
        self._task: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None

    def appended(self, drafts: Sequence[Draft], outcomes: Sequence[Appended | Refused]) -> None:
        """Note what has become durable."""
        for draft, outcome in zip(drafts, outcomes, strict=True):
            if isinstance(outcome, Appended) and not outcome.repeat and type(draft.event) is Message:
                self._waiting.setdefault(draft.sender_id, {})[draft.event.room] = outcome.seq
        if self._waiting and self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(FLUSH_SECONDS, self._due)

    async def written(self, users: Iterable[UserId]) -> None:
        """Return when no mark of these users waits."""
        while any(user in self._waiting or user in self._writing for user in users):
            await asyncio.shield(self._flush())

    async def close(self) -> None:
        """Write what waits."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        with contextlib.suppress(StoreUnavailable):
            while self._waiting or self._writing:
                await self._flush()

    def _due(self) -> None:
        self._timer = None
        self._flush()

    def _flush(self) -> asyncio.Task[None]:
        if self._task is None:
            self._task = asyncio.create_task(self._write())
            self._task.add_done_callback(self._done)
        return self._task

    def _done(self, task: asyncio.Task[None]) -> None:
        self._task = None
        if not task.cancelled():
            task.exception()  # it goes to those who wait; perhaps nobody does

    async def _write(self) -> None:
        self._writing, self._waiting = self._waiting, {}
        marks = [(room, user, seq) for user, rooms in self._writing.items() for room, seq in rooms.items()]
        if not marks:
            return
        rooms, users, seqs = zip(*marks, strict=True)

        async def write(connection: Connection) -> None:
            await connection.execute(_WRITE, texts(rooms), users, seqs)

        try:
            await self._pool.submit(write)
        except BaseException:
            for user, marks_of in self._writing.items():
                self._waiting[user] = marks_of | self._waiting.get(user, {})
            raise
        finally:
            self._writing = {}
