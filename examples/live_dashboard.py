"""Figures of this machine and this server, live. `python examples/live_dashboard.py`

A task sends them to everybody who watches; they are volatile, so that a slow client gets the newest ones only. A
client chooses which room's figures it wants.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from starlette.applications import Starlette
from website import port, website

from hubbub.errors import BadField
from hubbub.realtime import Server, Socket, run

ROOMS = ("machine", "server")
server = Server()
started = time.monotonic()


def machine() -> dict[str, Any]:
    return {"load": round(os.getloadavg()[0], 2), "cpu seconds": round(time.process_time(), 2)}


def own() -> dict[str, Any]:
    clients = {" ".join(way): count for way, count in server.gateway.census().items() if count}
    return {"up seconds": round(time.monotonic() - started, 1), "clients": len(server.sockets), **clients}


@server.on("watch")
async def watch(socket: Socket, room: str) -> str:
    """Answers with the room that is watched now."""
    if room not in ROOMS:
        raise BadField(f"There is: {', '.join(ROOMS)}.")
    socket.leave(*ROOMS)
    socket.join(room)
    return room


async def measure() -> None:
    while True:
        server.to("machine").volatile.emit("figures", machine())
        server.to("server").volatile.emit("figures", own())
        await asyncio.sleep(0.25)


@asynccontextmanager
async def lifespan(_: Starlette) -> AsyncIterator[None]:
    task = asyncio.create_task(measure())
    yield
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


if __name__ == "__main__":
    run(server, website("live_dashboard.html", lifespan=lifespan), port=port())
