"""A process that writes batches of records until it is killed, and says which it knows to be written.

Run as `python -m tests.store.records.writer ADDRESS`: the path of an SQLite file, or a PostgreSQL's address. A batch is
one record in each of two collections, with the same number, and a counter that counts them.
"""

from __future__ import annotations

import asyncio
import sys

from hubbub.store import Store
from hubbub.store.postgres import PostgresStore
from hubbub.store.records import Change
from hubbub.store.sqlite import SqliteStore
from tests.contracts.collections import BOOKS, NOTES, Book, Note

WRITERS = 8
COUNTER = -1


def store_at(address: str) -> Store:
    return PostgresStore(address) if address.startswith("postgres") else SqliteStore(address)


async def main(address: str) -> None:
    store = store_at(address)
    await store.open()
    await asyncio.gather(*(write_forever(store, writer) for writer in range(WRITERS)))


async def write_forever(store: Store, writer: int) -> None:
    """Each writer has a counter of its own, and numbers of its own."""
    records = store.records
    while True:
        counter = await records.get(NOTES, COUNTER - writer)
        done = 0 if counter is None else int(counter.value.text.split()[1])
        number = done * WRITERS + writer
        await records.write(
            [
                Change(NOTES, Note(number, f"note {number}")),
                Change(NOTES, Note(COUNTER - writer, f"{writer} {done + 1}"), counter),
                Change(BOOKS, Book(f"{number}", "writer", writer)),
            ]
        )
        sys.stdout.write(f"{number}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
