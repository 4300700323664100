"""The servers that are measured: Hubbub by each of its wires, the floor, and the peers from their packages."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from msgspec import Struct

from .dialects import DIALECTS
from .servers import Server, ServerError

_INSTALL_SECONDS = 300
_PEERS = Path(__file__).parent / "peers"


class Contestant(Struct, frozen=True):
    """One row of the table.

    Attributes:
        key: for the command line and the JSON file.
        title: for people.
        dialect: how to talk to it (see `dialects`).
        ours: a Hubbub server: members are authenticated and messages durable.
        fields: whether what it delivers has room, number, sender and time.
        command: makes what is needed in a folder and gives the command line; raises ServerError when it can't.
    """

    key: str
    title: str
    dialect: str
    ours: bool
    command: Callable[[Path], list[str]]
    fields: bool = True

    @property
    def polls(self) -> bool:
        """Whether it can be polled: whether Engine.IO is below its messages."""
        return DIALECTS[self.dialect].engine

    def start(self, folder: Path, *arguments: str) -> Server:
        """The server, not started yet. Raises ServerError."""
        folder.mkdir(parents=True, exist_ok=True)
        return Server([*self.command(folder), *arguments], folder / f"{self.key}.log")


def _hubbub(folder: Path) -> list[str]:
    return [sys.executable, "-c", "from hubbub.cli import main; main()", "serve", "--host", "127.0.0.1", "--port", "0"]


def _floor(folder: Path) -> list[str]:
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        raise ServerError("there is no C compiler")
    program = folder / "floor"
    _run([compiler, "-O2", "-o", str(program), str(_PEERS / "floor.c")], folder)
    return [str(program)]


def _node(script: str) -> Callable[[Path], list[str]]:
    def command(folder: Path) -> list[str]:
        node, npm = shutil.which("node"), shutil.which("npm")
        if node is None or npm is None:
            raise ServerError("there is no Node.js")
        folder = folder / "node"
        folder.mkdir(exist_ok=True)
        for name in ("package.json", script):
            shutil.copyfile(_PEERS / name, folder / name)
        package = "ws" if script == "ws.mjs" else "socket.io"
        if not (folder / "node_modules" / package).exists():
            _run([npm, "install", "--no-audit", "--no-fund", "--omit=dev"], folder)
        return [node, str(folder / script)]

    return command


def _python(script: str, *modules: str) -> Callable[[Path], list[str]]:
    def command(folder: Path) -> list[str]:
        missing = [module for module in modules if importlib.util.find_spec(module) is None]
        if missing:
            raise ServerError(f"{', '.join(missing)} is not installed (pip install python-socketio)")
        return [sys.executable, str(_PEERS / script)]

    return command


def _run(command: list[str], folder: Path) -> None:
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, timeout=_INSTALL_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as failure:
        raise ServerError(f"{Path(command[0]).name} failed: {failure}") from failure
    if done.returncode:
        lines = [line for line in (done.stderr or done.stdout).splitlines() if line.strip()]
        reason = next((line for line in lines if "error" in line.lower()), lines[-1] if lines else "")
        raise ServerError(f"{Path(command[0]).name} failed: {reason.strip()}")


CONTESTANTS = (
    Contestant("floor", "C floor", "plain", ours=False, command=_floor, fields=False),
    Contestant("raw", "Hubbub, native JSON", "native", ours=True, command=_hubbub),
    Contestant("msgpack", "Hubbub, MessagePack", "compact", ours=True, command=_hubbub),
    Contestant("socketio", "Hubbub, Socket.IO", "socketio", ours=True, command=_hubbub),
    Contestant("toolkit", "Hubbub's toolkit, native JSON", "toolkit", ours=False, command=_python("toolkit_room.py")),
    Contestant(
        "toolkit-socketio",
        "Hubbub's toolkit, Socket.IO",
        "peer-socketio",
        ours=False,
        command=_python("toolkit_room.py"),
    ),
    Contestant("ws", "ws on Node.js", "peer", ours=False, command=_node("ws.mjs")),
    Contestant("node-socketio", "Socket.IO on Node.js", "peer-socketio", ours=False, command=_node("socketio.mjs")),
    Contestant("websockets", "websockets", "peer", ours=False, command=_python("websockets_room.py", "websockets")),
    Contestant(
        "python-socketio",
        "python-socketio on uvicorn",
        "peer-socketio",
        ours=False,
        command=_python("socketio_room.py", "socketio", "uvicorn"),
    ),
)
