"""Who is online in the watched room, whichever node they are connected to."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from hubbub.bus import NodeAlive, NodeGone, NodeId, PresenceHere
from hubbub.chat import ChatSettings
from hubbub.vocabulary import Done, Join, Joined, Leave, MemberPage, Members, Presence, RoomId, Watch, Watching
from tests.chat.client import TestConnection
from tests.chat.nodes import GENERAL, names, opened_nodes, screen
from tests.support.faulty_bus import NO_FAULTS, Faults


async def test_watching_replies_at_once_and_the_others_follow(tmp_path: Path) -> None:
    async with opened_nodes(tmp_path, 3) as nodes:
        await nodes[1].person("bob", "general")
        await nodes[2].person("cyd", "general")
        ada = await nodes[0].person("ada", "general")

        assert await ada.ask(Watch(GENERAL), Watching) == Watching(GENERAL, 1, names("ada"))

        await nodes.after(1)
        assert [(signal.count, sorted(signal.online)) for signal in ada.all(Presence)] == [(3, names("bob", "cyd"))]
        assert await ada.ask(Watch(GENERAL), Watching) == Watching(GENERAL, 3, names("ada", "bob", "cyd"))


async def test_who_comes_and_goes_on_another_node_is_seen(tmp_path: Path) -> None:
    async with opened_nodes(tmp_path, 2) as nodes:
        await nodes[1].person("bob", "general")
        ada = await screen(nodes[0])
        await nodes.after(2)
        cyd = await nodes[1].person("cyd", "general")
        await nodes.after(2)
        assert ada.shown == ["ada", "bob", "cyd"]
        cyd.leave()
        await nodes.after(2)
        assert ada.shown == ["ada", "bob", "cyd"]
        await nodes.after(6)
        assert ada.shown == ["ada", "bob"]


async def test_the_first_user_on_a_node_is_seen_when_the_node_is_asked_next(tmp_path: Path) -> None:
    async with opened_nodes(tmp_path, 2) as nodes:
        ada = await screen(nodes[0])
        await nodes.after(1)
        bob = await nodes[1].person("bob", "general")
        await nodes.after(5)
        assert ada.shown == ["ada", "bob"]
        await bob.ask(Leave(GENERAL), Done)  # the last one there: the room is dropped, and that is said before
        await nodes.after(4)
        assert ada.shown == ["ada"]
        await nodes[1].person("bob", "general")
        await nodes.after(5)
        assert ada.shown == ["ada", "bob"]


async def test_nothing_is_said_of_rooms_that_nobody_watches(tmp_path: Path) -> None:
    async with opened_nodes(tmp_path, 2) as nodes:
        ada = await nodes[0].person("ada", "general")
        await nodes[1].person("bob", "general")
        await nodes.after(60)
        assert not nodes.bus.here()
        assert not nodes.bus.wanted()

        await ada.ask(Watch(GENERAL), Watching)
        await nodes.after(20)
        await ada.ask(Watch(None), Watching)
        await nodes.after(20)
        nodes.bus.published.clear()
        await nodes[1].person("cyd", "general")
        await nodes.after(60)
        assert not nodes.bus.here()
        assert not nodes.bus.wanted()
        assert nodes[0].chat._feeds.get(GENERAL).presence.remote is None  # type: ignore[union-attr]
        assert nodes[1].chat._feeds.get(GENERAL).presence.announced is None  # type: ignore[union-attr]


async def test_a_user_on_two_nodes_is_online_until_the_last_connection_goes(tmp_path: Path) -> None:
    async with opened_nodes(tmp_path, 3) as nodes:
        ada = await screen(nodes[0])
        phone, laptop = await nodes[1].person("bob", "general"), await nodes[2].person("bob", "general")
        here = await nodes[0].person("bob", "general")
        await nodes.after(5)
        assert ada.shown == ["ada", "bob"]
        ada.signals.clear()
        for device in (phone, here):
            device.leave()
            await nodes.after(10)
        assert ada.shown == ["ada", "bob"]
        assert ada.signals == []
        laptop.leave()
        await nodes.after(10)
        assert ada.shown == ["ada"]
        assert [signal.offline for signal in ada.signals] == [names("bob")]


async def test_changing_the_node_is_not_seen(tmp_path: Path) -> None:
    """Whoever is back on any node within the grace has not been away, even where nobody had been in the room."""
    async with opened_nodes(tmp_path, 3) as nodes:
        ada = await screen(nodes[0])
        bob = await nodes[1].person("bob", "general")
        await nodes.after(6)
        ada.signals.clear()
        for to in (2, 1, 0, 2, 0, 1):
            bob.leave()
            await nodes.after(2.75)
            bob = await nodes[to].person("bob", "general")
            await nodes.after(7)
        assert ada.shown == ["ada", "bob"]
        assert ada.signals == []


async def test_a_drained_nodes_users_do_not_flicker(tmp_path: Path) -> None:
    async with opened_nodes(tmp_path, 3) as nodes:
        ada = await screen(nodes[0])
        people = [await nodes[1].person(name, "general") for name in ("bob", "cyd", "dan")]
        await nodes.after(5)
        ada.signals.clear()
        for person in people:
            person.leave()
        nodes.bus.ends[1].announce(NodeGone(NodeId("n1")))
        nodes.bus.ends[1].frozen = True
        await nodes.after(2)
        for name, node in (("bob", 0), ("cyd", 2)):
            await nodes[node].person(name, "general")
        await nodes.after(2)
        assert ada.signals == []
        await nodes.after(4)
        assert ada.shown == ["ada", "bob", "cyd"]
        assert [signal.offline for signal in ada.signals] == [names("dan")]


async def test_a_killed_nodes_users_go_offline_when_its_lease_ends(tmp_path: Path) -> None:
    async with opened_nodes(tmp_path, 2) as nodes:
        ada = await screen(nodes[0])
        await nodes[1].person("bob", "general")
        await nodes.after(5)
        nodes.bus.ends[1].frozen = True
        await nodes.after(20)
        assert ada.shown == ["ada", "bob"]
        await nodes.after(15)
        assert ada.shown == ["ada"]


async def test_a_node_that_is_not_heard_any_more_ends_all_its_leases(tmp_path: Path) -> None:
    """The registry's word, every few seconds, is shorter than the lease of a room; and a frozen node may return."""
    async with opened_nodes(tmp_path, 2) as nodes:
        ada = await screen(nodes[0])
        await nodes[1].person("bob", "general")
        await nodes.after(5)
        nodes.bus.ends[1].announce(NodeAlive(NodeId("n1"), 6.0))
        await nodes.after(1)
        nodes.bus.ends[1].frozen = True
        await nodes.after(4)
        assert ada.shown == ["ada", "bob"]
        await nodes.after(5)
        assert ada.shown == ["ada"]
        nodes.bus.ends[1].frozen = False
        await nodes.after(11)
        assert ada.shown == ["ada", "bob"]


