"""What the PostgreSQL store does when the server is restarted, stands still, is full, or another holds a lock."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable

import asyncpg
import pytest

from hubbub.errors import BadField, StoreUnavailable
from hubbub.store import Account, Appended
from hubbub.store.postgres import PostgresLimits, PostgresStore
from hubbub.store.postgres.writer import GROUP_ROWS
from hubbub.vocabulary import RoomId
from tests.contracts.people import GENERAL, NOW, create, draft, leave, positions, say, team
from tests.support.postgres import PostgresServer, connected

IMPATIENT = PostgresLimits(connect_seconds=1.0, lock_seconds=0.2, statement_seconds=0.5)


@pytest.fixture
def dsn(postgres_server: PostgresServer) -> str:
    return postgres_server.new_schema()


@pytest.fixture
async def store(dsn: str) -> AsyncIterator[PostgresStore]:
    store = PostgresStore(dsn, IMPATIENT)
    await store.open()
    yield store
    await store.close()


@pytest.fixture
async def patient_store(dsn: str) -> AsyncIterator[PostgresStore]:
    store = PostgresStore(dsn)
    await store.open()
    yield store
    await store.close()


async def stopped(server: PostgresServer) -> None:
    await asyncio.to_thread(server.stop)
    await asyncio.to_thread(server.start)


async def crashed(server: PostgresServer) -> None:
    await asyncio.to_thread(server.stop, crash=True)
    await asyncio.to_thread(server.start)


async def one_process_killed(server: PostgresServer) -> None:
    """As the kernel does when memory is short: the server throws everybody out and recovers from its journal."""
    async with connected(server.dsn) as observer:
        os.kill((await observer.fetchval(_SESSIONS))[0], signal.SIGKILL)
        with contextlib.suppress(asyncpg.PostgresError, OSError):
            await observer.execute("SELECT pg_sleep(60)")  # until it is thrown out, too
    while True:
        with contextlib.suppress(asyncpg.PostgresError, OSError):
            async with connected(server.dsn):
                return


async def send_until_stored(store: PostgresStore, sender: Account, nonce: str) -> Appended:
    """As a client's outbox does."""
    while True:
        try:
            [outcome] = await store.events.append([draft(sender, nonce)], NOW)
        except StoreUnavailable:
            await asyncio.sleep(0.02)
            continue
        assert isinstance(outcome, Appended)
        return outcome


async def check_log(store: PostgresStore, stored: dict[str, int], before: int) -> None:
    """The log holds these messages, each once, and nothing else after `before`."""
    events = await store.events.after(GENERAL, 0, 10_000)
    assert [event.seq for event in events] == list(range(1, before + len(stored) + 1))
    assert sorted(stored.values()) == list(range(before + 1, before + len(stored) + 1))


@pytest.mark.parametrize("fault", [stopped, crashed, one_process_killed])
async def test_a_restart_in_the_middle_of_sends(
    store: PostgresStore, postgres_server: PostgresServer, fault: Callable[[PostgresServer], Awaitable[None]]
) -> None:
    ada, bob = await team(store, "ada", "bob")
    stored: dict[str, int] = {}

    async def talk(name: str) -> None:
        for n in range(1_000):
            stored[f"{name}{n}"] = (await send_until_stored(store, bob, f"{name}{n}")).seq
            if len(stored) == 100:
                restarting.append(asyncio.ensure_future(fault(postgres_server)))
            if restarting and restarting[0].done():
                break

    restarting: list[asyncio.Future[None]] = []
    async with asyncio.timeout(60):
        await asyncio.gather(*(talk(name) for name in "abcdefgh"))
        await asyncio.gather(*restarting)

    assert len(restarting) == 1
    await check_log(store, stored, 3)
    assert await say(store, ada, "after") == [3 + len(stored) + 1]


