"""What a client makes more of costs in proportion: eight times as much input, about eight times the work.

Namespaces of a Socket.IO session are not here: there is a cap on them (`realtime.socketio_server.NAMESPACES`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import pytest

from hubbub.chat import ChatSettings
from hubbub.store import Draft
from hubbub.vocabulary import (
    EventPage,
    History,
    Join,
    Leave,
    Message,
    RoomId,
    RoomList,
    Rooms,
    Send,
)
from tests.contracts.people import create
from tests.support.growth import FACTOR, Stopwatch, check

from .client import TestConnection
from .world import World, opened

Case = Callable[[World, int, Stopwatch], Awaitable[None]]

BATCH = 100
"""Commands under way at once: fewer than may wait."""


async def rooms_of(world: World, name: str, size: int) -> list[RoomId]:
    """Rooms that somebody has made, straight in the store."""
    actor = world.actors.get(name) or await world.account(name)
    rooms = [RoomId(f"room-{number}") for number in range(size)]
    await asyncio.gather(*(create(world.store, actor.user_id, room, now_ms=world.clock.ms()) for room in rooms))
    return rooms


async def ask_all(connection: TestConnection, commands: Sequence[Join | Leave | Send]) -> None:
    """Send commands, a batch at a time; what came meanwhile is forgotten, so that looking for it costs the same."""
    for start in range(0, len(commands), BATCH):
        connection.forget()
        refs = [connection.begin(command) for command in commands[start : start + BATCH]]
        await connection.answer(refs[-1])


async def in_rooms(world: World, size: int) -> tuple[TestConnection, list[RoomId]]:
    """Somebody who has joined so many rooms on one connection."""
    rooms = await rooms_of(world, "ada", size)
    ada = await world.person("ada")
    await ask_all(ada, [Join(room) for room in rooms])
    return ada, rooms


async def joining(world: World, size: int, watch: Stopwatch) -> None:
    rooms = await rooms_of(world, "ada", size)
    ada = await world.person("ada")
    with watch.running():
        await ask_all(ada, [Join(room) for room in rooms])


async def leaving(world: World, size: int, watch: Stopwatch) -> None:
    ada, rooms = await in_rooms(world, size)
    with watch.running():
        await ask_all(ada, [Leave(room) for room in rooms])


async def closing(world: World, size: int, watch: Stopwatch) -> None:
    ada, _ = await in_rooms(world, size)
    with watch.running():
        ada.leave()
        world.clock.advance(world.settings.grace_seconds + 2)


async def sending_to_the_last_room(world: World, size: int, watch: Stopwatch) -> None:
    """`size` messages by one who is in `size` rooms."""
    ada, rooms = await in_rooms(world, size)
    with watch.running():
        await ask_all(ada, [Send(rooms[-1], "hello", f"n{number}") for number in range(size)])


async def falling_behind_everywhere(world: World, size: int, watch: Stopwatch) -> None:
    ada, _ = await in_rooms(world, size)
    with watch.running():
        ada.fill()
        ada.drain()
    assert ada.state.gaps is None


async def closing_gaps(world: World, size: int, watch: Stopwatch) -> None:
    """Something was said in every room while it did not read."""
    ada, rooms = await in_rooms(world, size)
    ada.fill()
    other = await world.person("ada")
    await ask_all(other, [Join(room) for room in rooms])
    await ask_all(other, [Send(room, "hello", f"n-{room}") for room in rooms])
    other.leave()
    with watch.running():
        ada.drain()
        while ada.state.gaps is not None:
            ada.forget()
            await asyncio.sleep(0)


async def reading_history(world: World, size: int, watch: Stopwatch) -> None:
    """A log of 10 × `size` entries, page by page, backwards."""
    [room] = await rooms_of(world, "ada", 1)
    ada = await world.person("ada")
    actor = world.actors["ada"]
    texts = range(10 * size)
    await world.store.events.append(
        [Draft(Message(room, 0, actor.user.name, 0, "hello"), actor.user_id, f"n{n}") for n in texts], 0
    )
    before: int | None = None
    with watch.running():
        while before != 1:
            ada.forget()
            page = await ada.ask(History(room, before=before, limit=50), EventPage)
            before = page.events[0].seq


async def listing_rooms(world: World, size: int, watch: Stopwatch) -> None:
    rooms = await rooms_of(world, "ada", size)
    ada = await world.person("ada")
    found: list[str] = []
    with watch.running():
        while len(found) < len(rooms):
            ada.forget()
            page = await ada.ask(Rooms(RoomId(found[-1]) if found else None, 25), RoomList)
            found += [state.room for state in page.rooms]


async def connections_of_one_user(world: World, size: int, watch: Stopwatch) -> None:
    """In one room; then they all go at once."""
    await rooms_of(world, "ada", 1)
    with watch.running():
        everyone = [await world.person("ada", "room-0") for _ in range(size)]
        for connection in everyone:
            connection.leave()


async def strangers(world: World, size: int, watch: Stopwatch) -> None:
    """Connections that never say who they are, and end together."""
    with watch.running():
        everyone = [await world.connect() for _ in range(size)]
        world.clock.advance(world.settings.auth_seconds + 2)
    assert all(connection.ended for connection in everyone)


@pytest.mark.parametrize(
    ("case", "size"),
    [
        (joining, 100),
        (leaving, 50),
        (closing, 300),
        (sending_to_the_last_room, 100),
        (falling_behind_everywhere, 300),
        (closing_gaps, 60),
        (reading_history, 60),
        (listing_rooms, 60),
        (connections_of_one_user, 80),
        (strangers, 400),
    ],
    ids=lambda value: getattr(value, "__name__", str(value)),
)
async def test_more_input_costs_in_proportion(tmp_path: Path, case: Case, size: int) -> None:
    times: dict[int, list[float]] = {size: [], FACTOR * size: []}
    for wanted, found in times.items():
        for attempt in range(3 if wanted == size else 2):
            folder = tmp_path / f"{wanted}-{attempt}"
            folder.mkdir()
            watch = Stopwatch()
            async with opened(folder, ChatSettings(user_work_per_second=0)) as world:
                await case(world, wanted, watch)
            found.append(watch.seconds)
    check(times[size], times[FACTOR * size])
