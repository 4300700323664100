"""A feed over a bad bus: every member gets each event once, in order, whatever the bus does."""

from __future__ import annotations

import asyncio
from itertools import count
from pathlib import Path
from typing import NamedTuple

import pytest
import uvloop
from hypothesis import given, settings
from hypothesis import strategies as st

from hubbub.chat import ChatSettings
from hubbub.errors import StoreUnavailable
from hubbub.vocabulary import Event, Message, RoomId, RoomList, Rooms, Send, Sent, UserName
from tests.chat.client import Replied, TestConnection
from tests.chat.world import World, opened, say

GENERAL = RoomId("general")


async def pair(world: World) -> tuple[TestConnection, TestConnection]:
    await world.room()
    return await world.person("ada", "general"), await world.person("bob", "general")


async def unheard(world: World, person: TestConnection, *texts: str) -> list[Event]:
    """Messages that are stored and answered, but whose events the bus has not delivered."""
    world.letterbox.shut = True
    await say(person, *texts)
    world.letterbox.shut = False
    events = [event for _, events in world.letterbox.post for event in events]
    world.letterbox.post.clear()
    return events


async def quiet(world: World) -> None:
    """Let all time pass that a gap takes to be noticed and closed."""
    for _ in range(4):
        world.clock.advance(world.settings.heads_seconds)
        person = await world.person("observer")
        await person.ask(Rooms(), RoomList)
        person.leave()
        await world.ticks(20)


async def test_repeats_are_dropped(world: World) -> None:
    ada, bob = await pair(world)
    events = await unheard(world, ada, "a", "b")
    for _ in range(3):
        world.chat.bus_receiver.events(GENERAL, events)
    await bob.has("general", 6)
    assert bob.texts("general") == ["a", "b"]
    assert world.chat.counters.duplicates == 4


async def test_what_comes_early_waits_for_its_predecessor(world: World) -> None:
    ada, bob = await pair(world)
    a, b, c = await unheard(world, ada, "a", "b", "c")
    world.chat.bus_receiver.events(GENERAL, [c])
    world.chat.bus_receiver.events(GENERAL, [b])
    await world.ticks()
    assert bob.texts("general") == []
    world.chat.bus_receiver.events(GENERAL, [a])
    await world.ticks()
    assert bob.texts("general") == ["a", "b", "c"]
    world.clock.advance(1)
    assert world.chat.counters.gaps == 0
    assert world.chat.counters.held == 2


async def test_a_predecessor_that_does_not_come_is_read_from_the_store(world: World) -> None:
    ada, bob = await pair(world)
    _, _, c = await unheard(world, ada, "a", "b", "c")
    world.chat.bus_receiver.events(GENERAL, [c])
    world.clock.advance(world.settings.gap_seconds)
    await bob.has("general", 7)
    assert bob.texts("general") == ["a", "b", "c"]
    assert world.chat.counters.gaps == 1
    assert world.chat.counters.healed == 3


async def test_a_lost_tail_is_found_by_comparing_heads(world: World) -> None:
    ada, bob = await pair(world)
    await unheard(world, ada, "a", "b")
    world.clock.advance(world.settings.heads_seconds)
    await alarms(world)
    world.clock.advance(world.settings.gap_seconds)
    await bob.has("general", 6)
    assert bob.texts("general") == ["a", "b"]


async def alarms(world: World) -> None:
    """Wait until the heads that were asked for have come."""
    before = world.clock.pending
    async with asyncio.timeout(20):
        while world.clock.pending == before:  # noqa: ASYNC110  the clock is not asyncio's
            await asyncio.sleep(0)


async def test_a_bus_that_reconnects_has_its_losses_made_good_at_once(world: World) -> None:
    ada, bob = await pair(world)
    await unheard(world, ada, "a")
    world.chat.bus_receiver.gap()
    world.chat.bus_receiver.gap()
    await alarms(world)
    world.clock.advance(world.settings.gap_seconds)
    await bob.has("general", 5)
    assert world.store.calls.count("rooms.heads") == 1


async def test_a_store_that_fails_meanwhile_is_asked_again(world: World, caplog: pytest.LogCaptureFixture) -> None:
    ada, bob = await pair(world)
    a, b = await unheard(world, ada, "a", "b")
    world.store.fail("events.after", StoreUnavailable())
    world.store.fail("rooms.heads", StoreUnavailable())
    world.chat.bus_receiver.gap()
    world.chat.bus_receiver.events(GENERAL, [b])
    world.clock.advance(world.settings.gap_seconds)
    await alarms(world)
    world.store.repair("events.after")
    world.clock.advance(world.settings.gap_seconds)
    await bob.has("general", b.seq)
    assert bob.seqs("general")[-2:] == [a.seq, b.seq]
    assert len(caplog.records) == 2


