"""The smallest room on python-socketio and uvicorn: what one says goes to everybody, with number, sender and time."""

import itertools
import socket
import time
from typing import Any
from urllib.parse import parse_qs

import socketio
import uvicorn
import uvloop

server = socketio.AsyncServer(async_mode="asgi", cors_allowed_origins="*")
names: dict[str, str] = {}
numbers = itertools.count(1)


@server.on("connect")  # type: ignore[untyped-decorator]
async def connect(sid: str, environ: dict[str, Any]) -> None:
    names[sid] = parse_qs(environ["QUERY_STRING"])["name"][0]


@server.on("disconnect")  # type: ignore[untyped-decorator]
async def disconnect(sid: str, reason: str) -> None:
    del names[sid]


@server.on("send")  # type: ignore[untyped-decorator]
async def say(sid: str, said: dict[str, str]) -> None:
    event = {
        "room": said["room"],
        "seq": next(numbers),
        "sender": names[sid],
        "ts": time.time_ns() // 1_000_000,
        "text": said["text"],
    }
    await server.emit("message", event)


class Announcing(uvicorn.Server):
    """Says where it listens, once it does."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        print(f"127.0.0.1:{self.servers[0].sockets[0].getsockname()[1]}", flush=True)


config = uvicorn.Config(
    socketio.ASGIApp(server),
    host="127.0.0.1",
    port=0,
    log_level="warning",
    ws_per_message_deflate=False,
    backlog=4096,
    timeout_graceful_shutdown=0,  # polls whose client has gone would hold it for their whole wait
)
uvloop.run(Announcing(config).serve())
