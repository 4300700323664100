"""Receiving many rooms by one command, which makes nobody a member."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from hubbub.chat import ChatSettings
from hubbub.chat.quotas import units_of
from hubbub.errors import StoreUnavailable
from hubbub.realtime import Handshake
from hubbub.store.protocols import RoomHead
from hubbub.vocabulary import (
    Auth,
    Done,
    Join,
    Joined,
    Leave,
    MemberPage,
    Members,
    RoomCursor,
    RoomId,
    RoomOutcome,
    Subscribe,
    Subscribed,
    SubscribedAtOnce,
    UserId,
)
from tests.chat.client import Failed, Replied, TestConnection
from tests.chat.world import World, opened, say, shake

GENERAL = RoomId("general")


def cursors(*some: tuple[str, int | None] | str) -> list[RoomCursor]:
    return [RoomCursor(RoomId(one)) if isinstance(one, str) else RoomCursor(RoomId(one[0]), one[1]) for one in some]


async def rooms_of(world: World, *rooms: str, name: str = "ada") -> TestConnection:
    """These rooms, in which somebody is a member: a log of 3 entries each. And the connection that joined them."""
    for room in rooms:
        await world.room(room)
    person = await world.person(name)
    for room in rooms:
        await person.ask(Join(RoomId(room)), Joined)
    return person


def codes(answer: Subscribed | SubscribedAtOnce) -> dict[str, str | None]:
    """The error of each room, in the order of the answer."""
    return {one.room: None if one.error is None else one.error.code for one in answer.rooms}


async def members(world: World, room: str) -> set[str]:
    founder = await world.person("founder")
    names = {member.name for member in (await founder.ask(Members(RoomId(room)), MemberPage)).members}
    founder.leave()
    return set(map(str, names))


async def test_what_was_missed_follows_one_reply_for_all_rooms(world: World) -> None:
    first = await rooms_of(world, "a", "b", "c")
    await say(first, "in a", room="a")
    await say(first, "in c", "more in c", room="c")
    back = await world.person("ada")
    answer = await back.ask(Subscribe(cursors(("a", 3), "b", ("c", 3))), Subscribed)
    read = answer.rooms[0].read  # who sends has read up to there, a moment later
    assert answer.rooms[0] == RoomOutcome(RoomId("a"), head=4, read=read, title="The room")
    assert [(one.room, one.head, one.error) for one in answer.rooms] == [("a", 4, None), ("b", 3, None), ("c", 5, None)]
    await back.has("a", 4)
    await back.has("c", 5)
    await say(first, "live", room="b")
    await back.has("b", 4)
    assert [back.seqs(room) for room in "abc"] == [[4], [4], [4, 5]]
    assert isinstance(back.log[1], Replied), "nothing comes between the welcome and the reply"


async def test_the_heads_of_all_rooms_are_asked_for_together(world: World) -> None:
    names = [f"r{number}" for number in range(40)]
    await rooms_of(world, *names)
    back = await world.person("ada")
    world.store.hold("rooms.head")
    ref = back.begin(Subscribe(cursors(*names)))
    await world.store.reached("rooms.head")
    await world.ticks()
    assert world.store.calls[-40:] == ["rooms.head"] * 40, "none waits for the answer to another"
    world.store.release("rooms.head")
    assert isinstance(await back.answer(ref), Subscribed)


async def test_a_list_of_many_rooms_is_done_in_turns(world: World) -> None:
    names = [f"r{number}" for number in range(120)]
    await rooms_of(world, *names)
    back, other = await world.person("ada"), await world.person("founder")
    world.store.hold("rooms.head")
    ref = back.begin(Subscribe(cursors(*names)))
    await world.store.reached("rooms.head")
    await world.ticks()
    before = world.store.calls.count("rooms.head")
    other.begin(Join(RoomId("r119")))
    await world.ticks()
    assert world.store.calls.count("rooms.head") == before + 1, "who asks for one room does not wait for the list"
    world.store.release("rooms.head")
    answer = await back.answer(ref)
    assert isinstance(answer, Subscribed)
    assert [one.room for one in answer.rooms] == names


async def test_it_makes_nobody_a_member_and_the_other_rooms_go_on(world: World) -> None:
    first = await rooms_of(world, "mine", "left")
    await world.room("foreign")
    await first.ask(Leave(RoomId("left")), Done)
    back = await world.person("ada")
    answer = await back.ask(Subscribe(cursors("foreign", "left", "nowhere", ("mine", 99), "mine")), Subscribed)
    assert [one.error and one.error.code for one in answer.rooms] == [
        "room_forbidden",
        "room_forbidden",
        "unknown_room",
        "cursor_ahead",
        "bad_field",
    ]
    answer = await back.ask(Subscribe(cursors("foreign", "mine", "nowhere")), Subscribed)
    assert codes(answer) == {"foreign": "room_forbidden", "mine": None, "nowhere": "unknown_room"}
    assert await members(world, "foreign") == {"founder"}
    assert await members(world, "left") == {"founder"}
    founder = await world.person("founder", "foreign")
    await say(founder, "not for ada", room="foreign")
    await say(first, "for ada", room="mine")
    await back.has("mine", 4)
    assert back.events("foreign") == []
    assert not world.letterbox.follows("nowhere"), "a room that nobody here receives is not followed"


async def test_a_room_named_twice_counts_once(world: World) -> None:
    first = await rooms_of(world, "a")
    back = await world.person("ada")
    answer = await back.ask(Subscribe(cursors(("a", 2), ("a", 1))), Subscribed)
    assert [one.error and one.error.code for one in answer.rooms] == [None, "bad_field"]
    await say(first, "x", room="a")
    await back.has("a", 4)
    assert back.seqs("a") == [3, 4]


async def test_an_empty_list_is_answered(world: World) -> None:
    await world.account("ada")
    ada = await world.person("ada")
    assert await ada.ask(Subscribe([]), Subscribed) == Subscribed([])


async def test_without_a_sign_in_it_is_refused(world: World) -> None:
    await world.room()
    stranger = await world.connect()
    assert await stranger.refused(Subscribe(cursors("general"))) == "unauthenticated"


async def test_the_sign_in_carries_the_rooms(world: World) -> None:
    first = await rooms_of(world, "a", "b")
    await say(first, "x", room="a")
    back = await world.connect()
    answer = await back.ask(Auth(world.tokens["ada"], cursors(("a", 2), "nowhere")), Subscribed)
    assert codes(answer) == {"a": None, "nowhere": "unknown_room"}
    await back.has("a", 4)
    assert back.seqs("a") == [3, 4]


async def test_a_refused_sign_in_receives_nothing(world: World) -> None:
    await rooms_of(world, "a")
    stranger = await world.connect()
    assert await stranger.refused(Auth("wrong", cursors("a"))) == "unauthenticated"
    assert stranger.state.joined == ()


def url(world: World, query: str, auth: object = None, **headers: str) -> Handshake:
    base = shake(auth, authorization=f"Bearer {world.tokens['ada']}", **headers)
    return Handshake("/ws", query, base.headers, "", auth=auth)


async def outcome(person: TestConnection) -> SubscribedAtOnce:
    return await person.until(lambda: next(iter(person.all(SubscribedAtOnce)), None))


async def test_the_url_of_a_handshake_carries_the_rooms(world: World) -> None:
    first = await rooms_of(world, "a", "b")
    await say(first, "x", room="a")
    back = await world.connect(url(world, "subscribe=a:2,b"))
    assert codes(await outcome(back)) == {"a": None, "b": None}
    await back.has("a", 4)
    assert back.seqs("a") == [3, 4]


async def test_an_event_streams_last_position_is_newer_than_its_url(world: World) -> None:
    first = await rooms_of(world, "a", "b")
    await say(first, "x", room="a")
    back = await world.connect(url(world, "subscribe=a:1,b", last_event_id="a:3,b:3"))
    await back.has("a", 4)
    assert back.seqs("a") == [4]


async def test_the_payload_of_a_handshake_carries_the_rooms(world: World) -> None:
    await rooms_of(world, "a")
    auth = {"token": world.tokens["ada"], "rooms": [{"room": "a", "since": 1}]}
    back = await world.connect(shake(auth))
    assert codes(await outcome(back)) == {"a": None}
    await back.has("a", 3)
    assert back.seqs("a") == [2, 3]


@pytest.mark.parametrize(
    ("query", "auth"),
    [
        ("subscribe=A", None),
        ("subscribe=a:-1", None),
        ("subscribe=a:01", None),
        ("subscribe=a:9999999999999999", None),
        ("subscribe=" + ",".join(f"r{number}" for number in range(1001)), None),
        ("", {"rooms": [{"room": f"r{number}"} for number in range(10_000)]}),
        ("", {"rooms": [{"room": 1}]}),
        ("", {"rooms": "a"}),
    ],
)
async def test_a_handshakes_list_that_is_none_is_refused_and_the_sign_in_holds(
    world: World, query: str, auth: object
) -> None:
    await rooms_of(world, "a")
    back = await world.connect(url(world, query, auth))
    assert back.all(Failed) == [Failed(None, "bad_field")]
    assert codes(await back.ask(Subscribe(cursors("a")), Subscribed)) == {"a": None}


async def test_a_stranger_gets_nothing_by_its_url(world: World) -> None:
    await rooms_of(world, "a")
    stranger = await world.connect(Handshake("/ws", "subscribe=a", {}, ""))
    await world.ticks()
    assert stranger.log == []


async def test_who_leaves_from_elsewhere_meanwhile_does_not_receive_the_room(world: World) -> None:
    first = await rooms_of(world, "a", "b")
    back = await world.person("ada")
    world.store.hold("rooms.head")
    ref = back.begin(Subscribe(cursors("a", "b")))
    await world.store.reached("rooms.head")
    await first.ask(Leave(RoomId("a")), Done)
    world.store.release("rooms.head")
    answer = await back.answer(ref)
    assert isinstance(answer, Subscribed)
    assert codes(answer) == {"a": "room_forbidden", "b": None}
    assert await members(world, "a") == {"founder"}
    assert [feed.room for feed in back.state.joined] == ["b"]


async def test_who_leaves_between_two_turns_is_told_so(world: World) -> None:
    names = [f"r{number}" for number in range(60)]
    first = await rooms_of(world, *names)
    back = await world.person("ada")
    read: list[RoomHead] = []
    second = asyncio.Event()

    def hold_the_second_turn(head: RoomHead) -> RoomHead:
        read.append(head)
        if len(read) == 50:
            world.store.hold("rooms.head")
            second.set()
        return head

    world.store.edit("rooms.head", hold_the_second_turn)
    ref = back.begin(Subscribe(cursors(*names)))
    await second.wait()
    await world.store.reached("rooms.head")
    await world.chat.perform(world.actors["ada"], Leave(RoomId("r0")))
    world.store.release("rooms.head")
    answer = await back.answer(ref)
    assert isinstance(answer, Subscribed)
    assert codes(answer)["r0"] == "room_forbidden"
    assert codes(answer)["r1"] is None
    assert first.open


async def test_subscribing_again_begins_the_replay_anew(world: World) -> None:
    first = await rooms_of(world, "a")
    await say(first, "x", room="a")
    back = await world.person("ada", "a", since=3)
    await back.has("a", 4)
    await back.ask(Subscribe(cursors(("a", 1))), Subscribed)
    await back.until(lambda: back.seqs("a") == [4, 2, 3, 4] or None)


async def test_a_refusal_leaves_a_room_that_is_received_as_it_was(world: World) -> None:
    first = await rooms_of(world, "a")
    back = await world.person("ada", "a")
    assert codes(await back.ask(Subscribe(cursors(("a", 99))), Subscribed)) == {"a": "cursor_ahead"}
    await say(first, "x", room="a")
    await back.has("a", 4)
    assert back.seqs("a") == [4]


async def test_a_store_that_is_away_is_each_rooms_error(world: World) -> None:
    first = await rooms_of(world, "a")
    back = await world.person("ada", "a")
    world.store.fail("rooms.head", StoreUnavailable())
    answer = await back.ask(Subscribe(cursors("a")), Subscribed)
    assert answer.rooms[0].error is not None
    assert (answer.rooms[0].error.code, answer.rooms[0].error.retryable) == ("store_unavailable", True)
    world.store.repair("rooms.head")
    await say(first, "x", room="a")
    await back.has("a", 4)


async def test_a_fault_of_the_server_is_one_error_and_leaves_nothing_behind(world: World) -> None:
    await rooms_of(world, "a", "b")
    back = await world.person("ada")
    world.store.fail("rooms.head", ZeroDivisionError())
    assert await back.refused(Subscribe(cursors("a", "b"))) == "internal"
    world.store.repair("rooms.head")
    assert back.state.joined == ()
    assert codes(await back.ask(Subscribe(cursors("a", "b")), Subscribed)) == {"a": None, "b": None}


async def test_who_is_gone_meanwhile_is_let_in_nowhere(world: World) -> None:
    first = await rooms_of(world, "a")
    back = await world.person("ada")
    first.leave()
    world.store.hold("rooms.head")
    back.begin(Subscribe(cursors("a")))
    await world.store.reached("rooms.head")
    back.leave()
    world.store.release("rooms.head")
    await world.ticks(50)
    assert back.state.joined == ()
    await world.chat.close()
    assert world.chat.census()["rooms"] in {0, 1}, "at most the one whose people may be back in a moment"


async def test_a_long_replay_of_one_room_keeps_no_other_waiting(tmp_path: Path) -> None:
    async with opened(tmp_path, ChatSettings(page_events=2)) as world:
        first = await rooms_of(world, "long", "short")
        await say(first, *map(str, range(20)), room="long")
        await say(first, "one", room="short")
        back = await world.person("ada")
        await back.ask(Subscribe(cursors(("long", 3), ("short", 3))), Subscribed)
        await back.has("long", 23)
        order = [event.room for room in ("long", "short") for event in back.events(room)]
        assert sorted(order) == ["long"] * 20 + ["short"]
        short = back.log.index(back.events("short")[0])
        assert short < back.log.index(back.events("long")[2]), "a page each"


async def test_each_room_costs_its_user_units_also_in_the_sign_in(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    some = cursors("a", "b", "c")
    assert units_of(Subscribe(some)) - units_of(Subscribe([])) == 60
    assert units_of(Auth("t", some)) - units_of(Auth("t")) == 60
    await rooms_of(world, "a")
    back = await world.connect()
    spent: list[int] = []

    def spend(user: UserId, units: int) -> float:
        spent.append(units)
        return 0.0

    monkeypatch.setattr(world.chat._quotas, "spend", spend)
    await back.ask(Auth(world.tokens["ada"], some), Subscribed)
    assert spent == [units_of(Auth("t", some))]