async def test_nobody_goes_offline_because_the_bus_is_away(tmp_path: Path) -> None:
    """A node that does not hear itself knows that it is not the others who died."""
    async with opened_nodes(tmp_path, 2) as nodes:
        ada = await screen(nodes[0])
        await nodes[1].person("bob", "general")

        async def pass_time(seconds: int) -> None:
            for _ in range(seconds):
                for index, end in enumerate(nodes.bus.ends):
                    end.announce(NodeAlive(NodeId(f"n{index}"), 6.0))
                await nodes.after(1)

        await pass_time(5)
        nodes.bus.carries = lambda _node, _item: False
        await pass_time(120)
        nodes.bus.carries = lambda _node, _item: True
        nodes[0].chat.bus_receiver.gap()
        await pass_time(10)
        assert ada.shown == ["ada", "bob"]
        assert [signal.offline for signal in ada.signals if signal.offline] == []
        nodes.bus.ends[1].frozen = True
        await pass_time(12)
        assert ada.shown == ["ada"]


async def test_a_crowd_elsewhere_is_a_number_and_names_come_back_below_it(tmp_path: Path) -> None:
    async with opened_nodes(tmp_path, 2, ChatSettings(crowd=3)) as nodes:
        ada = await screen(nodes[0])
        people = [await nodes[1].person(name, "general") for name in ("bob", "cyd", "dan")]
        await nodes.after(6)
        assert ada.signals[-1] == Presence(GENERAL, 4)  # each node would name its own, but together they are too many
        people.append(await nodes[1].person("eve", "general"))
        await nodes.after(2)
        assert ada.signals[-1] == Presence(GENERAL, 5)
        assert nodes.bus.here()[-1].online == []
        for person in people[:2]:
            person.leave()
        await nodes.after(8)
        assert ada.signals[-1] == Presence(GENERAL, 3, online=names("ada", "dan", "eve"))
        for person in people[2:]:
            person.leave()
        await nodes.after(8)
        assert ada.signals[-1].count == 1


async def test_a_lost_note_shows_in_the_next_one_and_all_is_asked_for_anew(tmp_path: Path) -> None:
    async with opened_nodes(tmp_path, 3) as nodes:
        await nodes[2].person("zoe", "general")
        ada = await screen(nodes[0])
        await nodes[1].person("bob", "general")
        await nodes.after(5)
        nodes.bus.carries = lambda node, item: not (node == 1 and isinstance(item, PresenceHere))
        await nodes[1].person("cyd", "general")
        await nodes.after(2)
        nodes.bus.carries = lambda _node, _item: True
        nodes.bus.published.clear()
        await nodes[1].person("dan", "general")
        await nodes.after(4)
        assert ada.shown == ["ada", "bob", "cyd", "dan", "zoe"]
        assert [note.of for note in nodes.bus.wanted() if note.fresh] == ["n1"]


