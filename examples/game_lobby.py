"""Noughts and crosses: a lobby, a namespace for each game, players and watchers. `python examples/game_lobby.py`

Namespaces are Socket.IO's, so this page needs its client: `npm install` in the repository, or beside your own copy.
"""

from __future__ import annotations

import itertools
import re

from website import port, website

from hubbub.errors import BadField
from hubbub.realtime import ConnectionRefused, Server, Socket, run

LINES = [(0, 1, 2), (3, 4, 5), (6, 7, 8), (0, 3, 6), (1, 4, 7), (2, 5, 8), (0, 4, 8), (2, 4, 6)]


class Game:
    """A board and who plays."""

    def __init__(self) -> None:
        self.board = [""] * 9
        self.players: dict[str, str] = {}  # mark -> socket id

    @property
    def turn(self) -> str:
        return "X" if self.board.count("X") == self.board.count("O") else "O"

    @property
    def winner(self) -> str:
        lines = ({self.board[cell] for cell in line} for line in LINES)
        won = next((marks.pop() for marks in lines if len(marks) == 1 and "" not in marks), "")
        return won or ("nobody" if "" not in self.board else "")

    def state(self) -> dict[str, object]:
        return {"board": self.board, "turn": self.turn, "winner": self.winner, "players": sorted(self.players)}


server = Server()
lobby = server.of("/lobby")
games = server.of(re.compile(r"/game-\d+"))
open_games: dict[str, Game] = {}
numbers = itertools.count(1)


def tell_lobby() -> None:
    lobby.emit("games", {name: len(game.players) for name, game in open_games.items()})


@lobby.on("connect")
async def enter_lobby(socket: Socket) -> None:
    socket.emit("games", {name: len(game.players) for name, game in open_games.items()})


@lobby.on("new game")
async def new_game(socket: Socket) -> str:
    """Answers with the namespace of the game."""
    name = f"/game-{next(numbers)}"
    open_games[name] = Game()
    tell_lobby()
    return name


@games.use
async def the_game_exists(socket: Socket) -> None:
    if socket.namespace.name not in open_games:
        raise ConnectionRefused("There is no such game.", {"game": socket.namespace.name})


@games.on("connect")
async def sit_down(socket: Socket) -> None:
    game = open_games[socket.namespace.name]
    mark = next((mark for mark in "XO" if mark not in game.players), "")
    socket.data["mark"] = mark
    if mark:
        game.players[mark] = socket.id
    socket.join("players" if mark else "watchers")
    socket.emit("you are", mark)
    socket.namespace.emit("state", game.state())
    tell_lobby()


@games.on("move")
async def move(socket: Socket, cell: int) -> dict[str, object]:
    """Answers with the new state, or with an error."""
    game = open_games[socket.namespace.name]
    if game.winner or socket.data["mark"] != game.turn or len(game.players) < 2:
        raise BadField("It is not your turn.")
    if cell not in range(9) or game.board[cell]:
        raise BadField("This cell is not free.")
    game.board[cell] = game.turn
    state = game.state()
    socket.broadcast.emit("state", state)
    if state["winner"]:
        socket.namespace.to("watchers").emit("over", state["winner"])
    return state


@games.on("disconnect")
async def stand_up(socket: Socket) -> None:
    name = socket.namespace.name
    open_games[name].players.pop(socket.data["mark"], None)
    if socket.namespace.sockets:
        socket.namespace.emit("state", open_games[name].state())
    else:
        del open_games[name]
    tell_lobby()


if __name__ == "__main__":
    run(server, website("game_lobby.html"), port=port())
