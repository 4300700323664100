"""Saying something, and who gets it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from hubbub.chat import ChatSettings
from hubbub.errors import BadField, Internal, NotJoined, ShuttingDown, StoreUnavailable, TextEmpty, UnknownCommand
from hubbub.vocabulary import (
    Auth,
    Done,
    EventPage,
    History,
    Join,
    Leave,
    Message,
    RoomId,
    Send,
    Sent,
    Typing,
    Watch,
)
from tests.chat.client import Failed, Replied, TestConnection
from tests.chat.world import World, opened, say
from tests.contracts.people import leave

GENERAL = RoomId("general")


def raising(error: Exception) -> Callable[[object], object]:
    """An edit of an answer: the call raises instead."""

    def change(_answer: object) -> object:
        raise error

    return change


async def two(world: World) -> tuple[TestConnection, TestConnection]:
    await world.room()
    return await world.person("ada", "general"), await world.person("bob", "general")


async def test_a_message_reaches_all_members_and_its_sender_gets_the_reply_first(
    world: World,
) -> None:
    ada, bob = await two(world)
    (sent,) = await say(ada, "hello")
    await bob.has("general", sent.seq)
    await ada.has("general", sent.seq)
    expected = Message(GENERAL, sent.seq, world.user("ada").name, sent.ts, "hello")
    assert bob.events("general") == [expected]
    reply = next(i for i, one in enumerate(ada.log) if isinstance(one, Replied) and one.ok == sent)
    assert reply < ada.log.index(expected)


async def test_replies_come_before_events_for_every_message_of_a_group(world: World) -> None:
    ada, bob = await two(world)
    texts = [f"m{i}" for i in range(50)]
    await say(ada, *texts)
    await bob.has("general", 54)
    assert bob.texts("general") == texts
    seen: set[int] = set()
    for one in ada.log:
        if isinstance(one, Replied) and isinstance(one.ok, Sent):
            seen.add(one.ok.seq)
        if isinstance(one, Message):
            assert one.seq in seen


async def test_what_one_tick_reads_is_one_group(world: World) -> None:
    ada, bob = await two(world)
    refs = [(person, person.begin(Send(GENERAL, f"m{i}", f"n{i}"))) for i in range(20) for person in (ada, bob)]
    for person, ref in refs:
        await person.answer(ref)
    assert [len(group) for group in world.store.groups] == [40]
    assert world.chat.counters.groups == 1
    assert world.chat.counters.sends == 40


async def test_sends_during_a_commit_form_the_next_group(world: World) -> None:
    ada, bob = await two(world)
    world.store.hold("events.append")
    first = ada.begin(Send(GENERAL, "first", "n1"))
    await world.store.reached("events.append")
    later = [bob.begin(Send(GENERAL, f"later {i}", f"n{i}")) for i in range(3)]
    world.store.release("events.append")
    await ada.answer(first)
    for ref in later:
        await bob.answer(ref)
    assert [len(group) for group in world.store.groups] == [1, 3]


async def test_what_clients_send_at_a_groups_events_joins_those_that_waited_already(world: World) -> None:
    """The next group is taken after this one's events were written out and what came meanwhile was read."""
    ada, bob = await two(world)
    first = Message(GENERAL, 5, world.user("ada").name, world.clock.ms(), "first")
    bob.heard = lambda received: bob.tell(Send(GENERAL, "answer", "n3")) if received == first else None
    world.store.hold("events.append")
    ada.begin(Send(GENERAL, "first", "n1"))
    await world.store.reached("events.append")
    ada.begin(Send(GENERAL, "waiting", "n2"))
    world.store.release("events.append")
    await ada.has("general", 7)
    assert [len(group) for group in world.store.groups] == [1, 2]


async def test_a_nonce_is_stored_once_and_its_event_comes_once(world: World) -> None:
    ada, bob = await two(world)
    first = await ada.ask(Send(GENERAL, "hello", "n1"), Sent)
    again = await ada.ask(Send(GENERAL, "hello", "n1"), Sent)
    assert again == Sent(first.seq, first.ts, repeat=True)
    await say(bob, "end")
    await bob.has("general", first.seq + 1)
    assert bob.texts("general") == ["hello", "end"]
    assert world.chat.counters.repeats == 1


