"""A process that appends messages until it is killed, and says which were acknowledged.

Run as `python -m tests.store.postgres.appender DSN ROUND`. Prints one line `seq nonce` per acknowledged message.
"""

from __future__ import annotations

import asyncio
import sys

from hubbub.store.postgres import PostgresStore
from hubbub.vocabulary import UserName
from tests.contracts.people import create
from tests.store.appender import ROOM, append_forever


async def main(dsn: str, run: str) -> None:
    store = PostgresStore(dsn)
    await store.open()
    ada = await store.accounts.by_name(UserName("ada"))
    if ada is None:
        ada = await store.accounts.create(UserName("ada"), "", "", 0)
        await create(store, ada.id, ROOM, now_ms=0)
    await asyncio.gather(*(append_forever(store, ada, f"{run}-{number}") for number in range(20)))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2]))
