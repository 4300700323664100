"""Something of everything in a store, and all that is in a database, read without the code under test."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final, TypeAlias

import apsw

from hubbub.store import Account, Draft, Settings, Store
from hubbub.store.postgres import PostgresLimits
from hubbub.store.postgres.session import Address, connect
from hubbub.store.records import Change
from hubbub.vocabulary import (
    Message,
    MessageDeleted,
    MessageEdited,
    ReactionAdded,
    ReactionRemoved,
    RoomChanged,
    RoomId,
)
from tests.contracts.collections import BOOKS, NOTES, Book, Note
from tests.contracts.collections import STRANGE as STRANGE_KEYS
from tests.contracts.events import STRANGE_TEXTS
from tests.contracts.logins import log_in
from tests.contracts.people import NOW, create, draft, join, leave, person

STRANGE: Final = "\0 \x10 \x100 \N{GRINNING FACE} '\\"
ROOMS: Final = [RoomId(name) for name in ("general", "random", "zoo")]
MESSAGES: Final = 400
"""In each room, beside the strange texts."""

ORDER: Final = {
    "users": "key",
    "logins": "id",
    "records": "collection, key",
    "rooms": "key",
    "members": "room_key, user_key",
    "events": "room_key, seq",
    "message_states": "room_key, seq",
    "reactions": "room_key, seq, emoji, at_seq",
    "reaction_counts": "room_key, seq, emoji",
}
"""Every table that holds what people made."""

Tables: TypeAlias = dict[str, list[dict[str, object]]]


@asynccontextmanager
async def fill(store: Store) -> AsyncIterator[None]:
    """Put something of everything into a new store; it is open for as long as the block lasts."""
    await store.open()
    people = [await person(store, name, STRANGE) for name in ("ada", "bob", "cyd", "eve")]
    await Settings(store.records).put("signup", "closed")
    await Settings(store.records).put("motto", STRANGE)
    for one in people:
        await log_in(store, one, f"{one.name}'s phone")
    await store.records.write(
        [Change(BOOKS, Book(text, text, n, text.encode(), n)) for n, text in enumerate(STRANGE_KEYS)]
    )
    await store.records.write([Change(NOTES, Note(n, f"{n}")) for n in range(-50, 50)])
    for number, room in enumerate(ROOMS):
        await fill_room(store, room, people[number:])
    yield
    await store.close()


async def fill_room(store: Store, room: RoomId, people: list[Account]) -> None:
    await create(store, people[0].id, room, STRANGE, f"all about {room}")
    for one in people[1:]:
        await join(store, one.id, room)
    await store.events.append(
        [draft(people[n % 2 - 1], f"{NOW + n}", f"text {n}", room=room) for n in range(MESSAGES)], NOW
    )
    if len(people) > 2:
        await leave(store, people[2].id, room)
    await store.events.append([draft(people[0], text[:64] or "-", text, room=room) for text in STRANGE_TEXTS], NOW)
    await store.events.append(list(changes(room, people)), NOW)
    await store.rooms.mark_read(room, people[0].id, 20)


def changes(room: RoomId, people: list[Account]) -> Iterator[Draft]:
    """Edits, deletions and reactions, of the messages from 10 on."""
    for seq in range(10, 40):
        for one in people[:2]:
            yield Draft(ReactionAdded(room, 0, one.name, 0, seq, STRANGE if seq % 3 else "👍"), one.id, f"r{seq}")
        one = people[seq % 2]
        yield Draft(ReactionRemoved(room, 0, one.name, 0, seq, "👍"), one.id, f"u{seq}")
        yield Draft(MessageEdited(room, 0, one.name, 0, seq, STRANGE), one.id, f"e{seq}")
        if seq % 5 == 0:
            yield Draft(MessageDeleted(room, 0, one.name, 0, seq), one.id, f"d{seq}")
    yield Draft(Message(room, 0, people[0].name, 0, "an answer", 11), people[0].id, "answer")
    yield Draft(RoomChanged(room, 0, people[0].name, 0, "New", STRANGE), people[0].id, "changed")


def sqlite_tables(path: Path) -> Tables:
    database = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    tables: Tables = {}
    for table, order in ORDER.items():
        columns = [column[0] for column in database.execute(f"SELECT name FROM pragma_table_info('{table}')")]
        rows = database.execute(f"SELECT {', '.join(columns)} FROM {table} ORDER BY {order}")
        tables[table] = [dict(zip(columns, row, strict=True)) for row in rows]
    assert database.execute("PRAGMA integrity_check").get == "ok"
    assert database.execute("PRAGMA foreign_key_check").get is None
    database.close()
    return tables


async def postgres_tables(dsn: str) -> Tables:
    """As SQLite has them: what PostgreSQL keeps beside them for speed is checked and left out."""
    connection = await connect(Address(dsn), PostgresLimits(), patient=True)
    tables: Tables = {
        table: [dict(row) for row in await connection.fetch(f"SELECT * FROM {table} ORDER BY {order}")]
        for table, order in ORDER.items()
    }
    await connection.close()
    for room in tables["rooms"]:
        last = [event for event in tables["events"] if event["room_key"] == room["key"]][-1]
        assert (room.pop("head"), room.pop("notices")) == (last["seq"], last["notices"])
    return tables
