"""The smallest room on Hubbub's toolkit: what one says goes to everybody, with room, number, sender and time."""

import itertools
import time
from urllib.parse import parse_qs

from hubbub.realtime import Server, Socket, run

server = Server()
numbers = itertools.count(1)


@server.on("connect")
async def connect(socket: Socket) -> None:
    socket.data["name"] = parse_qs(socket.handshake.query)["name"][0]


@server.on("send")
async def say(socket: Socket, said: dict[str, str]) -> None:
    event = {
        "room": said["room"],
        "seq": next(numbers),
        "sender": socket.data["name"],
        "ts": time.time_ns() // 1_000_000,
        "text": said["text"],
    }
    server.emit("message", event)


run(server, port=0, backlog=4096)
