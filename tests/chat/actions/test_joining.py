"""Joining a room: the reply, the replay, then what comes, without a hole and without a repeat."""

from __future__ import annotations

import asyncio
from operator import itemgetter
from pathlib import Path

import pytest

from hubbub.chat import ChatSettings
from hubbub.errors import StoreUnavailable
from hubbub.vocabulary import (
    Done,
    EventPage,
    History,
    Join,
    Joined,
    Leave,
    MemberJoined,
    MemberLeft,
    Membership,
    RoomId,
    RoomList,
    Rooms,
    Send,
    Sent,
    Watch,
    Watching,
)
from tests.chat.client import Failed, Replied, TestConnection
from tests.chat.world import World, opened, say
from tests.contracts.people import join, leave

GENERAL = RoomId("general")


async def log_of(world: World, length: int) -> TestConnection:
    """The room `general` whose log has this length, and its founder in it."""
    await world.room()
    founder = await world.person("founder", "general")
    await say(founder, *[f"m{seq}" for seq in range(3, length + 1)])
    return founder


async def test_without_a_cursor_only_what_comes_after_the_reply_follows(world: World) -> None:
    founder = await log_of(world, 10)
    ada = await world.person("ada")
    joined = await ada.ask(Join(GENERAL), Joined)
    assert joined == Joined(GENERAL, head=11, read=10, unread=0, title="The room", epoch=joined.epoch)
    assert joined.epoch
    await say(founder, "new")
    await ada.has("general", 12)
    assert ada.seqs("general") == [12]


async def test_with_a_cursor_what_was_missed_follows_the_reply(world: World) -> None:
    await log_of(world, 10)
    founder = await world.person("founder")
    joined = await founder.ask(Join(GENERAL, since=4), Joined)
    assert joined.head == 10
    await founder.has("general", 10)
    assert founder.seqs("general") == [5, 6, 7, 8, 9, 10]
    reply = next(i for i, one in enumerate(founder.log) if isinstance(one, Replied))
    assert founder.log.index(founder.events("general")[0]) > reply


async def answered(person: TestConnection) -> None:
    await person.until(lambda: person.all(Replied) or None)


async def test_who_comes_back_together_with_one_cursor_shares_one_read(world: World) -> None:
    founder = await log_of(world, 10)
    people = [await world.person("founder") for _ in range(5)]
    world.store.hold("events.after")
    for one in people:
        one.begin(Join(GENERAL, since=4))
    await world.store.reached("events.after")
    for one in people:
        await answered(one)
    await world.ticks()
    people[0].leave()  # the one for whom it is read
    await say(founder, "meanwhile")
    world.store.release("events.after")
    for one in people[1:]:
        await one.has("general", 11)
        assert one.seqs("general") == [5, 6, 7, 8, 9, 10, 11]
    # the page that was being read ends at 10, and so they share another one
    assert world.store.calls.count("events.after") == 2


async def test_a_read_that_fails_fails_for_all_who_share_it_and_the_next_one_is_new(world: World) -> None:
    await log_of(world, 10)
    people = [await world.person("founder") for _ in range(3)]
    world.store.fail("events.after", StoreUnavailable())
    for one in people:
        one.begin(Join(GENERAL, since=4))
    for one in people:
        await one.gone()
    world.store.repair("events.after")
    again = await world.person("founder", "general", since=4)
    await again.has("general", 10)
    assert again.seqs("general") == [5, 6, 7, 8, 9, 10]


async def test_a_cursor_at_the_head_reads_nothing(world: World) -> None:
    founder = await log_of(world, 3)
    again = await world.person("founder", "general", since=3)
    assert "events.after" not in world.store.calls
    await say(founder, "new")
    await again.has("general", 4)
    assert again.seqs("general") == [4]


async def test_a_long_replay_comes_in_pages_and_ends_in_the_live_room(tmp_path: Path) -> None:
    async with opened(tmp_path, ChatSettings(page_events=7)) as world:
        founder = await log_of(world, 40)
        late = await world.person("founder", "general", since=0)
        refs = [founder.begin(Send(GENERAL, "more", f"more {i}")) for i in range(10)]
        for ref in refs:
            await founder.answer(ref)
        await late.has("general", 50)
        assert late.seqs("general") == list(range(1, 51))
        assert world.chat.counters.replays == 1
        assert world.chat.counters.replayed >= 40


