"""Servers that break their promises, and are found out: the checker is worth something."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest

from hubbub.app import running
from hubbub.bus import LocalBus, RoomNodeMessage
from hubbub.chat import service
from hubbub.chat.log import feed_registry as feeds
from hubbub.chat.log.append_queue import AppendQueue, _Pending
from hubbub.chat.log.feed import Feed
from hubbub.client import Api
from hubbub.config import Config
from hubbub.errors import StoreUnavailable
from hubbub.store.codec import placed
from hubbub.verify import Fault, Outcome, Plan, Run
from hubbub.vocabulary import Event, RoomId, Signal
from tests.conftest import PASSWORD


class EarlyQueue(AppendQueue):
    """Publishes what it is about to store, and does not always come to store it."""

    async def _commit(self, group: list[_Pending]) -> None:
        events = [draft.event for _, _, draft, *_ in group]
        heads = await self._store.rooms.heads([event.room for event in events])
        for event in events:
            heads[event.room] += 1
            self._publish(event.room, [placed(event, heads[event.room], self._now_ms())])
        if random.random() < 0.2:  # the commit fails, or the process dies
            self._refuse(group, StoreUnavailable())
        else:
            await super()._commit(group)


class CarelessFeed(Feed):
    """Hands on whatever comes, whether or not it is the next."""

    __slots__ = ()

    def receive(self, events: Sequence[Event]) -> None:
        for event in events:
            if event.seq > self.head:
                self.head = event.seq - 1
            super().receive([event])


class LossyBus(LocalBus):
    """A bus may lose events."""

    def publish(self, room: RoomId, items: Sequence[Event] | Signal | RoomNodeMessage) -> None:
        if not isinstance(items, Sequence) or random.random() > 0.2:
            super().publish(room, items)


async def outcome(config: Config) -> Outcome:
    async with running(config) as server:
        await Api(server.url).sign_up("admin", PASSWORD)
        plan = Plan(
            urls=(server.url,),
            seconds=2,
            rate=50,
            senders=4,
            readers=4,
            rooms=1,
            settle_seconds=20,
            patience_seconds=20,
        )
        return await Run(plan, lambda _: None)()


async def test_a_bus_that_loses_events_breaks_no_promise(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hubbub.app.LocalBus", LossyBus)

    found = (await outcome(config)).verdict

    assert found.kept, found.findings


async def test_a_node_that_ignores_gaps_is_found(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hubbub.app.LocalBus", LossyBus)
    monkeypatch.setattr(feeds, "Feed", CarelessFeed)

    found = (await outcome(config)).verdict

    assert not found.kept
    assert found.counts[Fault.HOLE]
    assert found.counts[Fault.LOST]


async def test_an_action_that_publishes_before_it_stores_is_found(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "AppendQueue", EarlyQueue)

    found = (await outcome(config)).verdict

    assert not found.kept
    assert found.counts[Fault.DIFFERENT]