async def test_a_lost_last_note_heals_when_the_lease_is_renewed(tmp_path: Path) -> None:
    async with opened_nodes(tmp_path, 2) as nodes:
        ada = await screen(nodes[0])
        await nodes[1].person("bob", "general")
        await nodes.after(5)
        nodes.bus.carries = lambda _node, item: not isinstance(item, PresenceHere)
        await nodes[1].person("cyd", "general")
        await nodes.after(2)
        nodes.bus.carries = lambda _node, _item: True
        await nodes.after(13)
        assert ada.shown == ["ada", "bob", "cyd"]


async def test_looking_at_rooms_in_turn_asks_no_more_often(tmp_path: Path) -> None:
    async with opened_nodes(tmp_path, 2) as nodes:
        await nodes[0].room("other")
        ada = await nodes[0].person("ada", "general")
        await ada.ask(Join(RoomId("other")), Joined)
        for _ in range(50):
            for room in ("general", "other"):
                await ada.ask(Watch(RoomId(room)), Watching)
        assert len(nodes.bus.wanted()) == 2


async def test_two_thousand_joins_are_a_note_a_second(tmp_path: Path) -> None:
    """A storm does not multiply traffic: nodes x watched rooms a second, whatever the number of joins."""
    async with opened_nodes(tmp_path, 2, ChatSettings(grace_seconds=0.5)) as nodes:
        ada = await screen(nodes[0])
        people = [await nodes[1].person(f"p{i}", "general") for i in range(100)]
        await nodes.after(5)
        nodes.bus.published.clear()
        began = nodes.clock.now
        joins = 0
        for _ in range(20):
            for person in people:
                person.leave()
            await nodes.after(1.5)
            people = [await nodes[1].person(f"p{index}", "general") for index in range(100)]
            joins += len(people)
            await nodes.after(1.5)
        seconds = nodes.clock.now - began
        assert (joins, seconds) == (2_000, 60)
        notes = len(nodes.bus.here()) + len(nodes.bus.wanted())
        assert 20 <= notes <= len(nodes) * (seconds + 1)
        await nodes.after(5)
        assert len(ada.shown) == 101


async def test_many_new_people_in_a_moment_are_one_note(tmp_path: Path) -> None:
    async with opened_nodes(tmp_path, 2) as nodes:
        ada = await screen(nodes[0])
        await nodes[1].person("bob", "general")
        await nodes.after(5)
        nodes.bus.published.clear()
        for i in range(150):
            await nodes[1].person(f"p{i}", "general")
        await nodes.after(2)
        assert len(ada.shown) == 152
        assert len(nodes.bus.here()) == 1


async def test_the_list_of_members_knows_who_is_online_elsewhere(tmp_path: Path) -> None:
    async with opened_nodes(tmp_path, 2) as nodes:
        ada = await screen(nodes[0])
        await nodes[1].person("bob", "general")
        await nodes.after(5)
        page = await ada.person.ask(Members(GENERAL), MemberPage)
        assert {member.name: member.online for member in page.members} == {
            "ada": True,
            "bob": True,
            "founder": False,
        }


@pytest.mark.parametrize("seed", range(1, 9))
async def test_the_screens_are_right_in_the_end_whatever_the_bus_does(tmp_path: Path, seed: int) -> None:
    """People come, go and change nodes while the bus is bad. When that ends, every screen is right."""
    dice = random.Random(seed)
    async with opened_nodes(tmp_path, 3, seed=seed) as nodes:
        screens = [await screen(node, f"watcher{index}") for index, node in enumerate(nodes)]
        nodes.network.faults = Faults(drop=0.2, repeat=0.2, reorder=0.3, delay_seconds=1.5)
        people: dict[str, list[TestConnection]] = {name: [] for name in "bcdefg"}
        for _ in range(40):
            name = dice.choice("bcdefg")
            devices = people[name]
            if devices and dice.random() < 0.5:
                devices.pop(dice.randrange(len(devices))).leave()
            else:
                devices.append(await dice.choice(nodes).person(name, "general"))
            await nodes.after(dice.random() * 2)
        assert nodes.network.dropped > 0
        nodes.network.faults = NO_FAULTS
        await nodes.after(30)
        online = sorted([*(name for name, devices in people.items() if devices), "watcher0", "watcher1", "watcher2"])
        assert [one.shown for one in screens] == [online] * 3
