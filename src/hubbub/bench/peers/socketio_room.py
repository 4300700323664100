"""The smallest room on python-socketio and uvicorn: every `msg` goes to everybody."""

import socket

import socketio
import uvicorn
import uvloop

server = socketio.AsyncServer(async_mode="asgi", cors_allowed_origins="*")


@server.on("msg")  # type: ignore[untyped-decorator]
async def say(sid: str, text: str) -> None:
    await server.emit("msg", text)


class Announcing(uvicorn.Server):
    """Says where it listens, once it does."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        print(f"127.0.0.1:{self.servers[0].sockets[0].getsockname()[1]}", flush=True)


config = uvicorn.Config(
    socketio.ASGIApp(server), host="127.0.0.1", port=0, log_level="warning", ws_per_message_deflate=False, backlog=4096
)
uvloop.run(Announcing(config).serve())
