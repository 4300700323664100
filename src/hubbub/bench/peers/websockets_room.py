"""The smallest room on `websockets`: every text goes to everybody."""

import asyncio

import uvloop
from websockets.asyncio.server import ServerConnection, broadcast, serve
from websockets.exceptions import ConnectionClosed


async def main() -> None:
    members: set[ServerConnection] = set()

    async def handle(connection: ServerConnection) -> None:
        members.add(connection)
        try:
            async for text in connection:
                broadcast(members, text)
        except ConnectionClosed:
            pass
        finally:
            members.discard(connection)

    async with serve(handle, "127.0.0.1", 0, compression=None, ping_interval=None, backlog=4096) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        print(f"127.0.0.1:{port}", flush=True)
        await asyncio.get_running_loop().create_future()


uvloop.run(main())
