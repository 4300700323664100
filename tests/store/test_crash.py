"""kill -9 in the middle of appends loses nothing that was acknowledged and leaves no hole."""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path

import apsw

from hubbub.store.sqlite import SqliteStore
from tests.contracts.people import draft

from .appender import ROOM

ACKNOWLEDGED = 400


async def appended_until_killed(path: Path, run: str) -> dict[str, int]:
    """The messages that a process acknowledged before it was killed: nonce to seq."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.store.appender", str(path), run),
        stdout=asyncio.subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )
    assert process.stdout is not None
    lines = [await process.stdout.readline() for _ in range(ACKNOWLEDGED)]
    process.send_signal(signal.SIGKILL)
    rest, _ = await process.communicate()
    assert process.returncode == -signal.SIGKILL
    complete = b"".join(lines) + rest[: rest.rfind(b"\n") + 1]
    return {nonce: int(seq) for seq, nonce in (line.split() for line in complete.decode().splitlines())}


async def test_every_acknowledged_message_survives_kill_9_once_and_without_holes(tmp_path: Path) -> None:
    path = tmp_path / "hubbub.db"
    acknowledged: dict[str, int] = {}
    for run in ("first", "second", "third"):
        found = await appended_until_killed(path, run)
        assert len(found) >= ACKNOWLEDGED
        acknowledged |= found

    store = SqliteStore(path)  # the killed process holds no lock
    await store.open()
    ada = await store.accounts.by_name("ada")  # type: ignore[arg-type]
    assert ada is not None
    head = (await store.rooms.heads([ROOM]))[ROOM]
    events = await store.events.after(ROOM, 0, head + 1)
    retried = await store.events.append([draft(ada, nonce, room=ROOM) for nonce in acknowledged], 0)
    assert (await store.rooms.heads([ROOM]))[ROOM] == head
    await store.close()

    assert [event.seq for event in events] == list(range(1, head + 1))
    assert [outcome.seq for outcome in retried] == list(acknowledged.values())  # type: ignore[union-attr]
    assert stored_nonces(path) >= set(acknowledged)


def stored_nonces(path: Path) -> set[str]:
    database = apsw.Connection(str(path))
    nonces = [nonce for (nonce,) in database.execute("SELECT nonce FROM events WHERE nonce IS NOT NULL")]
    assert database.execute("PRAGMA integrity_check").get == "ok"
    database.close()
    assert len(nonces) == len(set(nonces))
    return set(nonces)
