"""Fan-out: encode once per lane, join once per tick, write once per member."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import cast

from hubbub.realtime import Connection, Group, Hub, Outgoing
from hubbub.realtime.fanout.group import SLICE_MEMBERS
from hubbub.vocabulary import Message, RoomId, UserName


class Paper:
    """A lane that remembers what was written to whom."""

    wire = "paper"
    transport = "hand"

    def __init__(self) -> None:
        self.encoded = 0
        self.written: list[tuple[Connection, bytes]] = []

    def encode(self, outgoing: Outgoing) -> bytes:
        self.encoded += 1
        return cast("Message", outgoing.body).text.encode()

    def join(self, parts: Sequence[bytes]) -> bytes:
        return b",".join(parts)

    def write(self, members: Sequence[Connection], data: bytes) -> None:
        self.written += [(member, data) for member in members]


class Reader:
    def __init__(self, lane: Paper) -> None:
        self.lane = lane
        self.groups: tuple[Group, ...] = ()


def reader(lane: Paper) -> Connection:
    return cast("Connection", Reader(lane))


def said(text: str) -> Outgoing:
    return Outgoing(Message(room=RoomId("r"), seq=1, sender=UserName("ada"), ts=0, text=text))


async def test_what_a_tick_published_is_written_once_per_member() -> None:
    group, lane = Group(Hub(asyncio.get_running_loop()), "r"), Paper()
    ada, bob = reader(lane), reader(lane)
    group.add(ada)
    group.add(bob)
    for text in "abc":
        group.publish(said(text))
    assert lane.written == []
    await asyncio.sleep(0)
    assert lane.written == [(ada, b"a,b,c"), (bob, b"a,b,c")]
    assert lane.encoded == 3


async def test_each_lane_encodes_once() -> None:
    group, one, other = Group(Hub(asyncio.get_running_loop()), "r"), Paper(), Paper()
    for lane in (one, other, one, other):
        group.add(reader(lane))
    group.publish(said("a"))
    group.flush()
    assert (one.encoded, other.encoded) == (1, 1)
    assert len(one.written) == len(other.written) == 2


async def test_a_new_member_gets_only_what_comes_after_it() -> None:
    group, lane = Group(Hub(asyncio.get_running_loop()), "r"), Paper()
    old, new = reader(lane), reader(lane)
    group.add(old)
    group.publish(said("before"))
    group.add(new)
    group.publish(said("after"))
    await asyncio.sleep(0)
    assert lane.written == [(old, b"before"), (old, b"after"), (new, b"after")]


async def test_who_leaves_has_got_everything_until_then() -> None:
    group, lane = Group(Hub(asyncio.get_running_loop()), "r"), Paper()
    ada = reader(lane)
    group.add(ada)
    group.publish(said("last"))
    group.remove(ada)
    group.publish(said("too late"))
    await asyncio.sleep(0)
    assert lane.written == [(ada, b"last")]
    assert ada.groups == ()
    assert len(group) == 0


async def test_who_is_gone_gets_nothing_any_more() -> None:
    group, lane = Group(Hub(asyncio.get_running_loop()), "r"), Paper()
    ada = reader(lane)
    group.add(ada)
    group.publish(said("unread"))
    group.discard(ada)
    group.discard(ada)
    group.remove(ada)
    await asyncio.sleep(0)
    assert lane.written == []
    assert ada not in group
    assert ada.groups == ()


async def test_adding_twice_is_one_membership() -> None:
    group, lane = Group(Hub(asyncio.get_running_loop()), "r"), Paper()
    ada = reader(lane)
    group.add(ada)
    group.add(ada)
    group.publish(said("once"))
    group.flush()
    assert lane.written == [(ada, b"once")]
    assert ada in group
    assert ada.groups == (group,)


async def test_a_large_room_is_written_slice_by_slice_and_order_is_the_order_of_calls() -> None:
    hub = Hub(asyncio.get_running_loop())
    large, small, lane = Group(hub, "large"), Group(hub, "small"), Paper()
    crowd = [reader(lane) for _ in range(2 * SLICE_MEMBERS + 1)]
    for member in crowd:
        large.add(member)
    small.add(crowd[-1])
    large.publish(said("a"))
    small.publish(said("b"))
    await asyncio.sleep(0)
    assert len(lane.written) == SLICE_MEMBERS  # and now the loop does something else
    large.publish(said("c"))
    for _ in range(10):
        await asyncio.sleep(0)
    for member in crowd[:-1]:
        assert [data for to, data in lane.written if to is member] == [b"a", b"c"]
    assert [data for to, data in lane.written if to is crowd[-1]] == [b"a", b"b", b"c"]


async def test_who_joins_or_leaves_in_the_middle_of_a_fan_out() -> None:
    group, lane = Group(Hub(asyncio.get_running_loop()), "r"), Paper()
    crowd = [reader(lane) for _ in range(SLICE_MEMBERS + 1)]
    for member in crowd:
        group.add(member)
    group.publish(said("a"))
    await asyncio.sleep(0)
    late, last = reader(lane), crowd[-1]
    assert last not in [to for to, _ in lane.written]
    group.remove(last)
    assert lane.written[-1] == (last, b"a")
    group.add(late)
    group.publish(said("b"))
    for _ in range(5):
        await asyncio.sleep(0)
    assert [data for to, data in lane.written if to is late] == [b"b"]
    assert [data for to, data in lane.written if to is last] == [b"a"]
    assert [data for to, data in lane.written if to is crowd[0]] == [b"a", b"b"]
