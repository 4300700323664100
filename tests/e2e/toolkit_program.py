"""A server of the toolkit that can do all of Socket.IO, in a process of its own: toolkit_program.py PORT [recovery]."""

from __future__ import annotations

import asyncio
import re
import sys
from typing import Any

from hubbub.realtime import ConnectionRefused, NoAnswer, RecoverySettings, Server, Socket, run

server = Server(recovery=RecoverySettings(seconds=60) if "recovery" in sys.argv else None)
admin = server.of("/admin")
tables = server.of(re.compile(r"/table-\d+"))
reasons: dict[str, str] = {}
left = asyncio.Condition()


@server.event
async def connect(socket: Socket, auth: Any) -> None:
    auth = auth or {}
    if "refuse" in auth:
        raise ConnectionRefused("not you", {"code": "E1", "tries": auth["refuse"]})
    if not socket.recovered:
        socket.join(*auth.get("rooms", []))
        socket.data["name"] = auth.get("name")
        if "quiet" not in auth:
            socket.emit("welcome", auth.get("name"), b"\x01")


@server.event
async def disconnect(socket: Socket, reason: str) -> None:
    async with left:
        reasons[socket.id] = reason
        left.notify_all()


@server.on("why gone?")
async def why_gone(socket: Socket, sid: str) -> str:
    """Answers when that socket has gone, with the reason."""
    async with left:
        await left.wait_for(lambda: sid in reasons)
    return reasons[sid]


@server.event
def echo(socket: Socket, *args: Any) -> None:
    socket.emit("echo", *args)


@server.event
def turn(socket: Socket, data: bytes) -> dict[str, bytes]:
    return {"turned": data[::-1]}


@server.event
def several(socket: Socket) -> tuple[Any, ...]:
    return "a", 2, None


@server.on("ask me")
async def ask_me(socket: Socket, seconds: float) -> Any:
    try:
        return await socket.call("question", b"?", timeout=seconds)
    except NoAnswer as silence:
        return f"no answer from {silence.missing}"


@server.event
def rooms(socket: Socket) -> Any:
    return [socket.data["name"], sorted(socket.rooms - {socket.id}), socket.recovered]


@server.event
def enter(socket: Socket, room: str) -> None:
    socket.join(room)


@server.event
def leave(socket: Socket, room: str) -> None:
    socket.leave(room)


@server.event
def say(socket: Socket, to: list[str], excluded: list[str], what: Any) -> bool:
    """To rooms, or to everybody, without some, and without the sender."""
    (socket.to(*to) if to else socket.broadcast).except_(*excluded).emit("said", what)
    return True


@server.event
def announce(socket: Socket, to: list[str], *what: Any) -> bool:
    """As `say`, the sender included."""
    (server.to(*to) if to else server).emit("said", *what)
    return True


@server.event
def point(socket: Socket, x: int) -> bool:
    server.volatile.emit("pointer", x)
    return True


@server.event
async def poll(socket: Socket, room: str, seconds: float) -> Any:
    try:
        return [await server.to(room).call("vote", timeout=seconds), 0]
    except NoAnswer as silence:
        return [silence.answers, silence.missing]


@server.on("send me away")
async def send_me_away(socket: Socket) -> None:
    socket.disconnect()


@admin.use
async def only_with_a_key(socket: Socket) -> None:
    if (socket.handshake.auth or {}).get("key") != "k":
        raise ConnectionRefused("no key")
    socket.data["seen"] = []


@admin.on_any
def everything(socket: Socket, name: str, *args: Any) -> list[Any]:
    socket.data["seen"].append(name)
    return [*socket.data["seen"], *args]


@tables.event
def here(socket: Socket) -> str:
    return socket.namespace.name


if __name__ == "__main__":
    run(server, port=int(sys.argv[1]), grace_seconds=0.5)
