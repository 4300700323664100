"""Creating and finding rooms, reading their logs and members, read marks."""

from __future__ import annotations

import pytest

from hubbub.vocabulary import (
    CreateRoom,
    Directory,
    DirectoryPage,
    EventPage,
    History,
    Join,
    Joined,
    MemberPage,
    Members,
    Membership,
    Read,
    ReadChanged,
    ReadMark,
    RoomCreated,
    RoomEntry,
    RoomId,
    RoomList,
    Rooms,
    RoomState,
)
from tests.chat.world import World, say

GENERAL = RoomId("general")


async def test_a_new_room_has_its_creator_as_member_and_a_log_of_two(world: World) -> None:
    ada, other = await world.person("ada"), await world.person("ada")
    entry = await ada.ask(CreateRoom(GENERAL, "General", "All of us"), RoomEntry)
    assert entry == RoomEntry(GENERAL, "General", "All of us", members=1, member=True)
    page = await ada.ask(History(GENERAL), EventPage)
    assert [type(event).__name__ for event in page.events] == ["RoomCreated", "MemberJoined"]
    assert isinstance(page.events[0], RoomCreated)
    assert (page.events[0].title, page.events[0].topic) == ("General", "All of us")
    assert other.all(Membership) == [Membership(GENERAL, member=True)]
    assert ada.all(Membership) == []


@pytest.mark.parametrize("room", ["", "-a", "Up", "a b", "ü", "x" * 65, "a\n"])
async def test_a_bad_room_id_is_refused(world: World, room: str) -> None:
    ada = await world.person("ada")
    assert await ada.refused(CreateRoom(RoomId(room))) == "bad_field"


@pytest.mark.parametrize("text", ["two\nlines", "bell\x07", "\x7f", "\ud800", "\u200b", "Room \u202egnp.exe"])
async def test_a_title_or_topic_is_one_line_of_unicode(world: World, text: str) -> None:
    ada = await world.person("ada")
    assert await ada.refused(CreateRoom(GENERAL, title=text)) == "bad_field"
    assert await ada.refused(CreateRoom(GENERAL, topic=text)) == "bad_field"
    await ada.ask(CreateRoom(GENERAL, title="Grüße 👋"), RoomEntry)


async def test_a_room_exists_once(world: World) -> None:
    await world.room()
    ada = await world.person("ada")
    assert await ada.refused(CreateRoom(GENERAL)) == "room_exists"


async def test_the_directory_comes_in_pages_and_is_open_to_all(world: World) -> None:
    for room in ("a", "b", "c"):
        await world.room(room)
    ada = await world.person("ada", "b")
    first = await ada.ask(Directory(limit=2), DirectoryPage)
    assert ([entry.room for entry in first.rooms], first.more) == (["a", "b"], True)
    assert [entry.member for entry in first.rooms] == [False, True]
    rest = await ada.ask(Directory(after=RoomId("b"), limit=2), DirectoryPage)
    assert ([entry.room for entry in rest.rooms], rest.more) == (["c"], False)
    exact = await ada.ask(Directory(limit=3), DirectoryPage)
    assert (len(exact.rooms), exact.more) == (3, False)


async def test_my_rooms_count_what_others_said_since_i_read(world: World) -> None:
    await world.room()
    ada, bob = await world.person("ada", "general"), await world.person("bob", "general")
    await say(bob, "zero")
    await say(ada, "mine")
    await say(bob, "one", "two")
    (state,) = (await ada.ask(Rooms(), RoomList)).rooms
    assert isinstance(state, RoomState)
    assert (state.room, state.head, state.unread) == (GENERAL, 8, 2)


async def test_history_in_both_directions(world: World) -> None:
    await world.room()
    ada = await world.person("ada", "general")
    await say(ada, *[f"m{seq}" for seq in range(4, 11)])

    async def page(command: History) -> tuple[list[int], bool, int]:
        got = await ada.ask(command, EventPage)
        return [event.seq for event in got.events], got.more, got.head

    assert await page(History(GENERAL, limit=3)) == ([8, 9, 10], True, 10)
    assert await page(History(GENERAL, before=4, limit=3)) == ([1, 2, 3], False, 10)
    assert await page(History(GENERAL, before=1)) == ([], False, 10)
    assert await page(History(GENERAL, after=0, limit=3)) == ([1, 2, 3], True, 10)
    assert await page(History(GENERAL, after=7, limit=3)) == ([8, 9, 10], False, 10)
    assert await page(History(GENERAL, after=10)) == ([], False, 10)
    assert await ada.refused(History(GENERAL, before=3, after=3)) == "bad_field"


async def test_only_members_read_a_room(world: World) -> None:
    await world.room()
    ada = await world.person("ada")
    for command in (History(GENERAL), Members(GENERAL), Read(GENERAL, 1)):
        assert await ada.refused(command) == "room_forbidden"
    for command in (History(RoomId("x")), Members(RoomId("x")), Read(RoomId("x"), 1)):
        assert await ada.refused(command) == "unknown_room"


async def test_members_by_name_with_who_is_online(world: World) -> None:
    await world.room()
    bob = await world.person("bob", "general")
    ada = await world.person("ada", "general")
    first = await ada.ask(Members(GENERAL, limit=2), MemberPage)
    assert ([member.name for member in first.members], first.more, first.total) == (["ada", "bob"], True, 3)
    assert [member.online for member in first.members] == [True, True]
    assert first.members[0].title == "Ada"
    bob.leave()
    rest = await ada.ask(Members(GENERAL, after="ada", limit=2), MemberPage)
    assert ([member.name for member in rest.members], rest.more) == (["bob", "founder"], False)
    assert [member.online for member in rest.members] == [False, False]


async def test_a_read_mark_moves_forward_and_my_other_connections_hear_of_it(world: World) -> None:
    await world.room()
    bob = await world.person("bob", "general")
    ada, other = await world.person("ada", "general"), await world.person("ada", "general")
    await say(bob, "one", "two", "three")
    assert await ada.ask(Read(GENERAL, 6), ReadMark) == ReadMark(GENERAL, 6, 1)
    assert await ada.ask(Read(GENERAL, 5), ReadMark) == ReadMark(GENERAL, 6, 1)
    assert await ada.refused(Read(GENERAL, 99)) == "cursor_ahead"
    await other.ask(Rooms(), RoomList)
    assert other.all(ReadChanged) == [ReadChanged(GENERAL, 6, 1)]
    assert ada.all(ReadChanged) == []
    assert bob.all(ReadChanged) == []


async def test_commands_without_ref_are_not_answered(world: World) -> None:
    ada = await world.person("ada")
    ada.forget()
    ada.tell(CreateRoom(GENERAL))
    await ada.ask(Rooms(), RoomList)
    assert len(ada.log) == 1


async def test_becoming_a_member_twice_at_once_is_becoming_one(world: World) -> None:
    """The second join finds, when it writes, that the first one has written."""
    await world.room()
    ada, other = await world.person("ada"), await world.person("ada")
    world.store.hold("rooms.head")
    first, second = ada.begin(Join(GENERAL)), other.begin(Join(GENERAL))
    await world.store.reached("rooms.head")
    world.store.release("rooms.head")
    assert isinstance(await ada.answer(first), Joined)
    assert isinstance(await other.answer(second), Joined)
    page = await ada.ask(History(GENERAL), EventPage)
    assert len(page.events) == 3
