"""From SQLite to PostgreSQL: clients come back with their old tokens and cursors, and get exactly what they missed.

HUBBUB_TEST_MESSAGES=100000 makes it the size of a real move.
"""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from hubbub.client import Api, Client, Credentials
from hubbub.store.postgres import PostgresStore
from hubbub.store.sqlite import SqliteStore
from hubbub.vocabulary import Message, RoomId, Seq, UserName
from tests.contracts.people import NOW, draft, positions
from tests.support.postgres import postgres, postgres_dsn

__all__ = ["postgres", "postgres_dsn"]

MESSAGES = int(os.environ.get("HUBBUB_TEST_MESSAGES", "5000"))
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("HUBBUB_")}

SEEN = 20
"""How many of them the readers saw before the server was stopped."""

NODES = 2
"""Servers on the new database. Resuming needs nothing else between them."""

ROOM = RoomId("general")


@asynccontextmanager
async def serving(*arguments: str) -> AsyncIterator[str]:
    """A server of its own process; its URL."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "hubbub", "serve", "--port", "0", "--shutdown-grace-seconds", "0", *arguments),
        stdout=PIPE,
        env=ENVIRONMENT,
    )
    assert process.stdout is not None
    line = (await process.stdout.readline()).decode()
    assert line.startswith("Hubbub "), "it did not start"
    try:
        yield line.split()[-1]
    finally:
        process.terminate()
        assert await process.wait() == 0


async def seen_until(client: Client, head: Seq) -> list[tuple[Seq, str]]:
    """The messages that the client is given, up to `head`."""
    seen: list[tuple[Seq, str]] = []
    async for event in client.events():
        if isinstance(event, Message):
            seen.append((event.seq, event.text))
            if event.seq >= head:
                break
    return seen


async def begin(url: str) -> tuple[list[Credentials], Seq]:
    """People in a room, of whom the readers have seen some messages, up to the cursor."""
    people = [await Api(url).sign_up(name, "correct horse") for name in ("ada", "bob", "cyd")]
    async with AsyncExitStack() as clients:
        ada, bob, cyd = [await clients.enter_async_context(Client(url, one.token)) for one in people]
        await ada.create_room(ROOM, "Everybody", "all and nothing")
        joined = [await client.join(ROOM) for client in (ada, bob, cyd)]
        sent = [await ada.send(ROOM, f"m{n}", nonce=f"n{n}") for n in range(SEEN)]
        cursor = sent[-1].seq
        for reader, start in zip((bob, cyd), joined[1:], strict=True):
            seen = await seen_until(reader, cursor)
            assert seen == [(one.seq, f"m{n}") for n, one in enumerate(sent)], start
        await bob.read(ROOM, cursor)
    return people, cursor


async def fill(path: Path) -> list[tuple[Seq, str]]:
    """What the readers miss: as if many sent it until the server was stopped."""
    store = SqliteStore(path)
    await store.open()
    ada = await store.accounts.by_name(UserName("ada"))
    assert ada is not None
    missed: list[tuple[Seq, str]] = []
    for start in range(SEEN, MESSAGES, 1_000):
        numbers = range(start, min(start + 1_000, MESSAGES))
        outcomes = await store.events.append([draft(ada, f"n{n}", f"m{n}", room=ROOM) for n in numbers], NOW)
        missed += zip(positions(outcomes), (f"m{n}" for n in numbers), strict=True)
    await store.close()
    return missed


async def copied(source: Path, target: str) -> str:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "hubbub", "copy", "--from", f"sqlite://{source}", "--to", target),
        stdout=PIPE,
        env=ENVIRONMENT,
    )
    assert process.stdout is not None
    told = await process.stdout.read()
    assert await process.wait() == 0
    return told.decode()


async def test_old_cursors_are_good_on_postgresql(tmp_path: Path, postgres_dsn: str) -> None:
    async with serving("--data", str(tmp_path)) as url:
        people, cursor = await begin(url)
    missed = await fill(tmp_path / "hubbub.db")
    assert f"{MESSAGES + 4} events" in await copied(tmp_path / "hubbub.db", postgres_dsn)

    async with AsyncExitStack() as running:
        urls = [
            await running.enter_async_context(
                serving("--database", postgres_dsn, "--data", str(tmp_path / f"node{number}"))
            )
            for number in range(NODES)
        ]
        bob = await running.enter_async_context(Client(urls[0], people[1].token))
        cyd = await running.enter_async_context(Client(urls[-1], people[2].token, wire="json", transport="polling"))
        for reader in (bob, cyd):
            await reader.join(ROOM, since=cursor)
            assert await seen_until(reader, missed[-1][0]) == missed

        [room] = await bob.rooms()
        assert (room.read, room.unread) == (cursor, min(MESSAGES - SEEN, 1_000))
        ada = await running.enter_async_context(Client(urls[0], people[0].token))
        await ada.join(ROOM)
        again = await ada.send(ROOM, "m7", nonce="n7")  # as if its acknowledgement had been lost
        assert (again.seq, again.repeat) == (cursor - SEEN + 8, True)
        new = await ada.send(ROOM, "here")
        assert new.seq == missed[-1][0] + 1
        assert await seen_until(bob, new.seq) == [(new.seq, "here")]

    store = PostgresStore(postgres_dsn)
    await store.open()
    assert await store.rooms.heads([ROOM]) == {ROOM: new.seq}
    await store.close()
