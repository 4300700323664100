"""Whatever happens, the bus leaves no connection open: an event loop that closes would have to."""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import Awaitable, Callable, Iterator

import pytest
import uvloop

from hubbub.bus.redis import Address, RedisBus
from tests.contracts.bus import GENERAL, Inbox
from tests.support.redis import RedisServer
from tests.support.redis_cluster import RedisCluster, running_cluster

Ending = Callable[[RedisBus], Awaitable[object]]


@pytest.fixture(scope="module")
def cluster() -> Iterator[RedisCluster]:
    with running_cluster() as cluster:
        yield cluster


async def nobody_closes_it(_: RedisBus) -> None:
    """As in a test that fails, or a server that is cancelled."""


async def closing_is_cancelled(bus: RedisBus) -> None:
    closing = asyncio.create_task(bus.close())
    await asyncio.sleep(0)
    closing.cancel()
    await asyncio.wait([closing])


async def closing_is_cancelled_later(bus: RedisBus) -> None:
    closing = asyncio.create_task(bus.close())
    for _ in range(2):
        await asyncio.sleep(0)
    closing.cancel()
    await asyncio.wait([closing])


async def it_is_closed_twice(bus: RedisBus) -> None:
    await asyncio.gather(bus.close(), bus.close())


@pytest.mark.parametrize(
    "ending", [nobody_closes_it, closing_is_cancelled, closing_is_cancelled_later, it_is_closed_twice]
)
@pytest.mark.parametrize("paused", [False, True])
def test_no_connection_outlives_the_bus(cluster: RedisCluster, ending: Ending, *, paused: bool) -> None:
    async def run() -> None:
        bus = RedisBus(Address.parse(cluster.url))
        await bus.open(Inbox())
        bus.subscribe(GENERAL)
        if paused:
            cluster.servers[0].pause()
        await ending(bus)

    with warnings.catch_warnings(record=True) as left_open:
        warnings.simplefilter("always")
        try:
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                runner.run(run())
        finally:
            cluster.servers[0].resume()
    assert [str(warning.message) for warning in left_open] == []


@pytest.mark.parametrize("turns", [1, 2, 3, 10, 100])
async def test_connecting_that_is_cancelled_leaves_nothing(redis_server: RedisServer, turns: int) -> None:
    redis_server.pause()  # the kernel accepts, nobody answers
    opening = asyncio.create_task(RedisBus(Address.parse(redis_server.url)).open(Inbox()))
    for _ in range(turns):
        await asyncio.sleep(0)
    opening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await opening
