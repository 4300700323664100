"""An event of a kind that only a later version knows, put where such a version would have put it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import apsw
import asyncpg
import msgspec

from hubbub.vocabulary import Seq

KIND: Final = 30_000
"""Of the row. No version will come as far."""

POLL: Final[dict[str, Any]] = {
    "type": "poll_opened",
    "title": "Tea",
    "question": "Which one?",
    "options": [{"type": "leaf", "votes": [1, None]}, {"type": "bag", "votes": []}],
    "class": True,
}
"""Its own fields: some have a number on the compact wire, some have none, and one has a word of Python for its name."""

BODY: Final = msgspec.json.encode(POLL).decode()


def placed(room: str, seq: Seq, sender: str, ts: int) -> dict[str, Any]:
    """What a client is to get."""
    return {**POLL, "room": room, "seq": seq, "sender": sender, "ts": ts}


def plant_in_sqlite(path: Path, room: str, sender: str, ts: int, *, kind: int = KIND, body: str = BODY) -> Seq:
    """Append a row to a room's log, where no message was written since the server started. Returns its `seq`."""
    database = apsw.Connection(str(path))
    try:
        database.set_busy_timeout(10_000)
        seq: Seq = database.execute(
            "INSERT INTO events (room_key, seq, kind, sender_key, ts, notices, body) "
            "SELECT rooms.key, last.seq + 1, ?, users.key, ?, last.notices + 1, ? "
            "FROM rooms JOIN events AS last ON last.room_key = rooms.key JOIN users "
            "WHERE rooms.id = ? AND users.name = ? ORDER BY last.seq DESC LIMIT 1 RETURNING seq",
            (kind, ts, body, room, sender),
        ).get
    finally:
        database.close()
    return seq


async def plant_in_postgres(
    connection: asyncpg.Connection[Any], room: str, sender: str, ts: int, *, kind: int = KIND, body: str = BODY
) -> Seq:
    """The same in PostgreSQL, at any time."""
    seq: Seq = await connection.fetchval(
        "WITH place AS (UPDATE rooms SET head = head + 1, notices = notices + 1 WHERE id = $1 RETURNING *) "
        "INSERT INTO events (room_key, seq, kind, sender_key, ts, notices, body) "
        "SELECT place.key, place.head, $3, users.key, $4, place.notices, $5 FROM place, users WHERE users.name = $2 "
        "RETURNING seq",
        *(room, sender, kind, ts, body),
    )
    return seq
