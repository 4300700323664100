"""The bus of a single node keeps the contract, and more: it delivers at once and loses nothing."""

from __future__ import annotations

import pytest

from hubbub.bus import Bus, LocalBus
from tests.contracts.bus import GENERAL, BusContract, Inbox, MakeBus, message, typing


class TestLocal(BusContract):
    @pytest.fixture
    def make_bus(self) -> MakeBus:
        def make() -> Bus:
            return LocalBus()

        return make

    async def test_everything_arrives_at_once_in_order_and_once(self) -> None:
        bus, inbox = LocalBus(), Inbox()
        await bus.open(inbox)
        bus.subscribe(GENERAL)

        bus.publish(GENERAL, [message(1), message(2)])
        bus.publish(GENERAL, typing())
        bus.publish(GENERAL, [message(3)])

        assert inbox.seen_events == [(GENERAL, [1, 2]), (GENERAL, [3])]
        assert inbox.seen_signals == [(GENERAL, typing())]
        assert inbox.gaps == 0