async def test_a_nonce_twice_in_one_group_is_stored_once(world: World) -> None:
    ada, bob = await two(world)
    refs = [ada.begin(Send(GENERAL, "hello", "n1")) for _ in range(2)]
    first, second = [await ada.answer(ref) for ref in refs]
    assert isinstance(first, Sent)
    assert isinstance(second, Sent)
    assert (second.seq, second.repeat) == (first.seq, True)
    await say(bob, "end")
    await bob.has("general", first.seq + 1)
    assert bob.texts("general") == ["hello", "end"]


async def test_a_send_without_ref_is_not_answered_unless_it_fails(world: World) -> None:
    ada, _ = await two(world)
    ada.forget()
    ada.tell(Send(GENERAL, "hello", "n1"))
    await ada.has("general", 5)
    assert [type(one) for one in ada.log] == [Message]
    ada.tell(Send(GENERAL, " ", "n2"))
    assert ada.log[-1] == Failed(None, "text_empty")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "text_empty"),
        (" \n\t", "text_empty"),
        ("\u200b\u2060 \u3164", "text_empty"),
        ("\u202e\u0301", "text_empty"),
        ("x" * 101, "text_too_long"),
        ("ä" * 51, "text_too_long"),
        ("ok \ud800", "bad_field"),
    ],
)
async def test_texts_that_are_refused(tmp_path: Path, text: str, code: str) -> None:
    async with opened(tmp_path, ChatSettings(text_bytes=100)) as world:
        ada, bob = await two(world)
        assert await ada.refused(Send(GENERAL, text, "n1")) == code
        await say(ada, "x" * 100, "ä" * 50)
        await bob.has("general", 6)
        assert bob.texts("general") == ["x" * 100, "ä" * 50]


async def test_a_nonce_may_be_any_unicode_and_nothing_else(world: World) -> None:
    ada, _ = await two(world)
    assert await ada.refused(Send(GENERAL, "hello", "\udfff")) == "bad_field"
    await ada.ask(Send(GENERAL, "hello", "ñ"), Sent)


async def test_a_send_to_a_room_that_was_not_joined_says_why(world: World) -> None:
    await world.room()
    await world.room("other", by="ada")
    ada = await world.person("ada")
    assert await ada.refused(Send(RoomId("nowhere"), "hello", "n1")) == "unknown_room"
    assert await ada.refused(Send(GENERAL, "hello", "n1")) == "room_forbidden"
    assert await ada.refused(Send(RoomId("other"), "hello", "n1")) == "not_joined"


async def test_when_the_store_fails_every_sender_is_told_to_try_again(world: World) -> None:
    ada, bob = await two(world)
    world.store.fail("events.append", StoreUnavailable())
    refs = ada.begin(Send(GENERAL, "a", "n1")), bob.begin(Send(GENERAL, "b", "n1"))
    assert await ada.answer(refs[0]) == Failed(refs[0], "store_unavailable")
    assert await bob.answer(refs[1]) == Failed(refs[1], "store_unavailable")
    world.store.repair("events.append")
    await ada.ask(Send(GENERAL, "a", "n1"), Sent)
    await bob.has("general", 5)
    assert bob.texts("general") == ["a"]
    assert world.chat.counters.refused_sends == 2