async def test_a_hint_about_what_the_store_does_not_have_is_forgotten(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    ada, bob = await pair(world)
    world.chat.bus_receiver.events(GENERAL, [Message(GENERAL, 99, UserName("eve"), 0, "never stored")])
    world.clock.advance(world.settings.gap_seconds)
    await quiet(world)
    await say(ada, "real")
    await bob.has("general", 5)
    assert bob.texts("general") == ["real"]
    assert len(caplog.records) == 1


async def test_a_retry_finds_what_was_stored_but_never_published(world: World) -> None:
    """The node died between the commit and the bus: the sender tries again, and all get the message after all."""
    ada, bob = await pair(world)
    world.letterbox.shut = True
    sent = await ada.ask(Send(GENERAL, "hello", "n1"), Sent)
    world.letterbox.shut = False
    again = await ada.ask(Send(GENERAL, "hello", "n1"), Sent)
    assert again.repeat
    world.clock.advance(world.settings.gap_seconds)
    await bob.has("general", sent.seq)
    assert bob.texts("general") == ["hello"]


async def test_what_is_read_from_the_store_comes_after_its_senders_reply(world: World) -> None:
    """A gap is filled while a group that belongs into it is stored, but not yet answered."""
    ada, bob = await pair(world)
    (lost,) = await unheard(world, ada, "lost")
    world.store.hold("events.append")
    mine = bob.begin(Send(GENERAL, "mine", "n1"))
    await world.store.reached("events.append")
    world.chat.bus_receiver.events(GENERAL, [Message(GENERAL, lost.seq + 1, UserName("bob"), 0, "mine")])
    world.clock.advance(world.settings.gap_seconds)
    await (await world.person("observer")).ask(Rooms(), RoomList)
    assert bob.texts("general") == []
    world.store.release("events.append")
    reply = await bob.answer(mine)
    assert isinstance(reply, Sent)
    await bob.has("general", lost.seq + 1)
    assert bob.texts("general") == ["lost", "mine"]
    assert bob.log.index(Replied(mine, reply)) < bob.log.index(bob.events("general")[0])


async def test_only_so_many_early_events_are_kept(tmp_path: Path) -> None:
    async with opened(tmp_path, ChatSettings(held_events=2)) as world:
        ada, bob = await pair(world)
        events = await unheard(world, ada, *"abcdef")
        world.chat.bus_receiver.events(GENERAL, events[1:])
        assert world.chat.counters.held == 2
        world.chat.bus_receiver.events(GENERAL, events[:1])
        await world.ticks()
        assert bob.texts("general") == ["a", "b", "c"]
        world.clock.advance(world.settings.gap_seconds)
        await bob.has("general", 10)
        assert bob.texts("general") == list("abcdef")


async def test_a_long_loss_is_made_good_in_pages(tmp_path: Path) -> None:
    async with opened(tmp_path, ChatSettings(page_events=4)) as world:
        ada, bob = await pair(world)
        texts = [f"m{i}" for i in range(11)]
        events = await unheard(world, ada, *texts)
        world.chat.bus_receiver.events(GENERAL, events[-1:])
        world.clock.advance(world.settings.gap_seconds)
        await bob.has("general", events[-1].seq)
        assert bob.texts("general") == texts


async def test_events_of_rooms_that_nobody_here_joined_are_nothing(world: World) -> None:
    world.chat.bus_receiver.events(GENERAL, [Message(GENERAL, 3, UserName("eve"), 0, "hello")])
    world.chat._stored_before(GENERAL, 3)
    world.chat.bus_receiver.gap()
    assert world.chat.census() == {"users": 0, "rooms": 0}
    assert world.chat.counters.delivered == 0


async def test_a_room_is_followed_while_somebody_here_needs_it(world: World) -> None:
    ada, bob = await pair(world)
    assert world.letterbox.follows("general")
    ada.leave()
    bob.leave()
    world.clock.advance(1)
    assert world.letterbox.follows("general")
    world.clock.advance(4)
    assert not world.letterbox.follows("general")
    again = await world.person("ada", "general", since=4)
    await say(again, "back")
    await again.has("general", 5)


async def test_a_feed_that_was_dropped_does_not_take_its_successor_with_it(world: World) -> None:
    feeds = world.chat._feeds
    old = feeds.open(GENERAL)
    feeds.drop_if_unused(old)
    new = feeds.open(GENERAL)
    feeds.drop_if_unused(old)
    assert feeds.get(GENERAL) is new
    feeds.drop_if_unused(new)
    assert not world.letterbox.follows("general")


async def test_a_gap_of_a_room_that_nobody_needs_any_more_is_not_filled(world: World) -> None:
    ada, bob = await pair(world)
    _, b = await unheard(world, ada, "a", "b")
    world.store.hold("events.after")
    world.chat.bus_receiver.events(GENERAL, [b])
    world.clock.advance(world.settings.gap_seconds)
    await world.store.reached("events.after")
    ada.leave()
    bob.leave()
    world.clock.advance(10)
    world.store.release("events.after")
    await quiet(world)
    assert world.chat.census()["rooms"] == 0


async def test_the_chat_ends_while_a_gap_is_open(world: World) -> None:
    ada, _ = await pair(world)
    _, b = await unheard(world, ada, "a", "b")
    world.chat.bus_receiver.events(GENERAL, [b])
    await world.chat.close()
    await world.chat.close()
    assert world.clock.pending == 0


async def test_a_bug_in_a_task_of_the_chat_is_counted_and_logged(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    await pair(world)
    world.store.fail("rooms.heads", ZeroDivisionError())
    world.chat.bus_receiver.gap()
    await quiet(world)
    assert world.chat.counters.failures >= 1
    assert "a task of the chat failed" in caplog.text


class Step(NamedTuple):
    """`say` a message; `bring` the event of one of those said before; `join` so many entries back; `wait`; let a
    member `stall` or `read`. `number` says which message or member, counted around.
    """

    what: str
    number: int


steps = st.builds(
    Step, st.sampled_from(["say", "say", "bring", "bring", "join", "wait", "stall", "read"]), st.integers(0, 30)
)


async def live_through(world: World, room: str, script: list[Step]) -> None:
    """Play it. The bus carries only what a step says; at the end it is told that it may have lost anything."""
    await world.room(room)
    ada = await world.person("ada", room)
    members = [(ada, 3)]
    stored: list[Event] = []
    world.letterbox.shut = True
    for what, number in script:
        head = 3 + len(stored)
        member = members[number % len(members)][0]
        if what == "say":
            await world.chat.perform(world.actors["ada"], Send(RoomId(room), f"m{head}", f"n{head}"))
            stored += [event for _, events in world.letterbox.post for event in events]
            world.letterbox.post.clear()
        elif what == "bring" and stored:
            world.chat.bus_receiver.events(RoomId(room), [stored[number % len(stored)]])
        elif what == "join":
            since = max(0, head - number)
            members.append((await world.person("ada", room, since), since))
        elif what == "wait":
            world.clock.advance(world.settings.gap_seconds)
            await world.ticks(3)
        elif what == "stall" and not member.paused:
            member.fill()
        elif what == "read":
            member.drain()
    world.letterbox.shut = False
    world.chat.bus_receiver.gap()
    for member, _ in members:
        member.drain()
    head = 3 + len(stored)
    feed = world.chat._feeds.open(RoomId(room))
    async with asyncio.timeout(20):
        while feed.head < head or any(member.state.gaps for member, _ in members):
            world.clock.advance(world.settings.gap_seconds)
            await asyncio.sleep(0)
    await world.ticks(2)
    for member, since in members:
        assert member.seqs(room) == list(range(since + 1, head + 1))
        member.leave()
    world.clock.advance(10)
    assert not world.letterbox.follows(room)


def test_whatever_the_bus_does_each_member_gets_each_event_once_and_in_order(tmp_path: Path) -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        node = opened(tmp_path, ChatSettings(page_events=3, held_events=4))
        world = runner.run(node.__aenter__())
        rooms = (f"room{number}" for number in count())

        @settings(max_examples=80, deadline=None)
        @given(st.lists(steps, max_size=40))
        def check(script: list[Step]) -> None:
            runner.run(live_through(world, next(rooms), script))

        check()
        assert world.chat.counters.failures == 0
        assert min(world.chat.counters.healed, world.chat.counters.duplicates, world.chat.counters.replayed) > 0
        runner.run(node.__aexit__(None, None, None))