async def test_what_is_committed_while_joining_is_not_missed(world: World) -> None:
    founder = await log_of(world, 3)
    ada = await world.person("ada")
    world.store.hold("rooms.head")
    ref = ada.begin(Join(GENERAL, since=1))
    await world.store.reached("rooms.head")
    await say(founder, "meanwhile")
    world.store.release("rooms.head")
    assert isinstance(await ada.answer(ref), Joined)
    await ada.has("general", 5)
    assert ada.seqs("general") == [2, 3, 4, 5]


async def test_events_during_the_first_reading_of_the_head_arrive_once(world: World) -> None:
    """Nobody was in the room on this node: the feed does not know its head yet."""
    await world.room()
    founder = world.actors["founder"]
    ada = await world.person("ada")
    world.store.hold("rooms.head")
    ref = ada.begin(Join(GENERAL))
    await world.store.reached("rooms.head")
    await world.chat.perform(founder, Send(GENERAL, "before the join", "n1"))
    world.store.release("rooms.head")
    joined = await ada.answer(ref)
    assert isinstance(joined, Joined)
    assert joined.head == 4
    await world.chat.perform(founder, Send(GENERAL, "after it", "n2"))
    await ada.has("general", 5)
    assert ada.seqs("general") == [5]


async def test_an_event_after_the_first_head_was_read_waits_until_the_feed_knows_it(world: World) -> None:
    await world.room()
    founder = world.actors["founder"]
    person = await world.person("founder")
    world.store.hold("rooms.head")
    ref = person.begin(Join(GENERAL))
    await world.store.reached("rooms.head")
    await world.chat.perform(founder, Send(GENERAL, "meanwhile", "n1"))
    world.store.release("rooms.head")
    joined = await person.answer(ref)
    assert isinstance(joined, Joined)
    assert joined.head == 2
    await person.has("general", 3)
    assert person.seqs("general") == [3]


async def test_a_cursor_beyond_the_log_is_refused_and_makes_nobody_a_member(world: World) -> None:
    await world.room()
    ada = await world.person("ada")
    assert await ada.refused(Join(GENERAL, since=3)) == "cursor_ahead"
    assert (await ada.ask(Rooms(), RoomList)).rooms == []
    assert not world.letterbox.follows("general")


async def test_an_unknown_room_is_refused_and_not_followed(world: World) -> None:
    ada = await world.person("ada")
    assert await ada.refused(Join(RoomId("nowhere"))) == "unknown_room"
    assert not world.letterbox.follows("nowhere")


async def test_joining_again_replays_again(world: World) -> None:
    founder = await log_of(world, 5)
    founder.forget()
    await founder.ask(Join(GENERAL, since=2), Joined)
    await founder.has("general", 5)
    await founder.ask(Join(GENERAL), Joined)
    await say(founder, "new")
    await founder.has("general", 6)
    assert founder.seqs("general") == [3, 4, 5, 6]


async def test_while_joining_again_nothing_comes_before_the_reply(world: World) -> None:
    founder = await log_of(world, 5)
    ada = await world.person("ada", "general")
    world.store.hold("rooms.head")
    ref = ada.begin(Join(GENERAL, since=5))
    await world.store.reached("rooms.head")
    await say(founder, "meanwhile")
    assert ada.seqs("general") == []
    world.store.release("rooms.head")
    await ada.answer(ref)
    await ada.has("general", 7)
    assert ada.seqs("general") == [6, 7]


@pytest.mark.parametrize("missed", [0, 1])
async def test_while_joining_again_a_full_buffer_that_empties_lets_nothing_through(world: World, missed: int) -> None:
    founder = await log_of(world, 5)
    ada = await world.person("ada", "general")
    world.store.hold("rooms.head")
    ref = ada.begin(Join(GENERAL, since=6))
    await world.store.reached("rooms.head")
    ada.fill()
    await say(founder, *["missed"] * missed)
    ada.drain()
    await say(founder, "meanwhile")
    await founder.ask(Watch(GENERAL), Watching)
    await world.store.events.after(GENERAL, 0, 1)  # a replay, if one had begun, would have its page by now
    await world.ticks()
    assert ada.seqs("general") == []
    world.store.release("rooms.head")
    await ada.answer(ref)
    await ada.has("general", 7 + missed)
    assert ada.seqs("general") == list(range(7, 8 + missed))


