"""A connection that does not read costs a cursor, not a queue."""

from __future__ import annotations

from pathlib import Path

from hubbub.chat import ChatSettings
from hubbub.errors import CloseCode
from hubbub.vocabulary import (
    Done,
    Join,
    Joined,
    Leave,
    Presence,
    Read,
    ReadChanged,
    ReadMark,
    RoomId,
    RoomList,
    Rooms,
    Send,
    Sent,
    Typing,
    TypingChanged,
    Watch,
    Watching,
)
from tests.chat.client import Replied
from tests.chat.world import World, opened, say

GENERAL = RoomId("general")


async def test_it_misses_nothing_and_gets_nothing_twice(world: World) -> None:
    await world.room()
    ada, slow = await world.person("ada", "general"), await world.person("slow", "general")
    await say(ada, "before")
    slow.fill()
    await say(ada, *[f"m{i}" for i in range(500)])
    assert slow.texts("general") == ["before"]
    slow.drain()
    await slow.has("general", 505)
    await say(ada, "after")
    await slow.has("general", 506)
    assert slow.texts("general") == ["before", *[f"m{i}" for i in range(500)], "after"]
    assert world.chat.counters.lagging == 1


async def test_its_buffer_stays_bounded_however_much_it_missed(tmp_path: Path) -> None:
    settings = ChatSettings(chunk_bytes=2_000)
    async with opened(tmp_path, settings) as world:
        await world.room()
        ada, slow = await world.person("ada", "general"), await world.person("slow", "general")
        slow.fill()
        for _ in range(5):
            await say(ada, *["x" * 900 for _ in range(100)])
        slow.most_buffered = 0
        reads = 0
        while slow.seqs("general")[-1:] != [504]:
            slow.drain(room_bytes=3_000)
            await world.ticks(2)
            reads += 1
        assert slow.seqs("general") == list(range(5, 505))
        # a chunk ends with the message that reaches its size; what is over the limit was written at once
        assert slow.most_buffered < 3_000 + 2_000 + 2 * 1_100
        assert reads > 50


async def test_a_message_during_the_replay_comes_once_in_its_place(tmp_path: Path) -> None:
    async with opened(tmp_path, ChatSettings(page_events=3)) as world:
        await world.room()
        ada, slow = await world.person("ada", "general"), await world.person("slow", "general")
        slow.fill()
        await say(ada, *"abcdefgh")
        world.store.hold("events.after")
        slow.drain()
        await world.store.reached("events.after")
        await say(ada, "i")
        slow.fill()  # it is slow again before the page has come
        world.store.release("events.after")
        await say(ada, "j")
        slow.drain()
        await slow.has("general", 14)
        assert slow.texts("general") == list("abcdefghij")


async def test_its_signals_are_dropped_and_it_learns_the_state_when_it_is_back(world: World) -> None:
    await world.room()
    await world.room("other")
    ada = await world.person("ada", "general")
    slow, device = await world.person("slow", "general"), await world.person("slow", "general")
    await slow.ask(Join(RoomId("other")), Joined)
    await slow.ask(Watch(GENERAL), Watching)
    slow.fill()
    slow.forget()
    world.chat.bus_receiver.signal(GENERAL, TypingChanged(GENERAL, world.user("ada").name))
    await device.ask(Read(GENERAL, 4), ReadMark)
    bob = await world.person("bob", "general")
    world.clock.advance(1)
    await ada.ask(Rooms(), RoomList)
    assert slow.log == []
    slow.drain()
    await slow.has("general", 5)
    assert slow.all(Presence) == [Presence(GENERAL, 3, online=[world.user(n).name for n in ("ada", "bob", "slow")])]
    assert slow.all(ReadChanged) == []
    assert slow.all(TypingChanged) == []
    bob.leave()
    world.clock.advance(10)
    await world.ticks()
    assert slow.all(Presence)[-1] == Presence(GENERAL, 2, offline=[world.user("bob").name])


async def test_watching_while_slow_begins_when_it_is_back(world: World) -> None:
    await world.room()
    slow = await world.person("slow", "general")
    slow.fill()
    slow.room_bytes = None
    slow.tell(Watch(GENERAL))
    await world.person("ada", "general")
    world.clock.advance(1)
    await world.ticks()
    assert slow.all(Presence) == []
    slow.drain()
    await slow.has("general", 4)
    assert [signal.count for signal in slow.all(Presence)] == [2]


