"""An event of a later version in the log: on every wire, in every client, in a copy, and under the checker."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import msgspec
import pytest
from msgspec import Struct

from hubbub.app import running
from hubbub.client import Api, Client, Credentials
from hubbub.client.frames import Inbound
from hubbub.client.transport_choice import TransportChoice
from hubbub.config import Config
from hubbub.store.postgres import PostgresStore
from hubbub.store.sqlite import SqliteStore
from hubbub.verify.checker import check
from hubbub.verify.connections import open_transport
from hubbub.verify.history import History, Said, Stretch, View, as_event, entry
from hubbub.verify.participant import Account
from hubbub.verify.plan import WireName
from hubbub.verify.preparing import log_of as rest_log
from hubbub.vocabulary import Event, Join, RoomId, UnknownEvent
from tests.support.later import placed, plant_in_postgres, plant_in_sqlite
from tests.support.postgres import postgres, postgres_dsn

__all__ = ["postgres", "postgres_dsn"]

ROOM = RoomId("general")
TS = 1_790_000_000_000
PATIENCE_SECONDS = 60
PASSWORD = "correct horse"


class House(Struct):
    """A server whose room has a message, what a later version added, something unreadable, and another message.

    Attributes:
        log: what the room's log is, as JSON.
    """

    url: str
    people: dict[str, Credentials]
    log: list[dict[str, Any]]


@pytest.fixture
async def house(config: Config) -> AsyncIterator[House]:
    names = ["ada", *(wire.replace("-", "_") for wire in WireName), "auto", "sse_only", "polling_only", "tail"]
    async with running(config) as server:
        people = {name: await Api(server.url).sign_up(name, PASSWORD) for name in names}
        async with Client(server.url, people["ada"].token) as ada:
            await ada.create_room(ROOM, "Everybody")
            await ada.join(ROOM)
            await ada.send(ROOM, "before")
    path = Path(config.data) / "hubbub.db"
    assert plant_in_sqlite(path, ROOM, "ada", TS) == 4
    assert plant_in_sqlite(path, ROOM, "ada", TS, body="?") == 5
    async with running(config) as server:
        async with Client(server.url, people["ada"].token) as ada:
            await ada.join(ROOM)
            await ada.send(ROOM, "after")
        yield House(server.url, people, await log_of(server.url, people["ada"].token))


async def log_of(url: str, token: str) -> list[dict[str, Any]]:
    """The room's log by REST."""
    async with httpx.AsyncClient(base_url=url, headers={"Authorization": f"Bearer {token}"}) as http:
        answer = await http.get(f"/api/v1/rooms/{ROOM}/events", params={"after": 0, "limit": 100})
    answer.raise_for_status()
    events: list[dict[str, Any]] = answer.json()["events"]
    return events


async def shown(wire: WireName, house: House, head: int) -> list[Event]:
    """What a client on this wire is shown of the room, from its beginning to `head`."""
    token = house.people[wire.replace("-", "_")].token
    transport = await open_transport(wire, house.url, token, patience_seconds=30, keepalive_seconds=30)
    events: list[Event] = []
    done = asyncio.Event()

    def receive(frame: bytes) -> None:
        item: Inbound = transport.wire.decode(frame)
        if (event := as_event(item)) is not None:
            events.append(event)
            if event.seq >= head:
                done.set()

    running_transport = asyncio.create_task(transport.run(receive))
    try:
        transport.post(transport.wire.encode(Join(ROOM, 0, 1)))
        async with asyncio.timeout(PATIENCE_SECONDS):
            await done.wait()
    finally:
        await transport.close()
        running_transport.cancel()
        await asyncio.gather(running_transport, return_exceptions=True)
    return [event for event in events if event.seq <= head]


def plain(events: list[Event]) -> list[dict[str, Any]]:
    return [msgspec.to_builtins(event) for event in events]


def test_the_planted_log_is_what_rest_gives(house: House) -> None:
    assert [event["type"] for event in house.log] == [
        "room_created", "member_joined", "message", "poll_opened", "unknown", "message",
    ]  # fmt: skip
    assert house.log[3] == placed(ROOM, 4, "ada", TS)
    assert house.log[4] == {"type": "unknown", "room": ROOM, "seq": 5, "sender": "ada", "ts": TS}


@pytest.mark.parametrize("wire", list(WireName))
async def test_every_wire_passes_it_on_as_it_is(wire: WireName, house: House) -> None:
    assert plain(await shown(wire, house, head=6)) == house.log


