"""Several nodes in one process: one store, one clock, and a bus between them that a test can count and disturb."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from hubbub.bus import Bus, NodeId, NodeMessage, PresenceHere, PresenceWanted, Receiver, RoomNodeMessage
from hubbub.chat import ChatSettings
from hubbub.store.sqlite import SqliteStore
from hubbub.vocabulary import Event, Presence, RoomId, Signal, UserName, Watch, Watching
from tests.support.faulty_bus import FaultyNetwork

from .client import TestConnection
from .clock import Clock
from .valve import Valve
from .world import World

Item = Sequence[Event] | Signal | RoomNodeMessage


GENERAL = RoomId("general")


def names(*some: str) -> list[UserName]:
    return [UserName(name) for name in some]


class SharedBus:
    """Brings everything to all its ends, in order, after the current callback of the event loop.

    Attributes:
        published: what nodes said in rooms, with the node's number.
        carries: whether an item of this node arrives; a test may replace it.
    """

    def __init__(self) -> None:
        self.ends: list[BusEnd] = []
        self.published: list[tuple[int, RoomId, Item]] = []
        self.carries: Callable[[int, Item | NodeMessage], bool] = lambda _node, _item: True

    def end(self) -> BusEnd:
        """The bus of one more node."""
        self.ends.append(BusEnd(self, len(self.ends)))
        return self.ends[-1]

    def here(self) -> list[PresenceHere]:
        """What nodes told of who is there."""
        return [item for _, _, item in self.published if isinstance(item, PresenceHere)]

    def wanted(self) -> list[PresenceWanted]:
        """What nodes wanted to know."""
        return [item for _, _, item in self.published if isinstance(item, PresenceWanted)]


class BusEnd(Bus):
    """One node's end of it. `frozen`: the node neither says nor hears anything."""

    def __init__(self, shared: SharedBus, number: int) -> None:
        self.frozen = False
        self._shared = shared
        self._number = number
        self._rooms: set[RoomId] = set()
        self._receiver: Receiver | None = None

    async def open(self, receiver: Receiver) -> None:
        self._receiver = receiver

    async def close(self) -> None:
        self._receiver = None

    def subscribe(self, room: RoomId) -> None:
        self._rooms.add(room)

    def unsubscribe(self, room: RoomId) -> None:
        self._rooms.discard(room)

    def publish(self, room: RoomId, items: Item) -> None:
        if not self.frozen and self._shared.carries(self._number, items):
            self._shared.published.append((self._number, room, items))
            for end in self._shared.ends:
                asyncio.get_running_loop().call_soon(end.deliver, room, items)

    def announce(self, note: NodeMessage) -> None:
        if not self.frozen and self._shared.carries(self._number, note):
            for end in self._shared.ends:
                asyncio.get_running_loop().call_soon(end.hear, note)

    def deliver(self, room: RoomId, items: Item) -> None:
        if self._receiver is None or self.frozen or room not in self._rooms:
            return
        if isinstance(items, Sequence):
            self._receiver.events(room, items)
        else:
            self._receiver.signal(room, items)

    def hear(self, note: NodeMessage) -> None:
        if self._receiver is not None and not self.frozen:
            self._receiver.node_message(note)


class Nodes(list[World]):
    """The nodes, named n0, n1, …, and what is between them: a bus to count on, or a network that is bad."""

    def __init__(self, clock: Clock, seed: int) -> None:
        super().__init__()
        self.clock = clock
        self.bus = SharedBus()
        self.network = FaultyNetwork(seed, clock.call_later)

    async def after(self, seconds: float) -> None:
        """Time passes on all nodes, and what they say meanwhile arrives. In steps: a bus takes no whole seconds."""
        while seconds > 0:
            self.clock.advance(min(seconds, 0.25))
            await self[0].ticks()
            seconds -= 0.25


@asynccontextmanager
async def opened_nodes(
    path: Path, number: int, settings: ChatSettings | None = None, *, seed: int | None = None
) -> AsyncIterator[Nodes]:
    """So many nodes over one database, with a room `general`. `seed`: they use the faulty network."""
    nodes = Nodes(Clock(), seed or 0)
    async with AsyncExitStack() as parts:
        store = Valve(SqliteStore(path / "hubbub.db"))
        await store.open()
        parts.push_async_callback(store.close)
        for index in range(number):
            bus: Bus = nodes.bus.end() if seed is None else nodes.network.bus()
            world = World(store, settings or ChatSettings(), bus, nodes.clock, NodeId(f"n{index}"))
            await world.identity.open()
            parts.push_async_callback(world.identity.close)
            await world.chat.open()
            parts.push_async_callback(world.chat.close)
            nodes.append(world)
        await nodes[0].room()
        await nodes.after(5)
        nodes.bus.published.clear()
        yield nodes


class Screen:
    """What a client shows that watches the room and applies the signals as docs/protocol.md says."""

    def __init__(self, person: TestConnection, watching: Watching) -> None:
        self.person = person
        self.count = watching.count
        self.names = set(watching.online)
        self.signals: list[Presence] = []
        person.heard = self._heard

    def _heard(self, received: object) -> None:
        if isinstance(received, Presence):
            self.signals.append(received)
            self.count = received.count
            self.names = (self.names | set(received.online)) - set(received.offline)

    @property
    def shown(self) -> list[str]:
        assert len(self.names) == self.count
        return sorted(self.names)


async def screen(world: World, name: str = "ada") -> Screen:
    """Somebody who watches `general` on this node."""
    person = await world.person(name, "general")
    return Screen(person, await person.ask(Watch(GENERAL), Watching))


def whole(node: str, number: int, *online: str, lease: float = 30.0) -> PresenceHere:
    """A node's word that these and no others are there."""
    return PresenceHere(NodeId(node), number, len(online), lease, online=names(*online), whole=True)


async def hear(one: Nodes, note: PresenceHere | PresenceWanted) -> None:
    """Another node says something to the first one; a second passes."""
    one[0].chat.bus_receiver.signal(GENERAL, note)
    await one.after(1)