async def test_leaving_one_room_while_slow_does_not_keep_the_other_one_silent(world: World) -> None:
    await world.room()
    await world.room("other")
    slow, device = await world.person("slow", "general"), await world.person("slow")
    await slow.ask(Join(RoomId("other")), Joined)
    await slow.ask(Watch(GENERAL), Watching)
    slow.fill()
    await world.chat.perform(world.actors["founder"], Send(RoomId("other"), "missed", "n1"))
    world.store.hold("events.after")
    slow.drain()
    await world.store.reached("events.after")
    await device.ask(Leave(RoomId("other")), Done)
    world.store.release("events.after")
    await world.person("ada", "general")
    world.clock.advance(1)
    await slow.until(lambda: slow.all(Presence)[1:] or None)
    assert [signal.count for signal in slow.all(Presence)] == [1, 2]
    assert slow.texts("other") == []


async def test_a_message_of_mine_that_is_not_answered_yet_is_not_replayed(world: World) -> None:
    """The page from the store has it, but its reply comes first."""
    await world.room()
    ada, slow = await world.person("ada", "general"), await world.person("slow", "general")
    slow.fill()
    await say(ada, "missed")
    world.store.hold("events.append")
    mine = slow.begin(Send(GENERAL, "mine", "n1"))
    await world.store.reached("events.append")
    slow.drain()
    await slow.has("general", 5)
    await ada.ask(Rooms(), RoomList)
    assert slow.seqs("general") == [5]
    world.store.release("events.append")
    sent = await slow.answer(mine)
    assert isinstance(sent, Sent)
    await slow.has("general", 6)
    assert slow.log.index(Replied(mine, sent)) < slow.log.index(slow.events("general")[-1])


async def test_one_that_stays_slow_is_closed_and_may_come_back(world: World) -> None:
    await world.room()
    slow, slower = await world.person("slow", "general"), await world.person("slower", "general")
    slow.fill()
    world.clock.advance(30)
    slower.fill()
    world.clock.advance(29)
    assert slow.open
    world.clock.advance(2)
    assert slow.ended is not None
    assert slow.ended.code is CloseCode.TOO_SLOW
    assert slow.ended.reconnect
    assert slower.open
    slower.drain()
    world.clock.advance(60)
    assert slower.open
    assert world.chat.counters.too_slow == 1


async def test_one_that_reads_in_time_every_time_is_not_closed(world: World) -> None:
    await world.room()
    slow = await world.person("slow", "general")
    for _ in range(5):
        slow.fill()
        world.clock.advance(50)
        slow.drain()
    assert slow.open


async def test_each_step_of_being_slow_is_counted(world: World) -> None:
    await world.room()
    ada, slow = await world.person("ada", "general"), await world.person("slow", "general")
    device, stuck = await world.person("slow", "general"), await world.person("stuck", "general")
    await slow.ask(Watch(GENERAL), Watching)
    counters = world.chat.counters
    for person in (slow, stuck):
        person.fill()
    assert (counters.lagging, counters.caught_up, counters.dropped_signals) == (2, 0, 0)

    await say(ada, "missed")
    await ada.ask(Typing(GENERAL), Done)
    assert counters.dropped_signals == 1
    await device.ask(Read(GENERAL, 4), ReadMark)
    assert counters.dropped_signals == 2
    await world.person("bob", "general")
    world.clock.advance(1)
    assert counters.dropped_signals == 3

    world.store.hold("events.after")
    slow.drain()
    await world.store.reached("events.after")
    assert counters.caught_up == 0  # it reads, but it has not got what it missed
    world.store.release("events.after")
    await slow.has("general", 7)
    await world.ticks()
    assert counters.caught_up == 1
    world.clock.advance(61)
    assert (counters.too_slow, counters.caught_up) == (1, 1)
    await world.person("ada", "general")
    assert counters.caught_up == 1


async def test_one_in_no_room_has_nothing_to_catch_up(world: World) -> None:
    slow = await world.person("slow")
    slow.fill()
    slow.drain()
    assert (world.chat.counters.lagging, world.chat.counters.caught_up) == (1, 1)


async def test_one_that_goes_while_slow_leaves_nothing_behind(world: World) -> None:
    await world.room()
    slow = await world.person("slow", "general")
    slow.fill()
    slow.leave()
    world.clock.advance(100)
    assert slow.ended is None
    assert world.chat.census() == {"users": 0, "rooms": 0}


async def test_watching_a_room_that_was_never_shown_while_slow_and_going(world: World) -> None:
    await world.room()
    slow = await world.person("slow", "general")
    slow.fill()
    slow.tell(Watch(GENERAL))
    slow.leave()
    world.clock.advance(10)
    assert world.chat.census() == {"users": 0, "rooms": 0}


async def test_joining_while_slow_waits_with_everything(world: World) -> None:
    await world.room()
    ada = await world.person("ada", "general")
    slow = await world.person("slow")
    slow.tell(Join(GENERAL, since=0))
    await world.ticks(1)
    slow.fill()
    await say(ada, "hello")
    assert slow.texts("general") == []
    slow.drain()
    await slow.has("general", 5)
    assert slow.seqs("general") == [1, 2, 3, 4, 5]