@pytest.mark.parametrize(("name", "transport"), [("auto", "auto"), ("sse_only", "sse"), ("polling_only", "polling")])
async def test_the_python_client_hands_it_on_and_its_cursor_moves(
    name: str, transport: TransportChoice, house: House
) -> None:
    async with Client(house.url, house.people[name].token, transport=transport) as client:
        await client.join(ROOM, since=0)
        found: list[Event] = []
        async with asyncio.timeout(PATIENCE_SECONDS):
            async for item in client.events():
                assert isinstance(item, Event)
                found.append(item)
                if item.seq == 7:
                    break
        assert plain(found[:6]) == house.log
        assert isinstance(found[3], UnknownEvent)
        assert client.cursor(ROOM) == 7
        page = await client.history(ROOM, before=7, limit=3)
        assert plain(page.events) == house.log[3:]


async def test_tail_prints_it(house: House) -> None:
    environment = {**os.environ, "HUBBUB_TOKEN": house.people["tail"].token, "HUBBUB_URL": house.url}

    async def lines(*options: str) -> list[str]:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "hubbub", "tail", "--since", "0", *options, ROOM), env=environment, stdout=PIPE
        )
        assert process.stdout is not None
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                return [(await process.stdout.readline()).decode() for _ in house.log]
        finally:
            process.kill()
            await process.wait()

    assert [json.loads(line) for line in await lines("--json")] == house.log
    said = [line.partition(" ")[2].strip() for line in await lines()]
    assert said == [
        "* ada created general",
        "* ada joined",
        "ada: before",
        "* ada did something that this version does not know: poll_opened",
        "* ada did something that this version does not know: unknown",
        "ada: after",
    ]


async def test_the_checker_compares_its_place_on_all_wires(house: House) -> None:
    views = {wire: await shown(wire, house, head=6) for wire in WireName}
    log = await rest_log(house.url, Account("ada", house.people["ada"].token), ROOM)
    log.entries = log.entries[:6]  # behind it those who looked have joined
    history = History(
        [Said(ROOM, "ada", "n", "before", 0.0, 1, [3])],
        [View(wire, wire, ROOM, [Stretch(0, [entry(event) for event in events])]) for wire, events in views.items()],
        [log],
    )
    verdict = check(history)
    assert verdict.kept, verdict
    assert verdict.shown == 6 * len(WireName)


async def test_a_copy_has_it_and_serves_it_in_the_other_engine(
    config: Config, tmp_path: Path, postgres_dsn: str
) -> None:
    path = Path(config.data) / "hubbub.db"
    async with running(config) as server:
        token = (await Api(server.url).sign_up("ada", PASSWORD)).token
        async with Client(server.url, token) as ada:
            await ada.create_room(ROOM, "Everybody")
    for seq in (3, 4):
        assert plant_in_sqlite(path, ROOM, "ada", TS) == seq
    store = SqliteStore(path)
    await store.open()
    original = plain(await store.events.after(ROOM, 0, 10))
    await store.close()
    assert original[2:] == [placed(ROOM, seq, "ada", TS) for seq in (3, 4)]

    await copied(f"sqlite://{path}", postgres_dsn)
    connection = await asyncpg.connect(postgres_dsn)
    assert await plant_in_postgres(connection, ROOM, "ada", TS) == 5
    assert await plant_in_postgres(connection, ROOM, "ada", TS, body="?") == 6
    await connection.close()
    back = tmp_path / "back.db"
    await copied(postgres_dsn, f"sqlite://{back}")

    expected = [
        *original,
        placed(ROOM, 5, "ada", TS),
        {"type": "unknown", "room": ROOM, "seq": 6, "sender": "ada", "ts": TS},
    ]
    for copy in (PostgresStore(postgres_dsn), SqliteStore(back)):
        await copy.open()
        assert plain(await copy.events.after(ROOM, 0, 10)) == expected
        assert plain(await copy.events.before(ROOM, None, 3)) == expected[-3:]
        await copy.close()
    async with running(msgspec.structs.replace(config, database=postgres_dsn)) as server:
        assert await log_of(server.url, token) == expected


async def copied(source: str, target: str) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HUBBUB_")}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "hubbub", "copy", "--from", source, "--to", target), env=environment, stdout=PIPE
    )
    assert process.stdout is not None
    told = (await process.stdout.read()).decode()
    assert await process.wait() == 0, told