async def test_joining_again_that_fails_leaves_all_as_it_was(world: World) -> None:
    founder = await log_of(world, 5)
    ada = await world.person("ada", "general")
    assert await ada.refused(Join(GENERAL, since=99)) == "cursor_ahead"
    world.store.fail("rooms.head", StoreUnavailable())
    assert await ada.refused(Join(GENERAL, since=1)) == "store_unavailable"
    await say(founder, "new")
    await ada.has("general", 7)
    assert ada.seqs("general") == [7]


async def test_joining_again_during_a_replay_begins_anew(tmp_path: Path) -> None:
    async with opened(tmp_path, ChatSettings(page_events=3)) as world:
        await log_of(world, 12)
        late = await world.person("founder")
        world.store.hold("events.after")
        late.begin(Join(GENERAL, since=0))
        await world.store.reached("events.after")
        again = late.begin(Join(GENERAL, since=8))
        await late.answer(again)
        world.store.release("events.after")
        await late.has("general", 12)
        assert late.seqs("general") == [9, 10, 11, 12]


async def test_several_rooms_on_one_connection(world: World) -> None:
    ada = await world.person("ada")
    for room in ("one", "two", "three"):
        await world.room(room)
        await ada.ask(Join(RoomId(room)), Joined)
    for room in ("one", "two", "three"):
        await say(ada, f"in {room}", room=room)
        await ada.has(room, 4)
    assert [event.room for event in ada.events("one") + ada.events("two") + ada.events("three")] == [
        "one",
        "two",
        "three",
    ]
    await ada.ask(Leave(RoomId("two")), Done)
    assert await ada.refused(Send(RoomId("two"), "x", "n")) == "room_forbidden"
    await say(ada, "still here", room="three")


async def test_my_other_connections_hear_of_membership(world: World) -> None:
    await world.room()
    ada, other = await world.person("ada"), await world.person("ada")
    await ada.ask(Join(GENERAL), Joined)
    await ada.ask(Leave(GENERAL), Done)
    await ada.ask(Leave(GENERAL), Done)
    await other.ask(Rooms(), RoomList)
    assert other.all(Membership) == [Membership(GENERAL, member=True), Membership(GENERAL, member=False)]
    assert ada.all(Membership) == []


async def test_somebody_who_leaves_while_joining_is_not_let_in(world: World) -> None:
    """The store said "member", and before the join went on, the leave had taken effect."""
    await world.room()
    await world.person("bob", "general")
    ada = await world.person("ada", "general")
    other = await world.person("ada")
    world.store.hold("rooms.head")
    ref = other.begin(Join(GENERAL))
    await world.store.reached("rooms.head")
    await world.chat.perform(world.actors["ada"], Leave(GENERAL))
    world.store.release("rooms.head")
    assert await other.answer(ref) == Failed(ref, "room_forbidden")
    await say(await world.person("bob", "general"), "secret")
    await other.ask(Rooms(), RoomList)
    assert other.texts("general") == ada.texts("general") == []


async def test_a_join_that_ends_after_its_client_has_gone_leaves_nothing_behind(world: World) -> None:
    await world.room()
    ada = await world.person("ada")
    world.store.hold("rooms.head")
    ada.begin(Join(GENERAL))
    await world.store.reached("rooms.head")
    ada.leave()
    world.store.release("rooms.head")
    bob = await world.person("bob")
    await bob.ask(Rooms(), RoomList)
    assert not world.letterbox.follows("general")
    assert world.chat.census() == {"users": 1, "rooms": 0}


async def test_a_join_without_ref_is_not_answered(world: World) -> None:
    await log_of(world, 3)
    founder = await world.person("founder")
    founder.forget()
    founder.tell(Join(GENERAL, since=2))
    await founder.has("general", 3)
    assert founder.seqs("general") == [3]
    assert founder.all(Replied) == []


