"""What the test suites of the Engine.IO and Socket.IO protocols ask of a server under test.

    python examples/protocol_suites.py engine.io [PORT]
    python examples/protocol_suites.py socket.io [PORT]

Then run the suite: docs/conformance.md.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Any

from hubbub.realtime import EngineServer, EngineSocket, GatewaySettings, Namespace, Server, Socket, run


def settings(path: str) -> GatewaySettings:
    """The times and limits that both suites expect."""
    return GatewaySettings(
        engine_path=path,
        heartbeat_seconds=0.3,
        heartbeat_timeout_seconds=0.2,
        handshake_seconds=1.0,
        message_bytes=1_000_000,
    )


def engine_io() -> EngineServer:
    """Returns every message."""
    engine = EngineServer(settings("/engine.io/"))

    @engine.on("message")
    def message(socket: EngineSocket, data: str | bytes) -> None:
        socket.send(data)

    return engine


def socket_io() -> Server:
    """Says what the client authenticated with, and returns messages as events and as answers."""
    server = Server(settings("/socket.io/"))
    namespaces: list[Namespace] = [server, server.of("/custom")]
    for namespace in namespaces:

        @namespace.on("connect")
        async def connect(socket: Socket, auth: Any) -> None:
            # What a connect handler says follows the CONNECT packet in one segment, of which the suite sees the first.
            asyncio.get_running_loop().call_later(0.01, socket.emit, "auth", auth or {})

        @namespace.on("message")
        def message(socket: Socket, *args: Any) -> None:
            socket.emit("message-back", *args)

        @namespace.on("message-with-ack")
        def message_with_ack(socket: Socket, *args: Any) -> tuple[Any, ...]:
            return args

    return server


if __name__ == "__main__":
    port = int(sys.argv[2]) if len(sys.argv) > 2 else 3000
    run(engine_io() if sys.argv[1] == "engine.io" else socket_io(), host="localhost", port=port)