async def test_a_bug_in_the_store_is_an_internal_error_and_sending_goes_on(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    ada, _ = await two(world)
    world.store.fail("events.append", ZeroDivisionError())
    assert await ada.refused(Send(GENERAL, "a", "n1")) == "internal"
    world.store.repair("events.append")
    world.store.edit("events.append", lambda outcomes: [])
    ada.begin(Send(GENERAL, "a", "n1"))
    await ada.ask(History(GENERAL), EventPage)
    world.store.repair("events.append")
    assert (await ada.ask(Send(GENERAL, "a", "n1"), Sent)).repeat
    assert world.chat.counters.failures == 2
    assert len(caplog.records) == 2


async def test_more_sends_than_may_wait_are_refused_at_once(tmp_path: Path) -> None:
    async with opened(tmp_path, ChatSettings(pending_sends=2)) as world:
        ada, _ = await two(world)
        refs = [ada.begin(Send(GENERAL, "x", f"n{i}")) for i in range(3)]
        assert await ada.answer(refs[2]) == Failed(refs[2], "store_unavailable")
        assert isinstance(await ada.answer(refs[1]), Sent)


async def test_a_member_who_left_elsewhere_is_refused_by_the_store(world: World) -> None:
    ada, bob = await two(world)
    await leave(world.store, world.user_id("ada"), now_ms=world.clock.ms())
    ref = ada.begin(Send(GENERAL, "hello", "n1"))
    assert await ada.answer(ref) == Failed(ref, "room_forbidden")
    assert world.chat.counters.refused_sends == 1
    assert bob.texts("general") == []


async def test_a_leave_takes_effect_after_the_sends_before_it(world: World) -> None:
    ada, bob = await two(world)
    sends = [ada.begin(Send(GENERAL, f"m{i}", f"n{i}")) for i in range(3)]
    left = ada.begin(Leave(GENERAL))
    after = ada.begin(Send(GENERAL, "late", "n9"))
    assert isinstance(await ada.answer(left), Done)
    assert [isinstance(await ada.answer(ref), Sent) for ref in sends] == [True] * 3
    assert await ada.answer(after) == Failed(after, "room_forbidden")
    await bob.has("general", 8)
    assert bob.texts("general") == ["m0", "m1", "m2"]


async def test_at_the_end_sends_taken_are_answered_and_later_ones_refused(world: World) -> None:
    ada, _ = await two(world)
    taken = ada.begin(Send(GENERAL, "last words", "n1"))
    await world.chat.close()
    assert isinstance(await ada.answer(taken), Sent)
    late = ada.begin(Send(GENERAL, "too late", "n2"))
    assert await ada.answer(late) == Failed(late, "shutting_down")
    with pytest.raises(ShuttingDown):
        await world.chat.perform(world.actors["ada"], Send(GENERAL, "too late", "n3"))
    with pytest.raises(ShuttingDown):
        await world.connect()


class TestWithoutAConnection:
    """What REST does."""

    async def test_a_send_is_the_same_send(self, world: World) -> None:
        _, bob = await two(world)
        ada = world.actors["ada"]
        sent = await world.chat.perform(ada, Send(GENERAL, "hello", "n1"))
        assert isinstance(sent, Sent)
        await bob.has("general", sent.seq)
        assert bob.texts("general") == ["hello"]
        again = await world.chat.perform(ada, Send(GENERAL, "hello", "n1", ref=7))
        assert again == Sent(sent.seq, sent.ts, repeat=True)

    async def test_its_errors_are_raised(self, world: World) -> None:
        await two(world)
        ada = world.actors["ada"]
        with pytest.raises(TextEmpty):
            await world.chat.perform(ada, Send(GENERAL, "", "n1"))
        with pytest.raises(BadField):
            await world.chat.perform(ada, Send(GENERAL, "hello", "\ud800"))
        world.store.fail("events.append", Internal())
        with pytest.raises(Internal):
            await world.chat.perform(ada, Send(GENERAL, "hello", "n1"))

    @pytest.mark.parametrize("error", [None, StoreUnavailable()])
    async def test_a_caller_who_gave_up_disturbs_nobody(self, world: World, error: StoreUnavailable | None) -> None:
        _, bob = await two(world)
        world.store.hold("events.append")
        if error is not None:
            world.store.edit("events.append", raising(error))
        call = asyncio.create_task(world.chat.perform(world.actors["ada"], Send(GENERAL, "hello", "n1")))
        await world.store.reached("events.append")
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        world.store.release("events.append")
        await bob.ask(History(GENERAL), EventPage)
        world.store.repair("events.append")
        assert (await say(bob, "end"))[0].seq == 6
        assert world.chat.counters.failures == 0

    async def test_what_needs_a_live_subscription_is_refused(self, world: World) -> None:
        await two(world)
        ada = world.actors["ada"]
        with pytest.raises(NotJoined):
            await world.chat.perform(ada, Typing(GENERAL))
        with pytest.raises(NotJoined):
            await world.chat.perform(ada, Watch(GENERAL))
        with pytest.raises(UnknownCommand):
            await world.chat.perform(ada, Auth("token"))

    async def test_joining_makes_a_member_only(self, world: World) -> None:
        await world.room()
        ada = await world.account("ada")
        joined = await world.chat.perform(ada, Join(GENERAL))
        again = await world.chat.perform(ada, Join(GENERAL))
        assert joined == again
        await world.chat.perform(ada, Send(GENERAL, "hello", "n1"))
        page = await world.chat.perform(ada, History(GENERAL))
        assert isinstance(page, EventPage)
        assert [event.seq for event in page.events] == [1, 2, 3, 4]