class TestLeaving:
    async def test_all_connections_of_the_user_stop_receiving(self, world: World) -> None:
        await world.room()
        bob = await world.person("bob", "general")
        ada, other = await world.person("ada", "general"), await world.person("ada", "general")
        await ada.ask(Leave(GENERAL), Done)
        await say(bob, "secret")
        await bob.has("general", 6)
        assert isinstance(bob.events("general")[-2], MemberLeft)
        for person in (ada, other):
            await person.ask(Rooms(), RoomList)
            assert person.texts("general") == []
            assert await person.refused(Send(GENERAL, "x", "n")) == "room_forbidden"

    async def test_so_does_a_leave_that_the_bus_brings(self, world: World) -> None:
        await world.room()
        bob, ada = await world.person("bob", "general"), await world.person("ada", "general")
        await ada.ask(Watch(GENERAL), Watching)
        left = await leave(world.store, world.user_id("ada"), now_ms=world.clock.ms())
        assert left is not None
        world.chat.bus_receiver.events(GENERAL, [left])
        await say(bob, "secret")
        await ada.ask(Rooms(), RoomList)
        assert ada.texts("general") == []
        assert await ada.refused(Watch(GENERAL)) == "room_forbidden"

    async def test_a_leave_takes_effect_here_even_when_the_bus_is_slow(self, world: World) -> None:
        await world.room()
        ada = await world.person("ada", "general")
        world.letterbox.shut = True
        await ada.ask(Leave(GENERAL), Done)
        assert await ada.refused(Send(GENERAL, "x", "n")) == "room_forbidden"

    async def test_a_late_leave_does_not_end_a_later_join(self, world: World) -> None:
        """Left and joined again on another node; this node hears of the leave after the new join."""
        await world.room()
        bob = await world.person("bob", "general")
        ada = await world.person("ada", "general")
        user, now = world.user_id("ada"), world.clock.ms()
        left = await leave(world.store, user, now_ms=now)
        joined = await join(world.store, user, now_ms=now)
        assert left is not None
        assert joined is not None
        again = await world.person("ada", "general")
        world.chat.bus_receiver.events(GENERAL, [left, joined])
        await say(bob, "welcome back")
        await again.has("general", 7)
        assert again.seqs("general") == [7]
        assert isinstance(bob.events("general")[-2], MemberJoined)
        assert ada.texts("general") == []

    async def test_a_leave_of_a_room_that_nobody_here_follows(self, world: World) -> None:
        await world.room()
        ada = await world.account("ada")
        await world.chat.perform(ada, Join(GENERAL))
        assert await world.chat.perform(ada, Leave(GENERAL)) == Done()
        assert world.chat.census() == {"users": 0, "rooms": 0}

    async def test_leaving_a_room_during_its_replay_ends_the_replay(self, tmp_path: Path) -> None:
        async with opened(tmp_path, ChatSettings(page_events=2)) as world:
            await log_of(world, 9)
            await world.room("other")
            founder = await world.person("founder")
            world.store.hold("events.after")
            await founder.ask(Join(GENERAL, since=0), Joined)
            await world.store.reached("events.after")
            await founder.ask(Join(RoomId("other"), since=0), Joined)
            await founder.ask(Leave(GENERAL), Done)
            world.store.release("events.after")
            await founder.has("other", 2)
            assert founder.seqs("other") == [1, 2]
            assert founder.seqs("general") == []


async def test_a_replay_that_the_store_cannot_read_ends_the_connection(world: World) -> None:
    await log_of(world, 5)
    founder = await world.person("founder")
    world.store.fail("events.after", StoreUnavailable())
    founder.begin(Join(GENERAL, since=0))
    await founder.gone()
    assert founder.ended is not None
    assert founder.ended.reconnect