async def test_while_the_server_is_down_calls_are_refused_and_then_answered(
    store: PostgresStore, postgres_server: PostgresServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    ada, _ = await team(store, "ada", "bob")
    await asyncio.to_thread(postgres_server.stop)

    for call in (store.events.append([draft(ada, "1")], NOW), store.events.after(GENERAL, 0, 1), store.ping()):
        with pytest.raises(StoreUnavailable):
            await call
    with pytest.raises(StoreUnavailable):
        await store.rooms.mark_read(GENERAL, ada.id, 1)

    await asyncio.to_thread(postgres_server.start)
    await store.ping()
    assert await say(store, ada, "1") == [4]
    lines = [record.getMessage() for record in caplog.records if "reached" in record.getMessage()]
    # the writer's connections and the readers' each tell once that they are gone, and once that they are back
    assert sorted(line.partition(":")[0] for line in lines) == [
        "PostgreSQL can't be reached",
        "PostgreSQL can't be reached",
        "PostgreSQL is reached again",
        "PostgreSQL is reached again",
    ]


async def test_a_server_that_stands_still_is_given_up_and_taken_back(
    store: PostgresStore, postgres_server: PostgresServer
) -> None:
    ada, bob = await team(store, "ada", "bob")
    with postgres_server.paused():
        async with asyncio.timeout(30):
            outcomes = await asyncio.gather(
                store.events.append([draft(ada, "1")], NOW),
                store.events.after(GENERAL, 0, 10),
                leave(store, bob.id),
                store.rooms.mark_read(GENERAL, ada.id, 1),
                store.ping(),
                return_exceptions=True,
            )
    assert [type(outcome) for outcome in outcomes] == [StoreUnavailable] * 5

    async with asyncio.timeout(30):
        first = await send_until_stored(store, ada, "1")  # which may have been stored in the meantime
        second = await send_until_stored(store, ada, "2")
    assert (first.seq, second.seq) == (4, 5)
    assert [event.seq for event in await store.events.after(GENERAL, 0, 10)] == [1, 2, 3, 4, 5]


async def test_a_room_that_somebody_locks_holds_nobody_for_ever(store: PostgresStore, dsn: str) -> None:
    ada, bob = await team(store, "ada", "bob")
    async with connected(dsn) as other, other.transaction():
        await other.execute("SELECT FROM rooms FOR UPDATE")
        for write in (store.events.append([draft(ada, "1")], NOW), leave(store, bob.id)):
            with pytest.raises(StoreUnavailable):
                await write
        assert len(await store.events.after(GENERAL, 0, 10)) == 3

    assert await say(store, ada, "1") == [4]


async def test_rooms_are_locked_in_one_order_whatever_the_order_of_messages(
    patient_store: PostgresStore, dsn: str
) -> None:
    """Whoever waits for a room holds only rooms that were created before it: nobody can wait for them crosswise."""
    store = patient_store
    [ada] = await team(store, "ada")
    rooms = [GENERAL, RoomId("b"), RoomId("a")]
    for room in rooms[1:]:
        await create(store, ada.id, room)
    async with connected(dsn) as other, connected(dsn) as observer:
        for n, order in enumerate(itertools.permutations(rooms)):
            holding = other.transaction()
            await holding.start()
            await other.execute("SELECT FROM rooms WHERE id = 'b' FOR UPDATE")
            append = asyncio.ensure_future(store.events.append([draft(ada, str(n), room=room) for room in order], NOW))
            while not await observer.fetchval(_WAITS):  # noqa: ASYNC110  the server can only be asked
                await asyncio.sleep(0.01)

            with pytest.raises(asyncpg.LockNotAvailableError):
                await observer.execute("SELECT FROM rooms WHERE id = 'general' FOR UPDATE NOWAIT")
            await observer.execute("SELECT FROM rooms WHERE id = 'a' FOR UPDATE NOWAIT")
            await holding.rollback()
            assert positions(await append) == [3 + n] * 3


async def test_without_connections_writes_go_on_and_reads_come_back(store: PostgresStore, dsn: str) -> None:
    ada, _ = await team(store, "ada", "bob")
    await store.close()
    await store.open()  # without a connection for reading yet
    async with contextlib.AsyncExitStack() as taken:
        with contextlib.suppress(asyncpg.TooManyConnectionsError):
            while True:
                await taken.enter_async_context(connected(dsn))

        assert await say(store, ada, "1") == [4]
        with pytest.raises(StoreUnavailable):
            await store.events.after(GENERAL, 0, 10)

    async with asyncio.timeout(30):
        while True:  # the server needs a moment to notice
            with contextlib.suppress(StoreUnavailable):
                assert len(await store.events.after(GENERAL, 0, 10)) == 4
                break


async def test_a_node_uses_no_more_connections_than_it_may(store: PostgresStore, dsn: str) -> None:
    ada, _ = await team(store, "ada", "bob")

    await asyncio.gather(
        *(store.events.after(GENERAL, 0, 10) for _ in range(100)),
        *(store.rooms.head(GENERAL, ada.id) for _ in range(100)),
        *(store.rooms.mark_read(GENERAL, ada.id, 1) for _ in range(100)),
        *(store.events.append([draft(ada, str(n))], NOW) for n in range(100)),
    )

    async with connected(dsn) as observer:
        assert len(await observer.fetchval(_SESSIONS)) == IMPATIENT.readers + 1


async def test_commits_wait_for_the_disk_whatever_the_server_s_default_is(
    store: PostgresStore, postgres_server: PostgresServer, dsn: str
) -> None:
    await asyncio.to_thread(
        postgres_server.execute,
        "ALTER ROLE hubbub SET synchronous_commit = off",
        "ALTER ROLE hubbub SET default_transaction_isolation = 'serializable'",
    )
    another = PostgresStore(dsn)
    await another.open()
    assert another._parts is not None

    async def settings(connection: asyncpg.Connection[asyncpg.Record]) -> list[str]:
        return [
            await connection.fetchval("SHOW synchronous_commit"),
            await connection.fetchval("SHOW transaction_isolation"),
        ]

    assert await another._parts.writer.write(settings) == ["on", "read committed"]
    assert await another._parts.readers.submit(settings) == ["on", "read committed"]
    await another.close()


async def test_one_callers_broken_message_does_not_fail_its_group(store: PostgresStore) -> None:
    ada, bob = await team(store, "ada", "bob")

    outcomes = await asyncio.gather(
        store.events.append([draft(ada, "1")], NOW),
        store.events.append([draft(bob, "1")], 2**70),
        store.accounts.update(ada.id, title="\ud800"),
        store.events.append([draft(ada, "2")], NOW),
        return_exceptions=True,
    )

    assert outcomes[0] == [Appended(4, NOW)]
    assert isinstance(outcomes[1], StoreUnavailable)
    assert isinstance(outcomes[2], BadField)
    assert outcomes[3] == [Appended(5, NOW)]


async def test_more_messages_than_one_group_holds(store: PostgresStore) -> None:
    [ada] = await team(store, "ada")

    outcomes = await asyncio.gather(
        *(
            store.events.append([draft(ada, f"{call}-{n}") for n in range(GROUP_ROWS // 2 + 1)], NOW)
            for call in range(4)
        )
    )

    seqs = [outcome.seq for call in outcomes for outcome in call if isinstance(outcome, Appended)]
    assert seqs == list(range(3, 3 + 4 * (GROUP_ROWS // 2 + 1)))


async def test_what_waits_for_a_commit_is_one_statement(store: PostgresStore, dsn: str) -> None:
    [ada] = await team(store, "ada")
    committed = "SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()"
    async with connected(dsn) as observer:
        before = await observer.fetchval(committed)

        await asyncio.gather(*(store.events.append([draft(ada, str(n))], NOW) for n in range(1_000)))

        await store.close()  # a session's counters are complete when it has ended
        assert await observer.fetchval(committed) - before < 50


async def test_a_cancelled_reader_costs_no_connection(store: PostgresStore, dsn: str) -> None:
    await team(store, "ada")
    async with connected(dsn) as observer:
        sessions: set[int] = set()
        for _ in range(20):
            reads = [asyncio.ensure_future(store.events.after(GENERAL, 0, 10)) for _ in range(8)]
            await asyncio.sleep(0)  # let them begin
            for read in reads:
                read.cancel()
            assert len(await store.events.after(GENERAL, 0, 10)) == 2
            assert sessions <= (sessions := set(await observer.fetchval(_SESSIONS)))


_WAITS = "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock')"

_SESSIONS = "SELECT array_agg(pid ORDER BY pid) FROM pg_stat_activity WHERE application_name = 'hubbub'"

SECRET = "hunter2"


@pytest.mark.parametrize(
    "address",
    [
        f"postgresql://ada:{SECRET}/x@localhost/db",
        f"postgresql://ada:{SECRET}@localhost:{SECRET}/db",
        f"postgresql://ada:{SECRET}@[localhost/db",
        f"postgresql://ada:{SECRET}@localhost:1/db",
        f"postgresql://ada@localhost:1/db?password={SECRET}",
        f"mysql://ada:{SECRET}@localhost/db",
    ],
)
async def test_no_secret_is_told(address: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    store = PostgresStore(address, IMPATIENT)

    with pytest.raises(StoreUnavailable) as refusal:
        await store.open()

    assert refusal.value.__cause__ is None
    assert refusal.value.__suppress_context__
    assert "\n" not in refusal.value.message
    for told in (refusal.value.message, repr(store), str(store), caplog.text):
        assert SECRET not in told


async def test_the_operator_is_told_why_it_can_not_start(dsn: str) -> None:
    cases = {
        dsn.replace("/postgres?", "/nowhere?"): 'database "nowhere" does not exist',
        dsn.replace("hubbub@", "nobody@"): 'role "nobody" does not exist',
        "postgresql://ada@localhost:1/db": "localhost:1/db: .*refused|Connect call failed",
        dsn + "x": "search_path names no schema",
    }
    for address, reason in cases.items():
        with pytest.raises(StoreUnavailable, match=reason):
            await PostgresStore(address, IMPATIENT).open()
