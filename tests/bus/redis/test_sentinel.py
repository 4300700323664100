"""The bus over a real sentinel: a killed master's successor is found."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hubbub.bus import BusError
from hubbub.bus.redis import Address, RedisBus
from tests.contracts.bus import GENERAL, Inbox, hears
from tests.support.redis_cluster import WatchedPair, running_pair


@pytest.fixture
def pair() -> Iterator[WatchedPair]:
    with running_pair() as pair:
        yield pair


async def test_the_successor_of_a_killed_master_is_found(pair: WatchedPair) -> None:
    one, other, inbox = RedisBus(Address.parse(pair.url)), RedisBus(Address.parse(pair.url)), Inbox()
    await one.open(Inbox())
    await other.open(inbox)
    other.subscribe(GENERAL)
    await hears(one, GENERAL, inbox)
    pair.master.kill()
    await inbox.until(lambda: inbox.gaps >= 1)
    inbox.seen_signals.clear()
    await hears(one, GENERAL, inbox)
    assert "role:master" in pair.replica.command("INFO", "replication")
    await one.close()
    await other.close()


async def test_a_master_that_no_sentinel_knows_is_named(pair: WatchedPair) -> None:
    with pytest.raises(BusError, match=f"127.0.0.1:{pair.sentinel.port} knows no master other"):
        await RedisBus(Address.parse(pair.url.replace("/main", "/other"))).open(Inbox())
