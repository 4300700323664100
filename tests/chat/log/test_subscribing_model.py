"""Whatever two devices of a user do on two nodes: no event is lost or repeated, and who has left receives nothing more.

Each device is a client as the SDKs are: it keeps a cursor for each room, drops what it has, and comes back by
`subscribe`. The model is the store's log and the user's membership in it.
"""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hubbub.vocabulary import (
    Done,
    Event,
    Join,
    Joined,
    Leave,
    MemberJoined,
    MemberLeft,
    RoomCursor,
    RoomId,
    Seq,
    Subscribe,
    Subscribed,
    UserName,
)
from tests.chat.client import Failed, Replied, TestConnection
from tests.chat.nodes import Nodes, opened_nodes
from tests.chat.world import say

ROOMS = (RoomId("general"), RoomId("random"))
ADA = UserName("ada")

step = st.one_of(
    st.tuples(st.just("say"), st.sampled_from(ROOMS)),
    st.tuples(st.sampled_from(["join", "leave"]), st.integers(0, 1), st.sampled_from(ROOMS)),
    st.tuples(st.sampled_from(["subscribe", "again", "wait"]), st.integers(0, 1)),
)


class Device:
    """A client with cursors. `got`: what was shown of each room since it was last joined anew."""

    def __init__(self, nodes: Nodes, node: int) -> None:
        self.world = nodes[node]
        self.cursors: dict[RoomId, Seq] = {}
        self.shown: dict[RoomId, list[Seq]] = {room: [] for room in ROOMS}
        self.person: TestConnection | None = None
        self._read = 0

    async def connect(self) -> TestConnection:
        """Come back: the old connection is gone, and what was read of it counts."""
        if self.person is not None:
            self.read()
            self.person.leave()
        self.person, self._read = await self.world.person("ada"), 0
        return self.person

    def read(self) -> None:
        """Apply what has come, in order."""
        assert self.person is not None
        log, self._read = self.person.log[self._read :], len(self.person.log)
        for one in log:
            match one:
                case Replied(ok=Joined() as ok):
                    self.cursors.setdefault(ok.room, ok.head)
                case Replied(ok=Subscribed() as ok):
                    for outcome in ok.rooms:
                        if outcome.error is not None:
                            assert outcome.error.code == "room_forbidden"
                            self.cursors.pop(outcome.room, None)
                case Replied() | Failed():
                    pass
                case _ if isinstance(one, Event) and one.room in self.cursors:
                    self._show(one)
                case _:
                    pass

    def _show(self, event: Event) -> None:
        cursor = self.cursors[event.room]
        if event.seq > cursor:
            assert event.seq == cursor + 1, f"a hole: {event.room} has {cursor}, then {event.seq}"
            self.cursors[event.room] = event.seq
            self.shown[event.room].append(event.seq)


async def member(nodes: Nodes, room: RoomId) -> bool:
    return (await nodes[0].store.rooms.head(room, nodes[0].user_id("ada"))).member


async def perform(nodes: Nodes, devices: list[Device], founder: TestConnection, one: tuple[object, ...]) -> None:
    match one:
        case ("say", room):
            await say(founder, "text", room=str(room))
        case ("subscribe", int(number)):
            device = devices[number]
            person = await device.connect()
            wanted = [RoomCursor(room, device.cursors.get(room)) for room in ROOMS]
            were = {room: await member(nodes, room) for room in ROOMS}
            answer = await person.ask(Subscribe(wanted), Subscribed)
            assert {outcome.room: outcome.error is None for outcome in answer.rooms} == were
            for outcome in answer.rooms:
                if outcome.error is None:
                    device.cursors.setdefault(outcome.room, outcome.head)
            assert {room: await member(nodes, room) for room in ROOMS} == were, "it makes nobody a member"
        case ("again", int(number)):
            device = devices[number]
            device.read()
            assert device.person is not None
            device.person.begin(Subscribe([RoomCursor(room, since) for room, since in device.cursors.items()]))
        case ("join", int(number), room):
            device = devices[number]
            device.read()
            assert device.person is not None
            await device.person.ask(Join(RoomId(str(room)), device.cursors.get(RoomId(str(room)))), Joined)
        case ("leave", int(number), room):
            device = devices[number]
            assert device.person is not None
            await device.person.ask(Leave(RoomId(str(room))), Done)
        case ("wait", int(number)):
            await nodes.after(1)
            devices[number].read()
        case _:
            raise AssertionError(one)


async def story(path: Path, steps: list[tuple[object, ...]]) -> None:
    async with opened_nodes(path, 2) as nodes:
        await nodes[0].room("random")
        await nodes[0].account("ada")
        nodes[1].tokens, nodes[1].actors = nodes[0].tokens, nodes[0].actors
        founder = await nodes[0].person("founder")
        for room in ROOMS:
            await founder.ask(Join(room), Joined)
        devices = [Device(nodes, 0), Device(nodes, 1)]
        for device in devices:
            await device.connect()
        for one in steps:
            await perform(nodes, devices, founder, one)
        await at_the_end(nodes, devices, founder)


async def at_the_end(nodes: Nodes, devices: list[Device], founder: TestConnection) -> None:
    """Both come back once more: what each knows then is what the log has."""
    for device in devices:
        await perform(nodes, devices, founder, ("subscribe", devices.index(device)))
    await nodes.after(10)
    for room in ROOMS:
        await say(founder, "last", room=room)
    for room in ROOMS:
        mine = await member(nodes, room)
        head = (await nodes[0].store.rooms.heads([room]))[room]
        for device in devices:
            assert device.person is not None
            if mine:
                await device.person.has(room, head)
                device.read()
                assert device.cursors[room] == head, "an event was lost"
            else:
                await nodes.after(1)
                assert room not in {feed.room for feed in device.person.state.joined}, "who has left receives nothing"
                assert device.person.events(room) == []
            shown = device.shown[room]
            assert len(shown) == len(set(shown)), "an event was shown twice"
    log = await nodes[0].store.events.after(ROOMS[0], 0, 200)
    changes = [type(event) for event in log if isinstance(event, MemberJoined | MemberLeft) and event.sender == ADA]
    assert changes == [MemberJoined, MemberLeft][:2] * (len(changes) // 2) + [MemberJoined] * (len(changes) % 2)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(step, min_size=1, max_size=25))
def test_devices_agree_with_the_log_whatever_they_do(steps: list[tuple[object, ...]]) -> None:
    with tempfile.TemporaryDirectory() as path:
        asyncio.run(story(Path(path), steps))


@pytest.mark.parametrize("node", [0, 1])
async def test_a_device_that_comes_back_does_not_undo_a_leave(tmp_path: Path, node: int) -> None:
    join, leave = ("join", 0, ROOMS[0]), ("leave", 1, ROOMS[0])
    await story(tmp_path, [join, ("say", ROOMS[0]), leave, ("subscribe", node), ("say", ROOMS[0]), ("again", node)])
