"""What one user may ask of the chat, over all connections, and what others notice of it."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path

import pytest

from hubbub.chat import ChatSettings
from hubbub.chat.log.append_queue import _ALONE_UNITS, _GROUP_UNITS, _SHARE_UNITS
from hubbub.chat.quotas import AT_ONCE, PAGES_AT_ONCE, Quotas, units_of
from hubbub.errors import RateLimited
from hubbub.realtime import Rate
from hubbub.store import Draft
from hubbub.vocabulary import (
    Auth,
    Directory,
    DirectoryPage,
    History,
    Join,
    Joined,
    Message,
    RoomId,
    RoomList,
    Rooms,
    Send,
    Sent,
    UserId,
)

from .client import PATIENCE_SECONDS, Failed
from .clock import Clock
from .world import World, opened, say

GENERAL = RoomId("general")
ADA, BOB = UserId(1), UserId(2)


def quotas(clock: Clock, rate: Rate | None = Rate(10, 100)) -> Quotas:  # noqa: B008  a frozen Struct
    return Quotas(rate, clock.seconds)


def texts(*groups: list[Draft]) -> list[str]:
    """What was sent."""
    return [draft.event.text for group in groups for draft in group if isinstance(draft.event, Message)]


def test_a_message_costs_by_its_length_and_others_what_they_declare() -> None:
    assert units_of(Send(GENERAL, "short", "n")) == 0
    assert units_of(Send(GENERAL, "x" * 16_384, "n")) == 16 * 15
    assert units_of(Auth("t")) >= units_of(History(GENERAL))


async def test_each_user_has_a_rate_of_its_own() -> None:
    clock = Clock()
    both = quotas(clock)
    assert both.spend(ADA, 100) == 0
    assert both.spend(ADA, 50) == pytest.approx(5)
    assert both.spend(BOB, 100) == 0
    with pytest.raises(RateLimited) as refused:
        await both.pace(ADA, 10)
    assert refused.value.retry_after_seconds == pytest.approx(6)
    clock.advance(6)
    await both.pace(ADA, 10)


async def test_without_a_rate_nobody_waits() -> None:
    free = quotas(Clock(), None)
    assert free.spend(ADA, 10**9) == 0
    await free.pace(ADA, 10**9)


def test_who_is_as_good_as_new_is_forgotten() -> None:
    clock = Clock()
    both = quotas(clock)
    both.spend(ADA, 100)
    both.spend(BOB, 10)
    clock.advance(2)
    both.tick()
    assert len(both) == 1
    clock.advance(20)
    both.tick()
    assert len(both) == 0


async def test_a_user_has_so_many_places_and_others_have_theirs() -> None:
    both = quotas(Clock())
    running: list[str] = []
    goes = asyncio.Event()

    async def work(user: UserId, name: str) -> None:
        async with both.turn(user, Auth("t")):
            running.append(name)
            await goes.wait()

    tasks = [asyncio.ensure_future(work(ADA, f"ada {number}")) for number in range(AT_ONCE + 3)]
    tasks.append(asyncio.ensure_future(work(BOB, "bob")))
    await asyncio.sleep(0)
    assert running == [*(f"ada {number}" for number in range(AT_ONCE)), "bob"]
    tasks[AT_ONCE].cancel()  # one that waits
    tasks[0].cancel()  # one that runs
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert running[-1] == f"ada {AT_ONCE + 1}"
    goes.set()
    await asyncio.gather(*tasks, return_exceptions=True)
    both.tick()
    assert running[-1] == f"ada {AT_ONCE + 2}"
    async with both.turn(ADA, Auth("t")):  # all places are free again
        assert all([await _free(both) for _ in range(AT_ONCE - 1)])


async def test_users_take_turns_at_reading_pages() -> None:
    both = quotas(Clock())
    running: list[str] = []
    goes = asyncio.Event()

    async def read(user: UserId, name: str) -> None:
        async with both.turn(user, History(GENERAL)):
            running.append(name)
            await goes.wait()
            await asyncio.sleep(0)

    tasks = [asyncio.ensure_future(read(ADA, "ada")) for _ in range(AT_ONCE)]
    tasks += [asyncio.ensure_future(read(BOB, "bob")) for _ in range(2)]
    await asyncio.sleep(0)
    assert running == ["ada"] * PAGES_AT_ONCE
    async with both.turn(BOB, Auth("t")):  # what is no page does not wait for them
        pass
    goes.set()
    await asyncio.gather(*tasks)
    assert running[PAGES_AT_ONCE:] == ["ada", "bob", "ada", "bob", "ada", "ada"]


async def _free(both: Quotas) -> bool:
    async with asyncio.timeout(1), both.turn(ADA, Auth("t")):
        return True


async def test_a_request_above_the_users_rate_is_refused_with_a_time(tmp_path: Path) -> None:
    async with opened(tmp_path, ChatSettings(user_work_per_second=10)) as world:
        actor = await world.account("ada")
        for _ in range(3):
            assert isinstance(await world.chat.perform(actor, Directory()), DirectoryPage)
        waits = asyncio.ensure_future(world.chat.perform(actor, Directory()))
        await asyncio.sleep(0)
        with pytest.raises(RateLimited) as refused:
            await world.chat.perform(actor, Directory())
        assert refused.value.retry_after_seconds == pytest.approx(10)
        assert not waits.done()  # for four seconds of the real clock
        waits.cancel()


async def test_a_connection_is_not_read_on_while_commands_wait(world: World) -> None:
    ada = await world.person("ada")
    world.store.hold("rooms.of_user")
    refs = [ada.begin(Rooms()) for _ in range(20)]
    await world.store.reached("rooms.of_user")
    assert ada.held
    world.store.release("rooms.of_user")
    assert all([isinstance(await ada.answer(ref), RoomList) for ref in refs])
    await world.ticks()
    assert not ada.held


async def test_of_two_who_send_neither_waits_for_all_of_the_others_messages(world: World) -> None:
    await world.room()
    ada, bob = await world.person("ada", "general"), await world.person("bob", "general")
    world.store.groups.clear()
    world.store.hold("events.append")
    first = ada.begin(Send(GENERAL, "first", "first"))
    await world.store.reached("events.append")
    many = [ada.begin(Send(GENERAL, str(number), str(number))) for number in range(3 * _GROUP_UNITS)]
    one = bob.begin(Send(GENERAL, "hello", "hello"))
    world.store.release("events.append")
    assert isinstance(await bob.answer(one), Sent)
    assert [len(group) for group in world.store.groups][:2] == [1, _GROUP_UNITS // 2 + 1]
    assert "hello" in texts(world.store.groups[1])
    for ref in (first, *many):
        assert isinstance(await ada.answer(ref), Sent)
    told = [text for text in texts(*world.store.groups) if text != "hello"]
    assert told == ["first", *map(str, range(3 * _GROUP_UNITS))]


async def test_above_the_users_share_the_connection_waits_and_nothing_is_lost(world: World) -> None:
    await world.room()
    ada = await world.person("ada", "general")
    world.store.groups.clear()
    world.store.hold("events.append")
    count = _SHARE_UNITS + 40
    refs = [ada.begin(Send(GENERAL, "0", "0"))]
    await world.store.reached("events.append")
    refs += [ada.begin(Send(GENERAL, str(number), str(number))) for number in range(1, count)]
    await world.ticks()
    assert ada.held
    actor = world.actors["ada"]
    with pytest.raises(RateLimited):
        await world.chat.perform(actor, Send(GENERAL, "by REST", "rest"))
    world.store.release("events.append")
    for ref in refs:
        assert isinstance(await ada.answer(ref), Sent)
    assert texts(*world.store.groups) == list(map(str, range(count)))
    await world.ticks()
    assert not ada.held


async def test_a_long_text_takes_more_of_the_share(world: World) -> None:
    await world.room()
    ada = await world.person("ada", "general")
    world.store.hold("events.append")
    long = "x" * 16_000
    refs = [ada.begin(Send(GENERAL, long, "first"))]
    await world.store.reached("events.append")
    refs += [ada.begin(Send(GENERAL, long, str(number))) for number in range(60)]
    await world.ticks()
    assert ada.held  # of 128 KiB
    world.store.release("events.append")
    for ref in refs:
        assert isinstance(await ada.answer(ref), Sent)


async def test_what_was_sent_before_a_command_takes_effect_before_it_in_a_crowd_too(world: World) -> None:
    await world.room()
    ada, bob = await world.person("ada", "general"), await world.person("bob", "general")
    world.store.hold("events.append")
    ada.begin(Send(GENERAL, "first", "first"))
    await world.store.reached("events.append")
    for number in range(2 * _GROUP_UNITS):
        ada.begin(Send(GENERAL, str(number), str(number)))
    sends = [bob.begin(Send(GENERAL, f"bob {number}", f"bob {number}")) for number in range(_GROUP_UNITS)]
    page = bob.begin(History(GENERAL, limit=200))
    world.store.release("events.append")
    assert not isinstance(await bob.answer(page), Failed)
    answered = {one.ref for one in bob.log if hasattr(one, "ref")}
    assert set(sends) <= answered


async def test_somebody_with_many_connections_shares_one_rate(tmp_path: Path) -> None:
    async with opened(tmp_path, ChatSettings(user_work_per_second=1_000)) as world:
        await world.room()
        people = [await world.person("ada") for _ in range(4)]
        for _ in range(5):
            for person in people:
                await person.ask(Join(GENERAL), Joined)
        await say(people[0], "hello")
        assert all(person.charged >= 500 for person in people)


async def test_a_command_in_debt_ends_with_its_connection(tmp_path: Path) -> None:
    async with opened(tmp_path, ChatSettings(user_work_per_second=10)) as world:
        await world.room()
        ada = await world.person("ada", "general")
        for _ in range(20):  # the last of them would wait for minutes
            ada.begin(Join(GENERAL))
        async with asyncio.timeout(PATIENCE_SECONDS):
            while ada.state.gone is None:
                await world.ticks()
            ada.leave()
            while ada.state.waiting is not None:
                await world.ticks()


async def test_who_has_less_than_a_share_may_send_when_the_queue_is_full(tmp_path: Path) -> None:
    async with opened(tmp_path, ChatSettings(pending_sends=10)) as world:
        await world.room()
        ada, bob = await world.person("ada", "general"), await world.person("bob", "general")
        world.store.hold("events.append")
        refs = [ada.begin(Send(GENERAL, "first", "first"))]
        await world.store.reached("events.append")
        refs += [ada.begin(Send(GENERAL, str(number), str(number))) for number in range(12)]
        one = bob.begin(Send(GENERAL, "hello", "hello"))
        world.store.release("events.append")
        assert isinstance(await bob.answer(one), Sent)
        answers = [await ada.answer(ref) for ref in refs]
        assert [isinstance(answer, Sent) for answer in answers] == [True] * 11 + [False] * 2
        assert answers[-1] == Failed(refs[-1], "store_unavailable")


async def test_a_replay_costs_what_it_brings(world: World) -> None:
    await world.room()
    ada = await world.person("ada", "general")
    await say(ada, *map(str, range(100)))
    bob = await world.person("bob")
    before = bob.charged
    await bob.ask(Join(GENERAL, since=0), Joined)
    await bob.has(GENERAL, 100)
    assert bob.charged - before >= 200


async def test_many_who_send_a_little_share_one_group(world: World) -> None:
    await world.room()
    people = [await world.person(f"user{number}", "general") for number in range(12)]
    world.store.groups.clear()
    world.store.hold("events.append")
    first = people[0].begin(Send(GENERAL, "first", "first"))
    await world.store.reached("events.append")
    refs = [
        (person, person.begin(Send(GENERAL, str(number), str(number)))) for number in range(30) for person in people
    ]
    world.store.release("events.append")
    assert isinstance(await people[0].answer(first), Sent)
    for person, ref in refs:
        assert isinstance(await person.answer(ref), Sent)
    assert [len(group) for group in world.store.groups] == [1, 30 * len(people)]


async def test_of_many_who_send_much_a_few_are_in_a_group_and_they_take_turns(world: World) -> None:
    await world.room()
    crowd = [await world.person(f"user{number}", "general") for number in range(12)]
    bob = await world.person("bob", "general")
    world.store.groups.clear()
    world.store.hold("events.append")
    refs = [(crowd[0], crowd[0].begin(Send(GENERAL, "first", "first")))]
    await world.store.reached("events.append")
    for person in crowd:  # one after the other: whose messages come first must not matter
        refs += [(person, person.begin(Send(GENERAL, str(number), str(number)))) for number in range(96)]
    refs.append((bob, bob.begin(Send(GENERAL, "hello", "hello"))))
    world.store.release("events.append")
    for person, ref in refs:
        assert isinstance(await person.answer(ref), Sent)
    groups = [Counter(str(draft.event.sender) for draft in group) for group in world.store.groups[1:]]
    assert groups[0]["bob"] == 1
    # in the third group four of them have no more left than anybody may have in it
    assert [len(group.keys() - {"bob"}) for group in groups] == [8, 8, 12, 8]
    assert set(groups[0]) | set(groups[1]) == {"bob", *(f"user{number}" for number in range(12))}
    assert all(count == 32 for group in groups for name, count in group.items() if name != "bob")
    for name in (f"user{number}" for number in range(12)):
        drafts = [draft for group in world.store.groups[1:] for draft in group if draft.event.sender == name]
        assert texts(drafts) == list(map(str, range(96)))


async def test_who_is_alone_has_larger_groups(world: World) -> None:
    await world.room()
    ada = await world.person("ada", "general")
    world.store.groups.clear()
    world.store.hold("events.append")
    refs = [ada.begin(Send(GENERAL, "first", "first"))]
    await world.store.reached("events.append")
    refs += [ada.begin(Send(GENERAL, str(number), str(number))) for number in range(600)]
    world.store.release("events.append")
    for ref in refs:
        assert isinstance(await ada.answer(ref), Sent)
    assert [len(group) for group in world.store.groups] == [1, _ALONE_UNITS, 600 - _ALONE_UNITS]


async def test_an_address_has_so_many_connections_that_have_not_signed_in(tmp_path: Path) -> None:
    async with opened(tmp_path, ChatSettings(strangers_per_address=1)) as world:
        stranger = await world.connect()
        with pytest.raises(RateLimited):
            await world.connect()
        assert world.chat.counters.refused_strangers == 1
        await world.person("ada")  # by its handshake: no stranger
        stranger.leave()
        await world.connect()
