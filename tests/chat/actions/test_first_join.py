"""The first join of a room on a node: what is said before its subscription has taken effect."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.chat.client import PATIENCE_SECONDS
from tests.chat.nodes import opened_nodes
from tests.chat.world import say


async def test_what_was_said_before_the_subscription_took_effect_comes_soon(tmp_path: Path) -> None:
    async with opened_nodes(tmp_path, 2) as nodes:
        ada, bob = await nodes[0].person("ada", "general"), await nodes[1].person("bob", "general")
        nodes.bus.carries = lambda _node, _item: False
        [sent] = await say(ada, "the last word in a quiet room")
        assert sent.seq not in bob.seqs("general")
        store = nodes[0].store
        store.hold("rooms.heads")

        await nodes.after(nodes[1].settings.settle_seconds)
        await store.reached("rooms.heads")
        store.release("rooms.heads")
        async with asyncio.timeout(PATIENCE_SECONDS):
            while sent.seq not in bob.seqs("general"):  # the store's answer takes as long as it takes
                await nodes.after(0.25)


async def test_a_room_is_looked_at_once_when_it_is_opened(tmp_path: Path) -> None:
    async with opened_nodes(tmp_path, 2) as nodes:
        await nodes[1].person("bob", "general")
        before = nodes[0].store.calls.count("rooms.heads")
        await nodes.after(2)
        await nodes[1].person("cyd", "general")
        await nodes.after(2)
        assert nodes[0].store.calls.count("rooms.heads") == before + 1
