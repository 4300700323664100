"""Who is online in the watched room."""

from __future__ import annotations

from pathlib import Path

from hubbub.chat import ChatSettings
from hubbub.vocabulary import Done, Join, Joined, Leave, Presence, RoomId, UserName, Watch, Watching
from tests.chat.client import TestConnection
from tests.chat.world import World, opened

GENERAL = RoomId("general")


def names(*some: str) -> list[UserName]:
    return [UserName(name) for name in some]


async def watcher(world: World, name: str = "ada") -> TestConnection:
    person = await world.person(name, "general")
    await person.ask(Watch(GENERAL), Watching)
    person.forget()
    return person


async def after(world: World, seconds: float) -> None:
    world.clock.advance(seconds)
    await world.ticks()


async def test_watching_shows_who_is_here(world: World) -> None:
    await world.room()
    await world.person("bob", "general")
    await world.person("bob", "general")
    ada = await world.person("ada", "general")
    assert await ada.ask(Watch(GENERAL), Watching) == Watching(GENERAL, 2, names("ada", "bob"))


async def test_who_comes_and_goes_is_told_together_at_most_once_a_second(world: World) -> None:
    await world.room()
    ada = await watcher(world)
    for name in ("bob", "cyd", "dan"):
        await world.person(name, "general")
    assert ada.all(Presence) == []
    await after(world, 1)
    assert ada.all(Presence) == [Presence(GENERAL, 4, online=names("bob", "cyd", "dan"))]
    await after(world, 10)
    assert len(ada.all(Presence)) == 1


async def test_who_goes_is_offline_after_the_grace(world: World) -> None:
    await world.room()
    ada = await watcher(world)
    bob = await world.person("bob", "general")
    await after(world, 1)
    bob.leave()
    await after(world, 2)
    assert len(ada.all(Presence)) == 1
    await after(world, 2)
    assert ada.all(Presence)[1:] == [Presence(GENERAL, 1, offline=names("bob"))]


async def test_a_quick_reconnect_is_not_seen(world: World) -> None:
    await world.room()
    bob = await world.person("bob", "general")
    ada = await watcher(world)
    for _ in range(3):
        bob.leave()
        await after(world, 2)
        bob = await world.person("bob", "general")
    await after(world, 30)
    assert ada.all(Presence) == []


async def test_one_of_several_connections_going_is_not_seen(world: World) -> None:
    await world.room()
    phone, _laptop = await world.person("bob", "general"), await world.person("bob", "general")
    ada = await watcher(world)
    phone.leave()
    await after(world, 30)
    assert ada.all(Presence) == []


async def test_who_leaves_the_room_is_offline_in_it_at_once(world: World) -> None:
    await world.room()
    bob = await world.person("bob", "general")
    ada = await watcher(world)
    await bob.ask(Leave(GENERAL), Done)
    await after(world, 1)
    assert ada.all(Presence) == [Presence(GENERAL, 1, offline=names("bob"))]


async def test_who_leaves_the_room_during_the_grace_is_offline_once(world: World) -> None:
    await world.room()
    bob = await world.person("bob", "general")
    ada = await watcher(world)
    bob.leave()
    await world.chat.perform(world.actors["bob"], Leave(GENERAL))
    await after(world, 30)
    assert ada.all(Presence) == [Presence(GENERAL, 1, offline=names("bob"))]


async def test_coming_and_leaving_within_a_second_is_not_told(world: World) -> None:
    await world.room()
    ada = await watcher(world)
    bob = await world.person("bob", "general")
    await bob.ask(Leave(GENERAL), Done)
    await after(world, 1)
    assert ada.all(Presence) == []


async def test_only_the_watched_room_is_told(world: World) -> None:
    await world.room()
    await world.room("other")
    ada = await watcher(world)
    await ada.ask(Join(RoomId("other")), Joined)
    await ada.ask(Watch(RoomId("other")), Watching)
    ada.forget()
    await world.person("bob", "general")
    await after(world, 1)
    assert ada.log[-1:] != [Presence(GENERAL, 2, online=names("bob"))]
    assert ada.all(Presence) == []
    await world.person("cyd", "other")
    await after(world, 1)
    assert ada.all(Presence) == [Presence(RoomId("other"), 2, online=names("cyd"))]


async def test_nobody_is_told_after_the_last_watcher_has_gone(world: World) -> None:
    await world.room()
    ada = await watcher(world)
    await world.person("bob", "general")
    ada.leave()
    await after(world, 1)
    assert world.chat.counters.signals == 0


async def test_leaving_the_room_ends_watching_it(world: World) -> None:
    await world.room()
    ada = await watcher(world)
    await ada.ask(Leave(GENERAL), Done)
    await world.person("bob", "general")
    await after(world, 1)
    assert ada.all(Presence) == []


async def test_a_crowd_is_a_number_and_names_come_back_below_it(tmp_path: Path) -> None:
    async with opened(tmp_path, ChatSettings(crowd=2)) as world:
        await world.room()
        ada = await watcher(world)
        bob = await world.person("bob", "general")
        cyd = await world.person("cyd", "general")
        await after(world, 1)
        assert ada.all(Presence) == [Presence(GENERAL, 3)]
        assert await cyd.ask(Watch(GENERAL), Watching) == Watching(GENERAL, 3)
        bob.leave()
        await after(world, 5)
        assert ada.all(Presence)[-1] == Presence(GENERAL, 2, online=names("ada", "cyd"))


async def test_the_first_watcher_of_a_crowd_gets_names_when_it_has_become_small(tmp_path: Path) -> None:
    async with opened(tmp_path, ChatSettings(crowd=2)) as world:
        await world.room()
        bob = await world.person("bob", "general")
        await world.person("cyd", "general")
        ada = await watcher(world)
        bob.leave()
        await after(world, 5)
        assert ada.all(Presence) == [Presence(GENERAL, 2, online=names("ada", "cyd"))]


async def test_many_watchers_are_told_more_rarely(tmp_path: Path) -> None:
    """Five writes a second are allowed here; ten people watch: a signal each two seconds."""
    async with opened(tmp_path, ChatSettings(presence_writes=5)) as world:
        await world.room()
        watchers = [await watcher(world, f"w{i}") for i in range(10)]
        await after(world, 5)
        watchers[0].forget()
        for i in range(6):
            await world.person(f"p{i}", "general")
            await after(world, 1)
        assert len(watchers[0].all(Presence)) == 3


async def test_the_signals_applied_to_an_old_state_give_the_new_one(world: World) -> None:
    await world.room()
    ada = await world.person("ada", "general")
    online = set((await ada.ask(Watch(GENERAL), Watching)).online)
    people: dict[str, TestConnection] = {}
    for step, name in enumerate("bcdbecbd"):
        if name in people:
            people.pop(name).leave()
        else:
            people[name] = await world.person(name, "general")
        await after(world, step % 3)
    await after(world, 10)
    for signal in ada.all(Presence):
        online |= set(signal.online)
        online -= set(signal.offline)
        assert signal.count >= 1
    fresh = await ada.ask(Watch(GENERAL), Watching)
    assert (sorted(online), len(online)) == (fresh.online, fresh.count)
    assert ada.all(Presence)[-1].count == fresh.count
