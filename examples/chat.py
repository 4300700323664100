"""The field's "chat message" tutorial. `python examples/chat.py`, then open http://127.0.0.1:8000 twice."""

from __future__ import annotations

from website import port, website

from hubbub.realtime import Server, Socket, run

server = Server()


@server.on("chat message")
async def chat_message(socket: Socket, text: str) -> None:
    server.emit("chat message", text)


if __name__ == "__main__":
    run(server, website("chat.html"), port=port())
