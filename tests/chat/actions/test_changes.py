"""Changing, deleting and reacting: who gets what, in which order, and who may."""

from __future__ import annotations

from pathlib import Path

import pytest

from hubbub.chat import ChatSettings
from hubbub.errors import NotYours, RoomForbidden, UnknownMessage
from hubbub.vocabulary import (
    ChangeRoom,
    Delete,
    Edit,
    Event,
    Join,
    Joined,
    Leave,
    MessageDeleted,
    MessageEdited,
    React,
    ReactionAdded,
    ReactionPage,
    ReactionRemoved,
    ReadReactions,
    ReadVersions,
    RoomChanged,
    RoomId,
    Send,
    Sent,
    Unreact,
    Versions,
)
from tests.chat.client import Failed, Replied, TestConnection
from tests.chat.world import World, opened, say

GENERAL = RoomId("general")


async def two(world: World) -> tuple[TestConnection, TestConnection]:
    """Ada and bob, in a room that a third one has made."""
    await world.room()
    return await world.person("ada", "general"), await world.person("bob", "general")


async def test_changes_reach_all_and_who_changed_knows_the_seq_before_the_event(world: World) -> None:
    ada, bob = await two(world)
    (said,) = await say(ada, "helo")
    edited = await ada.ask(Edit(GENERAL, said.seq, "hello", "n1"), Sent)
    added = await bob.ask(React(GENERAL, said.seq, "❤", "n1"), Sent)
    removed = await bob.ask(Unreact(GENERAL, said.seq, "❤️", "n2"), Sent)
    deleted = await ada.ask(Delete(GENERAL, said.seq, "n2"), Sent)
    name = {person: world.user(person).name for person in ("ada", "bob")}
    expected: list[Event] = [
        MessageEdited(GENERAL, edited.seq, name["ada"], edited.ts, said.seq, "hello"),
        ReactionAdded(GENERAL, added.seq, name["bob"], added.ts, said.seq, "❤️"),
        ReactionRemoved(GENERAL, removed.seq, name["bob"], removed.ts, said.seq, "❤️"),
        MessageDeleted(GENERAL, deleted.seq, name["ada"], deleted.ts, said.seq),
    ]
    for person in (ada, bob):
        await person.has("general", deleted.seq)
        assert person.events("general")[-4:] == expected
    for event, person in zip(expected, (ada, bob, bob, ada), strict=True):
        sent = Sent(event.seq, event.ts)
        reply = next(i for i, one in enumerate(person.log) if isinstance(one, Replied) and one.ok == sent)
        assert reply < person.log.index(event)


async def test_sends_and_changes_of_one_tick_are_one_group_in_the_order_of_asking(world: World) -> None:
    ada, bob = await two(world)
    (said,) = await say(ada, "a")
    before = world.chat.counters.groups
    refs = [
        ada.begin(Edit(GENERAL, said.seq, "b", "n1")),
        ada.begin(Send(GENERAL, "c", "n2", said.seq)),
        ada.begin(React(GENERAL, said.seq, "👍", "n3")),
        ada.begin(Delete(GENERAL, said.seq, "n4")),
        ada.begin(React(GENERAL, said.seq, "👎", "n5")),
    ]
    answers = [await ada.answer(ref) for ref in refs]
    assert world.chat.counters.groups == before + 1
    assert [answer.seq for answer in answers[:4] if isinstance(answer, Sent)] == [6, 7, 8, 9]
    assert answers[4] == Failed(refs[4], "message_deleted")
    await bob.has("general", 9)


async def test_an_administrator_deletes_what_others_said_and_changes_none_of_it(world: World) -> None:
    ada, bob = await two(world)
    founder = await world.person("founder", "general")  # the first account of a store
    first, second = await say(bob, "spam", "more spam")
    assert await ada.refused(Delete(GENERAL, first.seq, "n1")) == "not_yours"
    assert await founder.refused(Edit(GENERAL, first.seq, "-", "n1")) == "not_yours"
    assert not (await founder.ask(Delete(GENERAL, first.seq, "n2"), Sent)).repeat
    assert (await founder.ask(Delete(GENERAL, first.seq, "n2"), Sent)).repeat
    await world.chat.perform(world.actors["founder"], Leave(GENERAL))
    with pytest.raises(RoomForbidden):
        await world.chat.perform(world.actors["founder"], Delete(GENERAL, second.seq, "n3"))


