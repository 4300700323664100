"""kill -9 of a node in the middle of appends loses nothing that was acknowledged and leaves no hole."""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path

from hubbub.store import Appended
from hubbub.store.postgres import PostgresStore
from hubbub.vocabulary import UserName
from tests.contracts.people import draft
from tests.store.appender import ROOM

ACKNOWLEDGED = 300


async def appended_until_killed(dsn: str, run: str) -> dict[str, int]:
    """The messages that a process acknowledged before it was killed: nonce to seq."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.store.postgres.appender", dsn, run),
        stdout=asyncio.subprocess.PIPE,
        cwd=Path(__file__).parents[3],
    )
    assert process.stdout is not None
    lines = [await process.stdout.readline() for _ in range(ACKNOWLEDGED)]
    process.send_signal(signal.SIGKILL)
    rest, _ = await process.communicate()
    assert process.returncode == -signal.SIGKILL
    complete = b"".join(lines) + rest[: rest.rfind(b"\n") + 1]
    return {nonce: int(seq) for seq, nonce in (line.split() for line in complete.decode().splitlines())}


async def test_every_acknowledged_message_survives_kill_9_once_and_without_holes(postgres_dsn: str) -> None:
    acknowledged = await appended_until_killed(postgres_dsn, "first")
    for found in await asyncio.gather(*(appended_until_killed(postgres_dsn, run) for run in ("second", "third"))):
        acknowledged |= found  # two nodes at once

    store = PostgresStore(postgres_dsn)
    await store.open()
    ada = await store.accounts.by_name(UserName("ada"))
    assert ada is not None
    head = (await store.rooms.heads([ROOM]))[ROOM]
    events = await store.events.after(ROOM, 0, head + 1_000)
    retried = await store.events.append([draft(ada, nonce, room=ROOM) for nonce in acknowledged], 0)
    assert (await store.rooms.heads([ROOM]))[ROOM] == head
    await store.close()

    assert [event.seq for event in events] == list(range(1, head + 1))
    assert retried == [Appended(seq, 0, repeat=True) for seq in acknowledged.values()]
