"""A store whose database was replaced under a running server: whoever is in a room has to come back."""

from __future__ import annotations

import pytest

from hubbub.errors import CloseCode, StoreUnavailable
from tests.chat.world import World, say


async def test_who_is_in_a_room_is_disconnected_when_the_logs_are_others(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    await world.room()
    ada, eve = await world.person("ada", "general"), await world.person("eve")
    await say(ada, "1")
    world.store.edit("lineage", lambda _: -1)

    world.clock.advance(world.settings.heads_seconds)
    await ada.gone()

    assert ada.ended is not None
    assert (ada.ended.code, ada.ended.reconnect) == (CloseCode.SERVER_RESTART, True)
    assert eve.ended is None
    assert "replaced" in caplog.text
    bob = await world.person("bob", "general")
    [sent] = await say(bob, "2")
    await bob.has("general", sent.seq)
    world.clock.advance(world.settings.heads_seconds)
    await say(bob, "3")
    assert bob.ended is None


async def test_a_store_that_can_not_say_is_taken_for_the_same(world: World) -> None:
    await world.room()
    ada = await world.person("ada", "general")
    world.store.fail("lineage", StoreUnavailable())

    world.clock.advance(world.settings.heads_seconds)
    await say(ada, "1")

    assert ada.ended is None
