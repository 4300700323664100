"""kill -9 in the middle of batches: each is there as a whole or not at all, and none that was acknowledged is lost."""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path

from hubbub.store.records import Stored
from tests.contracts.collections import BOOKS, NOTES, Book, Note

from .writer import COUNTER, WRITERS, store_at

ACKNOWLEDGED = 150


async def written_until_killed(address: str) -> set[int]:
    """The numbers of the batches that a process knew to be written before it was killed."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.store.records.writer", address),
        stdout=asyncio.subprocess.PIPE,
        cwd=Path(__file__).parents[3],
    )
    assert process.stdout is not None
    lines = [await process.stdout.readline() for _ in range(ACKNOWLEDGED)]
    process.send_signal(signal.SIGKILL)
    rest, _ = await process.communicate()
    assert process.returncode == -signal.SIGKILL
    complete = b"".join(lines) + rest[: rest.rfind(b"\n") + 1]
    return {int(line) for line in complete.split()}


async def survives(address: str) -> None:
    known: set[int] = set()
    for _ in range(2):
        known |= await written_until_killed(address)
    store = store_at(address)
    await store.open()
    notes: list[Stored[Note]] = []
    while page := (
        await store.records.find(
            NOTES, None, limit=1_000, cursor=NOTES.cursor(None, notes[-1].value) if notes else None
        )
    ).records:
        notes += page
    books = {number: await store.records.get(BOOKS, f"{number}") for number in (note.value.number for note in notes)}
    total = await store.records.count(BOOKS)
    await store.close()

    counters = {note.value.number: int(note.value.text.split()[1]) for note in notes if note.value.number < 0}
    numbers = {note.value.number for note in notes if note.value.number >= 0}
    assert known <= numbers
    assert len(known) >= 2 * ACKNOWLEDGED
    assert numbers == {
        done * WRITERS + writer for writer in range(WRITERS) for done in range(counters.get(COUNTER - writer, 0))
    }
    assert {number for number, book in books.items() if book is not None} == numbers
    assert total == len(numbers)
    book = books[max(numbers)]
    assert book is not None
    assert book.value == Book(f"{max(numbers)}", "writer", max(numbers) % WRITERS)


async def test_batches_in_sqlite(tmp_path: Path) -> None:
    await survives(str(tmp_path / "hubbub.db"))


async def test_batches_in_postgresql(postgres_dsn: str) -> None:
    await survives(postgres_dsn)
