"""Commands of one connection take effect and are answered in the order in which they came."""

from __future__ import annotations

from pathlib import Path

import pytest

from hubbub.chat import ChatSettings
from hubbub.vocabulary import (
    CreateRoom,
    History,
    Join,
    Joined,
    RoomEntry,
    RoomId,
    RoomList,
    Rooms,
    Send,
    Sent,
    Typing,
    Watch,
    Watching,
)
from tests.chat.client import Failed, Replied
from tests.chat.world import World, opened

GENERAL = RoomId("general")


async def test_what_comes_behind_a_slow_command_waits_for_it(world: World) -> None:
    ada = await world.person("ada")
    refs = [
        ada.begin(command)
        for command in (
            CreateRoom(GENERAL),
            Join(GENERAL),
            Send(GENERAL, "hello", "n1"),
            Watch(GENERAL),
            Typing(GENERAL),
            History(GENERAL),
        )
    ]
    for ref in refs:
        assert not isinstance(await ada.answer(ref), Failed)
    answered = [one.ref for one in ada.log if isinstance(one, Replied)]
    assert sorted(answered) == refs
    assert answered.index(refs[2]) < answered.index(refs[5])


async def test_too_many_waiting_commands_are_refused_and_the_others_are_done(tmp_path: Path) -> None:
    async with opened(tmp_path, ChatSettings(backlog_commands=3)) as world:
        ada = await world.person("ada")
        refs = [ada.begin(Rooms()) for _ in range(5)]
        assert [isinstance(await ada.answer(ref), RoomList) for ref in refs] == [True, True, True, False, False]
        assert await ada.answer(refs[4]) == Failed(refs[4], "rate_limited")
        assert world.chat.counters.refused_commands == 2
        await ada.ask(Rooms(), RoomList)


async def test_a_hundred_joins_at_once_are_all_done(world: World) -> None:
    """An event stream that resumes, or a client in many rooms, begins so."""
    ada = await world.person("ada")
    rooms = [RoomId(f"room{number}") for number in range(100)]
    for room in rooms:
        await ada.ask(CreateRoom(room), RoomEntry)
    refs = [ada.begin(Join(room, since=1)) for room in rooms]
    assert all([isinstance(await ada.answer(ref), Joined) for ref in refs])
    for room in rooms:
        await ada.has(room, 2)


async def test_a_client_that_does_not_read_is_given_no_further_answers(world: World) -> None:
    ada = await world.person("ada")
    ada.fill()
    ref = ada.begin(Rooms())
    bob = await world.person("bob")
    await bob.ask(Rooms(), RoomList)
    assert ref not in [one.ref for one in ada.all(Replied)]
    ada.drain()
    assert isinstance(await ada.answer(ref), RoomList)


async def test_a_client_that_does_not_read_and_goes_is_forgotten(world: World) -> None:
    ada = await world.person("ada")
    ada.fill()
    ada.begin(CreateRoom(GENERAL))
    await world.ticks()
    ada.leave()
    bob = await world.person("bob")
    await bob.ask(CreateRoom(GENERAL), RoomEntry)


async def test_a_buffer_that_empties_before_it_is_reported_holds_nothing_up(world: World) -> None:
    """The handler is told of a full buffer a tick later: by then it may have been emptied again."""
    ada = await world.person("ada")
    ada.paused = True
    ref = ada.begin(Rooms())
    await world.ticks()
    assert ref not in [one.ref for one in ada.all(Replied)]
    ada.drain()
    assert isinstance(await ada.answer(ref), RoomList)
    assert world.chat.counters.lagging == 0


async def test_a_bug_is_an_internal_error_and_the_next_command_works(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    await world.room()
    ada = await world.person("ada")
    world.store.fail("rooms.of_user", ZeroDivisionError("secret detail"))
    assert await ada.refused(Rooms()) == "internal"
    world.store.repair("rooms.of_user")
    await ada.ask(Rooms(), RoomList)
    assert world.chat.counters.failures == 1
    assert "secret detail" in caplog.text


async def test_signals_need_a_joined_room(world: World) -> None:
    await world.room()
    ada = await world.person("ada")
    for command in (Watch(GENERAL), Typing(GENERAL)):
        assert await ada.refused(command) == "room_forbidden"
    await ada.ask(Join(GENERAL), Joined)
    await ada.ask(Watch(GENERAL), Watching)
    assert await ada.ask(Watch(None), Watching) == Watching(None)
    ada.forget()
    ada.tell(Watch(GENERAL))
    ada.tell(Typing(GENERAL))
    assert ada.log == []
    await ada.ask(Send(GENERAL, "hello", "n"), Sent)
