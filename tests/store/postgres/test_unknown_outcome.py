"""A connection that breaks in the middle of a commit: the caller is told that nobody knows, and the nonce tells."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from hubbub.errors import NameTaken, StoreUnavailable
from hubbub.store import Appended, Store
from hubbub.store.postgres import PostgresLimits, PostgresStore
from tests.contracts.people import GENERAL, NOW, draft, person, say, team
from tests.support.postgres import PostgresServer, connected

_SOCKET = ".s.PGSQL.5432"
_CHUNK_BYTES = 65536


class Line:
    """Between a node and the server.

    Attributes:
        deaf: what the node says does not arrive.
        mute: what the server answers does not arrive.
        lost: set when something did not arrive.
    """

    def __init__(self, server: PostgresServer) -> None:
        self._to = server.dsn.rpartition("host=")[2]
        self._writers: list[asyncio.StreamWriter] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self.deaf = self.mute = False
        self.lost = asyncio.Event()

    def cut(self) -> None:
        for writer in self._writers:
            writer.close()
        self._writers.clear()
        self.deaf = self.mute = False

    async def connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from_server, to_server = await asyncio.open_unix_connection(f"{self._to}/{_SOCKET}")
        self._writers += [writer, to_server]
        for source, sink, answers in ((reader, to_server, False), (from_server, writer, True)):
            task = asyncio.create_task(self._pass(source, sink, answers=answers))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _pass(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, answers: bool) -> None:
        while data := await source.read(_CHUNK_BYTES):
            if self.mute if answers else self.deaf:
                self.lost.set()
            else:
                sink.write(data)
        sink.close()


@asynccontextmanager
async def standing(server: PostgresServer) -> AsyncIterator[tuple[Line, str]]:
    """A line, and the address of its end with an empty database."""
    dsn = await asyncio.to_thread(server.new_schema)
    line = Line(server)
    with tempfile.TemporaryDirectory(prefix="hubbub-line-") as folder:  # the path of a socket has at most 107 bytes
        listener = await asyncio.start_unix_server(line.connect, Path(folder) / _SOCKET)
        yield line, dsn.replace(server.dsn.rpartition("host=")[2], folder)
        line.cut()
        listener.close()


@pytest.fixture
async def line_and_dsn(postgres: PostgresServer) -> AsyncIterator[tuple[Line, str]]:
    async with standing(postgres) as found:
        yield found


@pytest.fixture
def line(line_and_dsn: tuple[Line, str]) -> Line:
    return line_and_dsn[0]


@pytest.fixture
async def store(line_and_dsn: tuple[Line, str]) -> AsyncIterator[Store]:
    store = PostgresStore(line_and_dsn[1], PostgresLimits(connect_seconds=10.0, statement_seconds=10.0))
    await store.open()
    yield store
    await store.close()


async def test_the_answer_to_a_commit_is_lost(line: Line, store: Store) -> None:
    ada, bob = await team(store, "ada", "bob")
    await say(store, ada, "0")  # from now on an append is one message to the server and one answer
    line.mute = True
    sending = [asyncio.ensure_future(store.events.append([draft(one, "1")], NOW)) for one in (ada, bob)]
    await line.lost.wait()
    line.cut()

    assert [type(told) for told in await asyncio.gather(*sending, return_exceptions=True)] == [StoreUnavailable] * 2
    assert await store.events.append([draft(ada, "1"), draft(bob, "1"), draft(bob, "2")], NOW) == [
        Appended(5, NOW, repeat=True),
        Appended(6, NOW, repeat=True),
        Appended(7, NOW),
    ]
    assert [event.seq for event in await store.events.after(GENERAL, 0, 10)] == [1, 2, 3, 4, 5, 6, 7]


async def test_the_statement_is_lost(line: Line, store: Store) -> None:
    ada, _ = await team(store, "ada", "bob")
    line.deaf = True
    sending = asyncio.ensure_future(store.events.append([draft(ada, "1")], NOW))
    await line.lost.wait()
    line.cut()

    with pytest.raises(StoreUnavailable):
        await sending
    assert await store.events.append([draft(ada, "1")], NOW) == [Appended(4, NOW)]


async def test_of_other_writes_asking_again_tells(line: Line, store: Store) -> None:
    _, bob = await team(store, "ada", "bob")
    line.mute = True
    joining = asyncio.ensure_future(person(store, "cyd"))
    await line.lost.wait()
    line.cut()

    with pytest.raises(StoreUnavailable):
        await joining
    with pytest.raises(NameTaken):
        await person(store, "cyd")
    assert await say(store, bob, "1") == [4]


async def test_a_primary_that_became_read_only_is_left_for_its_successor(
    postgres_server: PostgresServer, caplog: pytest.LogCaptureFixture
) -> None:
    dsn = await asyncio.to_thread(postgres_server.new_schema)
    store = PostgresStore(dsn)
    await store.open()
    [ada] = await team(store, "ada")

    async def become(read_only: str) -> None:
        async with connected(dsn) as other:
            await other.execute(f"ALTER ROLE hubbub SET default_transaction_read_only = {read_only}")
            await other.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = 'hubbub'"
            )

    await become("on")
    with pytest.raises(StoreUnavailable):  # from the connection that was cut
        await store.events.append([draft(ada, "1")], NOW)
    with pytest.raises(StoreUnavailable):
        await store.events.append([draft(ada, "1")], NOW)
    assert "ReadOnlySQLTransactionError" in caplog.text
    async with connected(dsn) as other:
        await other.execute("SET default_transaction_read_only = off")
        await other.execute("ALTER ROLE hubbub SET default_transaction_read_only = off")

    assert await say(store, ada, "1") == [3]  # by a new connection: the old one would still be read-only
    await store.close()
