"""A real PostgreSQL for tests: one server per test process, thrown away at its end; a schema of its own per test.

`initdb` runs once per test process, and every server gets a copy of what it made.

In a conftest: `from tests.support.postgres import postgres, postgres_dsn`, and `postgres_server` for a test that stops
or pauses the server (it may be shared with others that run before and after).
"""

from __future__ import annotations

import asyncio
import atexit
import functools
import os
import secrets
import signal
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import asyncpg
import pytest

from hubbub.bench import engines
from hubbub.bench.servers import ServerError


class PostgresServer(engines.PostgresServer):
    """One that can be paused."""

    def __init__(self) -> None:
        super().__init__()
        self._paused: list[int] = []

    def copy(self, other: PostgresServer) -> None:
        """Begin with the cluster of another server, which does not run. The copy belongs to whom the server runs as."""
        subprocess.run(["cp", "-Rp", other._data, self._data], check=True, **self._user)

    def pause(self) -> None:
        """Every process of the server stands still; connections stay open."""
        assert self.process is not None
        postmaster = self.process.pid
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

    def take_over(self) -> None:
        """What a standby does: go on with the files of the server that ended, on a timeline of its own."""
        self.stop()
        standby = self._data / "standby.signal"
        standby.touch()
        if self._user:
            os.chown(standby, self._user["user"], self._user["group"])
        self.start()
        done = self._call("pg_ctl", "promote", "-w", "-D", str(self._data))
        assert done.returncode == 0, done.stderr

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


@asynccontextmanager
async def connected(dsn: str) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    """A connection for as long as the block lasts. One left open by a failed test keeps the event loop from ending."""
    connection = await asyncpg.connect(dsn)
    try:
        yield connection
    finally:
        await connection.close(timeout=5)


@functools.cache
def _empty() -> PostgresServer:
    """Never started, to be copied: `initdb` takes four times the CPU of a copy. Raises ServerError."""
    server = PostgresServer()
    atexit.register(server.remove)
    server.create("-N")
    return server


@contextmanager
def running_postgres(*settings: str) -> Iterator[PostgresServer]:
    """A new server for as long as the block lasts. Fails the test when there is no PostgreSQL."""
    try:
        server = PostgresServer()
    except ServerError as missing:
        pytest.fail(str(missing))
    try:
        server.copy(_empty())
        server.start(*settings)
        yield server
    finally:
        server.resume()
        server.stop(crash=True)
        server.remove()


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
