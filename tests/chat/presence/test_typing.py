"""Who is typing in the watched room."""

from __future__ import annotations

from pathlib import Path

from hubbub.chat import ChatSettings
from hubbub.vocabulary import Done, Presence, RoomId, Typing, TypingChanged, Watch, Watching
from tests.chat.client import TestConnection
from tests.chat.world import World, opened

GENERAL = RoomId("general")


async def people(world: World) -> tuple[TestConnection, TestConnection]:
    await world.room()
    ada, bob = await world.person("ada", "general"), await world.person("bob", "general")
    for person in (ada, bob):
        await person.ask(Watch(GENERAL), Watching)
    return ada, bob


def said(person: TestConnection) -> list[bool]:
    return [signal.typing for signal in person.all(TypingChanged)]


async def test_watchers_are_told_but_not_the_typist_on_any_device(world: World) -> None:
    ada, bob = await people(world)
    other = await world.person("ada", "general")
    await other.ask(Watch(GENERAL), Watching)
    outside = await world.person("eve", "general")
    assert await ada.ask(Typing(GENERAL), Done) == Done()
    assert bob.all(TypingChanged) == [TypingChanged(GENERAL, world.user("ada").name)]
    assert said(ada) == said(other) == said(outside) == []


async def test_what_is_repeated_is_told_at_most_each_two_seconds(world: World) -> None:
    ada, bob = await people(world)
    for _ in range(9):
        ada.tell(Typing(GENERAL))
        world.clock.advance(0.5)
    assert said(bob) == [True, True, True]


async def test_stopping_is_told_when_two_seconds_are_over(world: World) -> None:
    ada, bob = await people(world)
    ada.tell(Typing(GENERAL))
    ada.tell(Typing(GENERAL, typing=False))
    assert said(bob) == [True]
    world.clock.advance(3)
    assert said(bob) == [True, False]
    world.clock.advance(3)
    ada.tell(Typing(GENERAL))
    assert said(bob) == [True, False, True]


async def test_stopping_later_is_told_at_once_and_only_once(world: World) -> None:
    ada, bob = await people(world)
    ada.tell(Typing(GENERAL))
    world.clock.advance(2.5)
    ada.tell(Typing(GENERAL, typing=False))
    ada.tell(Typing(GENERAL, typing=False))
    assert said(bob) == [True, False]
    ada.tell(Typing(GENERAL))  # too soon: told in a later tick
    assert said(bob) == [True, False]
    world.clock.advance(3)
    assert said(bob) == [True, False, True]


async def test_flapping_is_told_at_most_each_two_seconds(world: World) -> None:
    ada, bob = await people(world)
    for step in range(40):
        ada.tell(Typing(GENERAL, typing=step % 2 == 0))
        world.clock.advance(0.25)
    assert 3 <= len(said(bob)) <= 6


async def test_starting_again_before_the_stop_was_told_is_going_on(world: World) -> None:
    ada, bob = await people(world)
    ada.tell(Typing(GENERAL))
    ada.tell(Typing(GENERAL, typing=False))
    ada.tell(Typing(GENERAL))
    world.clock.advance(1)
    assert said(bob) == [True]


async def test_typing_that_is_not_repeated_is_over_without_a_word(world: World) -> None:
    ada, bob = await people(world)
    ada.tell(Typing(GENERAL))
    world.clock.advance(10)
    assert said(bob) == [True]
    ada.tell(Typing(GENERAL, typing=False))
    assert said(bob) == [True]
    ada.tell(Typing(GENERAL))
    assert said(bob) == [True, True]


async def test_stopping_what_never_began_is_nothing(world: World) -> None:
    ada, bob = await people(world)
    ada.tell(Typing(GENERAL, typing=False))
    assert said(bob) == []


async def test_in_a_crowd_nobody_is_told(tmp_path: Path) -> None:
    async with opened(tmp_path, ChatSettings(crowd=1)) as world:
        ada, bob = await people(world)
        ada.tell(Typing(GENERAL))
        assert said(bob) == []


async def test_unknown_signals_and_those_of_rooms_without_members_here_are_ignored(world: World) -> None:
    ada, _ = await people(world)
    ada.forget()
    world.chat.bus_receiver.signal(RoomId("nowhere"), TypingChanged(RoomId("nowhere"), world.user("ada").name))
    world.chat.bus_receiver.signal(GENERAL, Presence(GENERAL, 3))
    assert ada.log == []
