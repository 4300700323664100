"""A process that appends messages until it is killed, and says which were acknowledged.

Run as `python -m tests.store.appender DATABASE ROUND`. Prints one line `seq nonce` per acknowledged message.
"""

from __future__ import annotations

import asyncio
import sys

from hubbub.store import Account, Appended, Store
from hubbub.store.sqlite import SqliteStore
from hubbub.vocabulary import RoomId, UserName
from tests.contracts.people import create, draft

ROOM = RoomId("general")


async def main(path: str, run: str) -> None:
    store = SqliteStore(path)
    await store.open()
    ada = await store.accounts.by_name(UserName("ada"))
    if ada is None:
        ada = await store.accounts.create(UserName("ada"), "", "", 0)
        await create(store, ada.id, ROOM, now_ms=0)
    await asyncio.gather(*(append_forever(store, ada, f"{run}-{number}") for number in range(20)))


async def append_forever(store: Store, ada: Account, prefix: str) -> None:
    count = 0
    while True:
        drafts = [draft(ada, f"{prefix}-{count + n}", room=ROOM) for n in range(3)]
        outcomes = await store.events.append(drafts, 0)
        for one, outcome in zip(drafts, outcomes, strict=True):
            assert isinstance(outcome, Appended)
            sys.stdout.write(f"{outcome.seq} {one.nonce}\n")
        sys.stdout.flush()
        count += 3


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2]))
