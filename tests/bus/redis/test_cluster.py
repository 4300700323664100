"""The bus over a real cluster: rooms on their shards, slots that move, a shard that is lost."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from itertools import count

import pytest

from hubbub.bus.redis import Address, RedisBus
from hubbub.bus.redis.dialing import slot_of
from hubbub.vocabulary import RoomId
from tests.contracts.bus import GENERAL, Inbox, MakeBus, SharedBusContract, hears
from tests.support.redis_cluster import RedisCluster, running_cluster

_namespaces = count(1)
ROOMS = [RoomId(f"room-{number}") for number in range(20)]


@pytest.fixture(scope="module")
def cluster() -> Iterator[RedisCluster]:
    with running_cluster() as cluster:
        yield cluster


class TestCluster(SharedBusContract):
    @pytest.fixture
    def make_bus(self, cluster: RedisCluster) -> MakeBus:
        address = Address.parse(f"{cluster.url}/test{next(_namespaces)}")
        return lambda: RedisBus(address)


def test_slots_are_those_of_the_specification() -> None:
    # https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/
    assert slot_of(b"123456789") == 0x31C3
    assert slot_of(b"{user1000}.following") == slot_of(b"user1000")
    assert slot_of(b"foo{}{bar}") == slot_of(b"foo{}{bar}") != slot_of(b"bar")
    assert slot_of(b"foo{{bar}}zap") == slot_of(b"{bar")


async def test_the_shards_share_the_rooms(cluster: RedisCluster) -> None:
    one, other, inbox = await nodes(cluster)
    for room in ROOMS:
        other.subscribe(room)
    for room in ROOMS:
        await hears(one, room, inbox)
    shares = [server.command("PUBSUB", "SHARDCHANNELS").count("events:{room-") for server in cluster.servers]
    assert sum(shares) == len(ROOMS)
    assert all(shares)
    await one.close()
    await other.close()


async def test_a_slot_that_moves_is_followed(cluster: RedisCluster) -> None:
    one, other, inbox = await nodes(cluster)
    other.subscribe(GENERAL)
    await hears(one, GENERAL, inbox)
    slot = slot_of(b"general")
    owner = cluster.owner(slot)
    cluster.move(slot, next(server for server in cluster.servers if server is not owner))
    await inbox.until(lambda: inbox.gaps >= 1)
    inbox.seen_signals.clear()
    await hears(one, GENERAL, inbox)
    await one.close()
    await other.close()


async def test_a_shard_that_is_lost_and_comes_back(cluster: RedisCluster) -> None:
    one, other, inbox = await nodes(cluster)
    other.subscribe(GENERAL)
    await hears(one, GENERAL, inbox)
    gaps = inbox.gaps
    server = cluster.owner(slot_of(b"general"))
    server.kill()
    async with asyncio.timeout(20):
        while other.counters.connected:  # noqa: ASYNC110  nobody is told
            await asyncio.sleep(0.01)
    server.start()
    await asyncio.to_thread(cluster.ready)
    await inbox.until(lambda: inbox.gaps > gaps)
    inbox.seen_signals.clear()
    await hears(one, GENERAL, inbox)
    await one.close()
    await other.close()


async def nodes(cluster: RedisCluster) -> tuple[RedisBus, RedisBus, Inbox]:
    """A node that speaks, one that listens, and what that one hears."""
    one, other, inbox = RedisBus(Address.parse(cluster.url)), RedisBus(Address.parse(cluster.url)), Inbox()
    await one.open(Inbox())
    await other.open(inbox)
    return one, other, inbox
