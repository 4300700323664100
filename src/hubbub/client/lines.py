"""Lines of a text stream, such as standard input, for the event loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Final, TextIO

_AHEAD: Final = 64


async def lines(source: TextIO) -> AsyncIterator[str]:
    """Each line without its end. At most 64 are read ahead.

    Read by a daemon thread: a thread of the loop's pool would keep an interrupted program waiting for the next line.
    """
    loop = asyncio.get_running_loop()
    queue: asyncio.Queue[str | None] = asyncio.Queue()
    room = threading.Semaphore(_AHEAD)

    def read() -> None:
        with suppress(RuntimeError):  # the loop is gone, and with it the reader
            for found in source:
                room.acquire()
                loop.call_soon_threadsafe(queue.put_nowait, found.rstrip("\r\n"))
            loop.call_soon_threadsafe(queue.put_nowait, None)

    threading.Thread(target=read, name="lines", daemon=True).start()
    while (found := await queue.get()) is not None:
        room.release()
        yield found