async def test_a_log_with_a_hole_is_not_replayed_as_if_it_had_none(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    await log_of(world, 5)
    for first in (1, 99):
        founder = await world.person("founder")
        world.store.edit("events.after", itemgetter(slice(first, None)))
        founder.begin(Join(GENERAL, since=0))
        await founder.gone()
        assert founder.ended is not None
        assert founder.ended.reconnect
        assert founder.events("general") == []
    assert world.chat.counters.failures == 2
    assert len(caplog.records) == 2


async def test_a_cursor_from_a_node_that_knows_more_waits_for_this_one(world: World) -> None:
    founder = await log_of(world, 3)
    world.letterbox.shut = True
    (sent,) = await say(founder, "the bus has it still")
    late = await world.person("founder", "general", since=sent.seq)
    assert late.seqs("general") == []
    world.clock.advance(1)
    await founder.has("general", sent.seq)
    world.letterbox.shut = False
    await say(founder, "next")
    await late.has("general", sent.seq + 1)
    assert late.seqs("general") == [sent.seq + 1]


async def test_several_connections_wait_for_the_same_entry(world: World) -> None:
    founder = await log_of(world, 3)
    world.letterbox.shut = True
    (sent,) = await say(founder, "the bus has it still")
    waiting = [await world.person("founder", "general", since=sent.seq) for _ in range(3)]
    await world.ticks()
    world.letterbox.shut = False
    for room, events in world.letterbox.post:
        world.chat.bus_receiver.events(room, events)
    await say(founder, "next")
    for late in waiting:
        await late.has("general", sent.seq + 1)
        assert late.seqs("general") == [sent.seq + 1]


async def test_the_chat_ends_during_a_join(world: World) -> None:
    await world.room()
    ada = await world.person("ada")
    world.store.hold("rooms.head")
    ref = ada.begin(Join(GENERAL))
    await world.store.reached("rooms.head")
    await world.chat.close()
    assert ref not in [one.ref for one in ada.all(Replied)]
    assert world.chat.counters.failures == 0


async def test_a_cursor_that_the_store_has_lost_ends_the_connection(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    founder = await log_of(world, 3)
    world.letterbox.shut = True
    (sent,) = await say(founder, "soon lost")
    late = await world.person("founder", "general", since=sent.seq)
    world.store.edit("events.after", lambda page: [])
    world.clock.advance(1)
    await late.gone()
    assert late.ended is not None
    assert late.ended.reconnect
    assert caplog.records


async def test_leaving_while_waiting_for_the_feed(world: World) -> None:
    founder = await log_of(world, 3)
    await world.room("other")
    world.letterbox.shut = True
    (sent,) = await say(founder, "the bus has it still")
    late = await world.person("founder", "general", since=sent.seq)
    await late.ask(Join(RoomId("other"), since=1), Joined)
    assert late.seqs("other") == []
    await late.ask(Leave(GENERAL), Done)
    await late.has("other", 2)
    assert late.seqs("other") == [2]


async def test_a_send_during_a_replay_is_answered_and_comes_in_its_place(tmp_path: Path) -> None:
    async with opened(tmp_path, ChatSettings(page_events=3)) as world:
        await log_of(world, 12)
        founder = await world.person("founder")
        joined = founder.begin(Join(GENERAL, since=0))
        sent = founder.begin(Send(GENERAL, "mine", "mine"))
        assert isinstance(await founder.answer(joined), Joined)
        reply = await founder.answer(sent)
        assert isinstance(reply, Sent)
        await founder.has("general", 13)
        assert founder.seqs("general") == list(range(1, 14))
        assert founder.log.index(Replied(sent, reply)) < founder.log.index(founder.events("general")[-1])


async def test_somebody_elses_leaving_during_a_join_is_not_mine(world: World) -> None:
    await world.room()
    bob = await world.person("bob", "general")
    await world.person("cyd", "general")
    ada = await world.person("ada")
    world.store.hold("rooms.head")
    ref = ada.begin(Join(GENERAL, since=0))
    await world.store.reached("rooms.head")
    await world.chat.perform(world.actors["cyd"], Leave(GENERAL))
    world.store.release("rooms.head")
    assert isinstance(await ada.answer(ref), Joined)
    await bob.has("general", 6)
    await ada.has("general", 6)
    assert ada.seqs("general") == [1, 2, 3, 4, 5, 6]


async def test_a_buffer_that_fills_during_a_join_delays_its_replay(world: World) -> None:
    founder = await log_of(world, 5)
    late = await world.person("founder")
    world.store.hold("rooms.head")
    ref = late.begin(Join(GENERAL, since=5))
    await world.store.reached("rooms.head")
    late.fill()
    world.store.release("rooms.head")
    await late.answer(ref)
    await say(founder, "unread")
    assert late.seqs("general") == []
    late.drain()
    await late.has("general", 6)
    assert late.seqs("general") == [6]


async def test_a_replay_ends_when_its_client_goes(world: World) -> None:
    await log_of(world, 5)
    founder = await world.person("founder")
    world.store.hold("events.after")
    founder.begin(Join(GENERAL, since=0))
    await world.store.reached("events.after")
    founder.leave()
    world.store.release("events.after")
    bob = await world.person("bob", "general")
    await bob.ask(History(GENERAL), EventPage)
    assert founder.events("general") == []
    assert not [task for task in asyncio.all_tasks() if "CatchUp" in repr(task)]
