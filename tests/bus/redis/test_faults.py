"""Faults of the server: nothing blocks, nothing stays broken, and whoever may have missed something is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from hubbub.bus import BusError, NodeAlive, NodeId, Ping
from hubbub.bus.redis import Address, RedisBus
from hubbub.vocabulary import Message, UserName
from tests.contracts.bus import GENERAL, Inbox, hears, message
from tests.support.redis import RedisServer, free_port


@asynccontextmanager
async def node(server: RedisServer, *, buffer_bytes: int = 1 << 22) -> AsyncIterator[tuple[RedisBus, Inbox]]:
    bus, inbox = RedisBus(Address.parse(server.url), buffer_bytes=buffer_bytes), Inbox()
    await bus.open(inbox)
    bus.subscribe(GENERAL)
    try:
        yield bus, inbox
    finally:
        await bus.close()


async def connected(bus: RedisBus, *, is_so: bool = True) -> None:
    async with asyncio.timeout(60):
        while bus.counters.connected is not is_so:  # noqa: ASYNC110  nobody is told
            await asyncio.sleep(0.01)


def publish_much(bus: RedisBus, number: int = 2_000) -> None:
    """The server is gone, or stands still: a call that waited for it would not return."""
    for seq in range(number):
        bus.publish(GENERAL, [message(seq)])


async def test_a_server_that_is_killed_and_comes_back(redis_server: RedisServer) -> None:
    async with node(redis_server) as (one, mine), node(redis_server) as (other, others):
        await hears(one, GENERAL, others)
        gaps = mine.gaps
        redis_server.kill()
        await connected(one, is_so=False)
        dropped = one.counters.dropped
        publish_much(one)
        assert one.counters.dropped == dropped + 2_000
        assert mine.seen_events[-1] == (GENERAL, [1_999])  # the own node has it all the same
        redis_server.start()
        await mine.until(lambda: mine.gaps > gaps)
        await others.until(lambda: others.gaps >= 1)
        assert one.counters.reconnects == 1
        await hears(one, GENERAL, others)
        await hears(other, GENERAL, mine)


async def test_a_server_that_stands_still_is_noticed_and_used_again(redis_server: RedisServer) -> None:
    async with node(redis_server) as (one, mine), node(redis_server) as (_, others):
        await hears(one, GENERAL, others)
        redis_server.pause()
        await connected(one, is_so=False)
        publish_much(one)
        redis_server.resume()
        await mine.until(lambda: mine.gaps >= 1)
        await others.until(lambda: others.gaps >= 1)
        await hears(one, GENERAL, others)


async def test_connections_that_the_server_kills(redis_server: RedisServer) -> None:
    async with node(redis_server) as (one, mine), node(redis_server) as (_, others):
        await hears(one, GENERAL, others)
        redis_server.command("CLIENT", "KILL", "TYPE", "pubsub")
        await mine.until(lambda: mine.gaps >= 1)
        await others.until(lambda: others.gaps >= 1)
        await hears(one, GENERAL, others)


async def test_a_full_buffer_drops_and_then_says_so(redis_server: RedisServer) -> None:
    async with node(redis_server, buffer_bytes=65_536) as (one, mine), node(redis_server) as (_, others):
        await hears(one, GENERAL, others)
        text = "x" * 10_000
        for seq in range(1, 101):
            one.publish(GENERAL, [Message(GENERAL, seq, UserName("ada"), 0, text)])
        assert 0 < one.counters.dropped < 100
        await others.until(lambda: others.gaps >= 1)
        await mine.until(lambda: mine.gaps >= 1)
        assert one.counters.reconnects == 0
        assert [seq for room, [seq] in mine.seen_events] == list(range(1, 101))
        assert [seq for _, [seq] in others.seen_events] == list(range(1, 101 - one.counters.dropped))


@pytest.mark.parametrize("note", [Ping(NodeId("n1"), 1), NodeAlive(NodeId("n1"), 6.0)])
async def test_what_proves_that_the_bus_carries_travels_through_the_server(
    redis_server: RedisServer, note: Ping | NodeAlive
) -> None:
    async with node(redis_server) as (one, mine):
        one.announce(note)
        assert mine.seen_messages == []
        await mine.until(lambda: mine.seen_messages == [note])
        redis_server.kill()
        await connected(one, is_so=False)
        one.announce(note)
        assert mine.seen_messages == [note]


async def test_what_a_newer_node_says_is_skipped(redis_server: RedisServer, caplog: pytest.LogCaptureFixture) -> None:
    async with node(redis_server) as (one, mine), node(redis_server) as (other, _):
        await hears(other, GENERAL, mine)
        channel = "hubbub:0:events:{general}"
        redis_server.command("PUBLISH", channel, "\x02e12345678whatever")
        redis_server.command("PUBLISH", channel, "\x01e12345678whatever")
        redis_server.command("PUBLISH", channel, "")
        other.publish(GENERAL, [message(1)])
        await mine.until(lambda: mine.seen_events == [(GENERAL, [1])])
        assert one.counters.unreadable == 3
        said = {line.rpartition(": ")[2] for line in caplog.messages if "later version" in line}
        assert said == {"the head b'\\x02e' is skipped", "events is skipped", "the head b'' is skipped"}


@pytest.mark.parametrize("scheme", ["redis", "redis+sentinel", "redis+cluster"])
async def test_a_server_that_is_not_there_is_one_clear_line(scheme: str) -> None:
    port = free_port()
    bus = RedisBus(Address.parse(f"{scheme}://user:secret@127.0.0.1:{port}/main"))
    with pytest.raises(BusError, match=rf"127\.0\.0\.1:{port}.*can't be used: .*") as raised:
        await bus.open(Inbox())
    assert "secret" not in str(raised.value)
    assert "\n" not in str(raised.value)
