"""What a node makes of what others say about a room: repeated, late, incomplete, or never followed by another word."""

from __future__ import annotations

from hubbub.bus import NodeAlive, NodeGone, NodeId, PresenceHere, PresenceWanted
from hubbub.vocabulary import Presence, RoomId, Watch, Watching
from tests.chat.nodes import GENERAL, Nodes, hear, names, screen, whole


async def test_nobody_goes_offline_because_this_node_stood_still(one: Nodes) -> None:
    ada = await screen(one[0])
    await hear(one, whole("n1", 1, "bob"))
    one.clock.stall(60)
    await one[0].ticks()
    await one.after(20)
    assert ada.shown == ["ada", "bob"]
    one[0].chat.bus_receiver.node_message(NodeGone(NodeId("n1")))
    one.clock.stall(60)
    await one.after(5)
    assert ada.shown == ["ada"]


async def test_a_crowd_elsewhere_that_ends_with_its_node(one: Nodes) -> None:
    ada = await screen(one[0])
    await hear(one, PresenceHere(NodeId("n1"), 1, 500, 30.0, whole=True))
    assert (ada.signals[-1].count, ada.signals[-1].online) == (501, [])
    bob = await one[0].person("bob", "general")
    await one.after(1)
    assert (ada.signals[-1].count, ada.signals[-1].online) == (502, [])
    bob.leave()
    await hear(one, PresenceHere(NodeId("n1"), 2, 501, 30.0, after=1, whole=True))
    await one.after(40)
    assert ada.signals[-1] == Presence(GENERAL, 1, online=names("ada"))


async def test_those_who_become_a_crowd_and_less_again(one: Nodes) -> None:
    ada = await screen(one[0])
    await hear(one, whole("n1", 1, "bob", "cyd"))
    await hear(one, PresenceHere(NodeId("n1"), 2, 300, 30.0, after=1, whole=True))
    assert ada.signals[-1] == Presence(GENERAL, 301)
    await hear(one, whole("n1", 3, "bob"))
    assert ada.signals[-1] == Presence(GENERAL, 2, online=names("ada", "bob"))


async def test_what_is_repeated_late_or_of_a_dead_node_changes_nothing(one: Nodes) -> None:
    ada = await screen(one[0])
    await hear(one, whole("n1", 4, "bob"))
    await hear(one, PresenceHere(NodeId("n1"), 5, 2, 30.0, after=4, online=names("cyd")))
    ada.signals.clear()
    await hear(one, PresenceHere(NodeId("n1"), 5, 2, 30.0, after=4, online=names("cyd")))
    await hear(one, whole("n1", 3))
    await hear(one, whole("n0", 9, "eve"))
    one[0].chat.bus_receiver.signal(RoomId("nowhere"), whole("n1", 9))
    assert ada.signals == []
    one[0].chat.bus_receiver.node_message(NodeGone(NodeId("n1")))
    one[0].chat.bus_receiver.node_message(NodeAlive(NodeId("n1"), 6.0))
    one[0].chat.bus_receiver.node_message(NodeGone(NodeId("n2")))
    await hear(one, whole("n1", 6, "eve"))
    await hear(one, whole("n2", 1, "fay"))
    await one.after(9)
    assert ada.shown == ["ada"]
    await one.after(40)
    await hear(one, whole("n2", 2, "fay"))
    assert ada.shown == ["ada", "fay"]


async def test_notes_in_the_wrong_order_are_asked_for_anew(one: Nodes) -> None:
    ada = await screen(one[0])
    await hear(one, whole("n1", 1, "bob"))
    one.bus.published.clear()
    for note in (
        PresenceHere(NodeId("n1"), 3, 3, 30.0, after=2, online=names("dan")),
        PresenceHere(NodeId("n1"), 2, 2, 30.0, after=1, online=names("cyd")),
        PresenceHere(NodeId("n2"), 8, 1, 30.0, after=7, online=names("eve")),
    ):
        one[0].chat.bus_receiver.signal(GENERAL, note)
    await one.after(1)
    assert one.bus.wanted() == [PresenceWanted(NodeId("n0"), 10.0, fresh=True)]  # of both: one question
    await hear(one, whole("n1", 4, "bob", "cyd", "dan"))
    await hear(one, whole("n2", 9))
    one.bus.published.clear()
    await one.after(1)
    assert one.bus.wanted() == []
    assert ada.shown == ["ada", "bob", "cyd", "dan"]


async def test_a_count_that_does_not_fit_is_asked_for_anew(one: Nodes) -> None:
    await screen(one[0])
    await hear(one, whole("n1", 1, "bob"))
    one.bus.published.clear()
    await hear(one, PresenceHere(NodeId("n1"), 2, 5, 30.0, after=1, online=names("cyd")))
    assert one.bus.wanted() == [PresenceWanted(NodeId("n0"), 10.0, fresh=True, of=NodeId("n1"))]


async def test_what_comes_after_the_last_watcher_has_gone_is_known_to_the_next_one(one: Nodes) -> None:
    ada = await screen(one[0])
    await hear(one, whole("n1", 1, "bob"))
    await ada.person.ask(Watch(None), Watching)
    ada.signals.clear()
    await hear(one, whole("n1", 2, "bob", "cyd"))
    assert ada.signals == []
    assert await ada.person.ask(Watch(GENERAL), Watching) == Watching(GENERAL, 3, names("ada", "bob", "cyd"))
