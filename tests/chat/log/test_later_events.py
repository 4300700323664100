"""A kind of a later version in a room's log: everybody gets it in its place, and the room goes on."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import msgspec

from hubbub.vocabulary import Event, EventPage, History, RoomId, UnknownEvent, UserName
from tests.chat.client import PATIENCE_SECONDS, TestConnection
from tests.chat.world import World, say
from tests.support.later import POLL, placed, plant_in_sqlite

GENERAL = RoomId("general")
TS = 1_790_000_000_000


def plain(events: list[Event]) -> list[dict[str, Any]]:
    return [msgspec.to_builtins(event) for event in events]


def types(person: TestConnection) -> list[tuple[int, str]]:
    return [(event["seq"], event["type"]) for event in plain(person.events("general"))]


async def test_a_hole_that_it_leaves_is_healed_from_the_store(world: World, tmp_path: Path) -> None:
    await world.room()
    ada = await world.person("ada", "general")
    assert plant_in_sqlite(tmp_path / "hubbub.db", "general", "ada", TS) == 4
    await say(ada, "hello")
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not ada.seqs("general"):
            await asyncio.sleep(0.001)
            world.clock.advance(world.settings.gap_seconds)
    await ada.has("general", 5)
    assert types(ada) == [(4, "poll_opened"), (5, "message")]
    assert plain(ada.events("general"))[0] == placed("general", 4, "ada", TS)
    assert ada.open


async def test_who_comes_with_a_cursor_before_it_catches_up(world: World, tmp_path: Path) -> None:
    await world.room()
    plant_in_sqlite(tmp_path / "hubbub.db", "general", "founder", TS)
    plant_in_sqlite(tmp_path / "hubbub.db", "general", "founder", TS, body="not what this version can read")
    ada = await world.person("ada", "general", since=1)
    await ada.has("general", 5)
    assert types(ada) == [(2, "member_joined"), (3, "poll_opened"), (4, "unknown"), (5, "member_joined")]
    await say(ada, "hello")
    await ada.has("general", 6)
    page = await ada.ask(History(GENERAL, before=5, limit=2), EventPage)
    assert plain(page.events) == [
        placed("general", 3, "founder", TS),
        {"type": "unknown", "room": "general", "seq": 4, "sender": "founder", "ts": TS},
    ]


async def test_it_comes_by_the_bus_in_its_place(world: World) -> None:
    await world.room()
    ada = await world.person("ada", "general")
    early, late = (UnknownEvent.of(GENERAL, seq, UserName("bob"), TS, POLL) for seq in (4, 5))
    world.letterbox.publish(GENERAL, [late, early, late])
    await ada.has("general", 5)
    assert types(ada) == [(4, "poll_opened"), (5, "poll_opened")]


async def test_a_reader_that_is_slow_gets_its_pages_in_small_writes(world: World, tmp_path: Path) -> None:
    await world.room()
    body = msgspec.json.encode({"type": "picture", "data": "x" * world.settings.chunk_bytes}).decode()
    for _ in range(3):
        plant_in_sqlite(tmp_path / "hubbub.db", "general", "founder", TS, body=body)
    ada = await world.person("ada", "general", since=2)
    await ada.has("general", 6)
    assert types(ada) == [(3, "picture"), (4, "picture"), (5, "picture"), (6, "member_joined")]
    assert ada.most_buffered < 2 * world.settings.chunk_bytes, "each in a write of its own"
