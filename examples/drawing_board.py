"""Everybody draws on one board and sees the others' pointers. `python examples/drawing_board.py`

Strokes are kept for those who come later. Pointers are volatile: a slow client sees fewer of them, and no old ones.
"""

from __future__ import annotations

from collections import deque
from typing import Annotated

import msgspec
from website import port, website

from hubbub.errors import BadField
from hubbub.realtime import RecoverySettings, Server, Socket, run

Number = Annotated[float, msgspec.Meta(ge=0, le=1)]
Stroke = tuple[Number, Number, Number, Number]

server = Server(recovery=RecoverySettings(seconds=30))
strokes: deque[Stroke] = deque(maxlen=5000)


@server.event
async def connect(socket: Socket) -> None:
    if not socket.recovered:  # one that comes back gets what it missed by itself
        socket.emit("board", list(strokes))


@server.event
async def draw(socket: Socket, said: object) -> None:
    """From x, y to x, y, each between 0 and 1."""
    try:
        stroke = msgspec.convert(said, Stroke)
    except msgspec.ValidationError:
        raise BadField("A stroke is four numbers between 0 and 1.") from None
    strokes.append(stroke)
    socket.broadcast.emit("draw", stroke)


@server.event
async def pointer(socket: Socket, x: float, y: float) -> None:
    socket.broadcast.volatile.emit("pointer", socket.id, x, y)


@server.event
async def wipe(socket: Socket) -> None:
    strokes.clear()
    server.emit("board", [])


@server.event
async def disconnect(socket: Socket) -> None:
    server.emit("gone", socket.id)


if __name__ == "__main__":
    run(server, website("drawing_board.html"), port=port())