async def test_who_left_changes_nothing_any_more(world: World) -> None:
    ada, _ = await two(world)
    (said,) = await say(ada, "a")
    await world.chat.perform(world.actors["ada"], Leave(GENERAL))
    for command in (
        Edit(GENERAL, said.seq, "b", "n1"),
        Delete(GENERAL, said.seq, "n2"),
        React(GENERAL, said.seq, "👍", "n3"),
    ):
        assert await ada.refused(command) == "room_forbidden"
        with pytest.raises(RoomForbidden):
            await world.chat.perform(world.actors["ada"], command)


async def test_versions_are_a_page_of_the_newest(tmp_path: Path) -> None:
    async with opened(tmp_path, ChatSettings(user_work_per_second=1e9)) as world:
        ada, _ = await two(world)
        (said,) = await say(ada, "0")
        for number in range(1, 51):
            await ada.ask(Edit(GENERAL, said.seq, f"{number}", f"n{number}"), Sent)
        page = await ada.ask(ReadVersions(GENERAL, said.seq), Versions)
        assert ([version.text for version in page.versions], page.more) == ([str(n) for n in range(1, 51)], True)
        for number in range(10):
            await ada.ask(Edit(GENERAL, said.seq, f"{number}" * 16_384, f"long {number}"), Sent)
        page = await ada.ask(ReadVersions(GENERAL, said.seq), Versions)
        assert ([version.text[0] for version in page.versions], page.more) == (list("23456789"), True)
        with pytest.raises(UnknownMessage):
            await world.chat.perform(world.actors["ada"], ReadVersions(GENERAL, 1))


async def test_who_reacted_comes_in_pages(world: World) -> None:
    ada, bob = await two(world)
    (said,) = await say(ada, "a")
    for person in (bob, ada, await world.person("carol", "general")):
        await person.ask(React(GENERAL, said.seq, "👍", person.id), Sent)
    first = await ada.ask(ReadReactions(GENERAL, said.seq, "👍", limit=2), ReactionPage)
    assert (first.users, first.more, first.total) == (["bob", "ada"], True, 3)
    second = await ada.ask(ReadReactions(GENERAL, said.seq, "👍", first.users[-1], limit=2), ReactionPage)
    assert (second.users, second.more, second.total) == (["carol"], False, 3)


async def test_rest_gets_what_the_store_refuses(world: World) -> None:
    _, bob = await two(world)
    (said,) = await say(bob, "a")
    with pytest.raises(NotYours):
        await world.chat.perform(world.actors["ada"], Edit(GENERAL, said.seq, "b", "n1"))


async def test_a_new_title_reaches_all_after_its_reply(world: World) -> None:
    ada, bob = await two(world)
    changed = await ada.ask(ChangeRoom(GENERAL, "n1", title="The hall"), Sent)
    await bob.has("general", changed.seq)
    await ada.has("general", changed.seq)
    expected = RoomChanged(GENERAL, changed.seq, world.user("ada").name, changed.ts, "The hall")
    assert bob.events("general")[-1] == expected
    assert ada.log.index(expected) > next(
        i for i, one in enumerate(ada.log) if isinstance(one, Replied) and one.ok == changed
    )
    joined = await bob.ask(Join(GENERAL), Joined)
    assert joined == Joined(GENERAL, changed.seq, 3, 0, "The hall", epoch=joined.epoch)


async def test_a_title_that_imitates_another_is_refused_until_that_one_changes(
    world: World,
) -> None:
    ada, _ = await two(world)
    await world.room("tea", "ada")
    await ada.ask(ChangeRoom(GENERAL, "n1", title="Announcements"), Sent)
    assert await ada.refused(ChangeRoom(RoomId("tea"), "n2", title="Αnnouncements")) == "bad_field"  # a Greek Alpha
    await ada.ask(ChangeRoom(GENERAL, "n2", title="The hall"), Sent)
    await ada.ask(ChangeRoom(RoomId("tea"), "n3", title="Αnnouncements"), Sent)
