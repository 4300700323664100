"""The smallest room on `websockets`: what one says goes to everybody, with room, number, sender and time."""

import asyncio
import itertools
import json
import time
from urllib.parse import parse_qs, urlsplit

import uvloop
from websockets.asyncio.server import ServerConnection, broadcast, serve
from websockets.exceptions import ConnectionClosed


async def main() -> None:
    members: set[ServerConnection] = set()
    numbers = itertools.count(1)

    async def handle(connection: ServerConnection) -> None:
        assert connection.request is not None
        sender = parse_qs(urlsplit(connection.request.path).query)["name"][0]
        members.add(connection)
        try:
            async for said in connection:
                event = {
                    "type": "message",
                    "seq": next(numbers),
                    "sender": sender,
                    "ts": time.time_ns() // 1_000_000,
                    **json.loads(said),
                }
                broadcast(members, json.dumps(event, separators=(",", ":")))
        except ConnectionClosed:
            pass
        finally:
            members.discard(connection)

    async with serve(handle, "127.0.0.1", 0, compression=None, ping_interval=None, backlog=4096) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        print(f"127.0.0.1:{port}", flush=True)
        await asyncio.get_running_loop().create_future()


uvloop.run(main())
