"""Who is there: announcements, leases, goodbyes, and a node that was frozen itself. The clock is the test's."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from hubbub.bus import NodeAlive, NodeGone, NodeId, NodeMessage, Ping
from hubbub.cluster import Nodes

US, BOB, EVE = NodeId("us"), NodeId("bob"), NodeId("eve")


class FakeLoop:
    """Time and timers of an event loop, as far as the registry uses them."""

    def __init__(self) -> None:
        self.now = 100.0
        self._timers: list[tuple[float, FakeTimer, Callable[[], None]]] = []

    def time(self) -> float:
        return self.now

    def call_later(self, delay: float, call: Callable[[], None]) -> FakeTimer:
        timer = FakeTimer()
        self._timers.append((self.now + delay, timer, call))
        return timer

    def pass_(self, seconds: float) -> None:
        """Time goes on, timers ring when it is their time."""
        until = self.now + seconds
        while ready := [entry for entry in self._timers if entry[0] <= until]:
            self._ring(min(ready, key=lambda entry: entry[0]))
        self.now = until

    def jump(self, seconds: float) -> None:
        """The process stood still: the timers ring late, once."""
        self.now += seconds
        for entry in [entry for entry in self._timers if entry[0] <= self.now]:
            self._ring(entry)

    def _ring(self, entry: tuple[float, FakeTimer, Callable[[], None]]) -> None:
        due, timer, call = entry
        self._timers.remove(entry)
        if not timer.cancelled:
            self.now = max(self.now, due)
            call()


class FakeTimer:
    cancelled = False

    def cancel(self) -> None:
        self.cancelled = True


class World:
    def __init__(self) -> None:
        self.loop = FakeLoop()
        self.said: list[NodeMessage] = []
        self.lost: list[str] = []
        loop: Any = self.loop
        self.nodes = Nodes(self.said.append, US, loop, announce_seconds=1, lease_seconds=4)
        self.nodes.address = "/us"
        self.nodes.lost.append(self.lost.append)
        self.nodes.start()

    def hear(self, node: NodeId, address: str = "/there") -> None:
        self.nodes.heard(NodeAlive(node, 4, address))

    def names(self) -> set[NodeId]:
        return {peer.node for peer in self.nodes.peers()}


async def test_a_node_says_that_it_is_there_again_and_again_until_it_says_goodbye() -> None:
    world = World()
    world.loop.pass_(3)
    assert world.said == [NodeAlive(US, 4, "/us")] * 4
    world.nodes.stop()
    world.loop.pass_(3)
    assert world.said[4:] == [NodeGone(US)]


async def test_a_newcomer_is_told_at_once_who_is_there() -> None:
    world = World()
    world.hear(BOB)
    assert world.said == [NodeAlive(US, 4, "/us")] * 2
    world.hear(BOB)
    assert len(world.said) == 2
    assert await world.nodes.find(BOB) == "/there"


async def test_what_it_says_itself_makes_it_no_peer() -> None:
    world = World()
    world.hear(US)
    assert world.names() == set()


async def test_a_node_counts_until_its_lease_ends_and_whoever_waits_is_told() -> None:
    world = World()
    world.hear(BOB)
    world.loop.pass_(3.9)
    assert world.names() == {BOB}
    assert (world.nodes.silent(), world.nodes.remark()) == ([BOB], "1 of 1 silent")
    world.loop.pass_(0.2)
    assert world.names() == set()
    assert world.lost == ["/there"]
    assert await world.nodes.find(BOB) == ""
    world.hear(BOB)  # it was frozen, and is back
    assert (world.names(), world.nodes.remark()) == ({BOB}, "ok")


async def test_a_chirp_is_a_sign_of_life_too() -> None:
    world = World()
    world.hear(BOB)
    world.loop.pass_(3)
    world.nodes.heard(Ping(BOB, 1))
    world.nodes.heard(Ping(EVE, 1))
    assert world.nodes.silent() == []


async def test_a_goodbye_counts_at_once_and_a_late_word_does_not_undo_it() -> None:
    world = World()
    world.hear(BOB)
    world.nodes.heard(NodeGone(BOB))
    assert (world.names(), world.lost) == (set(), ["/there"])
    world.hear(BOB)
    assert world.names() == set()
    assert await world.nodes.find(BOB) == ""


async def test_a_node_that_stood_still_itself_does_not_take_the_others_for_dead() -> None:
    world = World()
    world.hear(BOB)
    world.loop.jump(60)
    assert world.names() == {BOB}
    world.loop.pass_(2)  # but one that is really gone is missed then
    assert world.names() == set()


async def test_a_node_that_has_just_started_waits_for_the_one_it_is_asked_for() -> None:
    said: list[NodeMessage] = []
    nodes = Nodes(said.append, US, asyncio.get_running_loop(), announce_seconds=60, lease_seconds=240)
    nodes.start()
    first, second = asyncio.create_task(nodes.find(BOB)), asyncio.create_task(nodes.find(BOB))
    await asyncio.sleep(0)
    nodes.heard(NodeAlive(EVE, 240, "/eve"))
    nodes.heard(NodeAlive(BOB, 240, "/bob"))
    assert set(await asyncio.gather(first, second)) == {"/bob"}
    nodes.stop()


async def test_it_does_not_wait_for_ever() -> None:
    said: list[NodeMessage] = []
    nodes = Nodes(said.append, US, asyncio.get_running_loop(), announce_seconds=0.01, lease_seconds=1)
    nodes.start()
    assert await nodes.find(BOB) == ""
    nodes.stop()
