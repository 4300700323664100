"""What a node tells others about a room, and what not."""

from __future__ import annotations

from pathlib import Path

from hubbub.bus import NodeId, PresenceHere, PresenceWanted
from hubbub.vocabulary import Done, Join, Leave
from tests.chat.nodes import GENERAL, Nodes, screen
from tests.chat.world import opened


async def test_asking_all_at_once_is_answered_once_a_tick(one: Nodes) -> None:
    await screen(one[0])
    one.bus.published.clear()
    for number in range(30):
        one[0].chat.bus_receiver.signal(GENERAL, PresenceWanted(NodeId(f"w{number}"), 10.0, fresh=True))
    assert len(one.bus.here()) == 1
    await one.after(1)
    assert len(one.bus.here()) == 2
    one[0].chat.bus_receiver.signal(GENERAL, PresenceWanted(NodeId("w1"), 10.0, fresh=True, of=NodeId("somebody")))
    one[0].chat.bus_receiver.signal(GENERAL, PresenceWanted(NodeId("n0"), 10.0, fresh=True))
    await one.after(1)
    assert len(one.bus.here()) == 2


async def test_a_node_where_nobody_is_yet_does_not_answer(one: Nodes) -> None:
    one[0].store.hold("rooms.head")
    bob = await one[0].person("bob")
    ref = bob.begin(Join(GENERAL))
    await one[0].store.reached("rooms.head")
    one.bus.published.clear()
    one[0].chat.bus_receiver.signal(GENERAL, PresenceWanted(NodeId("n1"), 10.0, fresh=True))
    await one.after(1)
    assert one.bus.here() == []
    one[0].store.release("rooms.head")
    await bob.answer(ref)
    await one.after(1)
    assert [(note.count, note.online, note.whole) for note in one.bus.here()] == [(1, ["bob"], True)]


async def test_coming_and_leaving_between_two_notes_is_not_told(one: Nodes) -> None:
    await screen(one[0])
    one.bus.published.clear()
    one[0].chat.bus_receiver.signal(GENERAL, PresenceWanted(NodeId("n1"), 10.0, fresh=True))
    await one.after(1)
    bob = await one[0].person("bob", "general")
    await bob.ask(Leave(GENERAL), Done)
    await one.after(1)
    assert [note.online for note in one.bus.here()] == [["ada"]]


async def test_a_node_that_is_alone_asks_nobody(tmp_path: Path) -> None:
    async with opened(tmp_path) as world:
        said: list[object] = []
        world.bus.publish = lambda _room, items: said.append(items)  # type: ignore[method-assign, assignment]
        await world.room()
        await screen(world)
        world.clock.advance(60)
        assert not any(isinstance(item, PresenceHere | PresenceWanted) for item in said)
