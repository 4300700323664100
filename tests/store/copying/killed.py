"""A copy that is killed on its way. Run as `python -m tests.store.copying.killed SOURCE TARGET STAGE ROWS`.

It copies in small batches and ends by SIGKILL as soon as so many rows are done at this stage.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys

from hubbub.store.copying import copy, postgres_side, source_at, sqlite_side, target_at

BATCH_ROWS = 50


async def main(source: str, target: str, stage: str, rows: str) -> None:
    def advance(now: str, done: int, total: int) -> None:
        if now == stage and done >= int(rows):
            os.kill(os.getpid(), signal.SIGKILL)

    for side in (sqlite_side, postgres_side):
        vars(side)["BATCH_ROWS"] = BATCH_ROWS
    await copy(source_at(source), target_at(target), advance)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
