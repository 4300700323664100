"""An echo server on plain WebSockets: text and binary messages come back as they are.

    python examples/echo.py [PORT]

For a conformance run: kosoku ws://127.0.0.1:9001 (docs/conformance.md).
"""

from __future__ import annotations

import sys

from hubbub.realtime import GatewaySettings, RawSocket, Server, run

# The cases count every frame, so the server asks for no sign of life while one runs.
server = Server(
    GatewaySettings(message_bytes=32 * 1024 * 1024, compression=True, compression_from_bytes=0, heartbeat_seconds=3600)
)


@server.raw("/")
async def echo(socket: RawSocket) -> None:
    async for message in socket:
        await socket.send(message)


if __name__ == "__main__":
    run(server, port=int(sys.argv[1]) if len(sys.argv) > 1 else 9001)
