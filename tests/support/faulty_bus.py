"""A bus that several nodes of one process share, with switches for everything that a bus may do wrong.

    network = FaultyNetwork(seed=7)
    first, second, third = network.bus(), network.bus(), network.bus()     # one per node
    network.faults = Faults(drop=0.1, repeat=0.1, reorder=0.2, delay_seconds=0.05)
    network.partition([first], [second, third])
    network.restore()                                                      # all is well, and every node is told

Faults strike on the way to each node by itself, a publisher's own node included. The same seed and the same calls
give the same faults.
"""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from hubbub.bus import LocalBus, NodeMessage, Receiver, RoomNodeMessage
from hubbub.vocabulary import Event, RoomId, Signal

CallLater = Callable[[float, Callable[[], None]], Any]
Delivery = Callable[[Receiver], None]


@dataclass(frozen=True)
class Faults:
    """What goes wrong, by default nothing. All but `delay_seconds` are probabilities.

    Attributes:
        drop: a delivery is lost.
        repeat: it comes twice.
        reorder: another one that is under way takes its place.
        delay_seconds: the longest delay; each is drawn evenly between 0 and this.
    """

    drop: float = 0.0
    repeat: float = 0.0
    reorder: float = 0.0
    delay_seconds: float = 0.0


NO_FAULTS: Final = Faults()


class FaultyNetwork:
    """What the nodes' buses are connected to.

    Args:
        call_later: the event loop's, unless a test has a clock of its own.
    """

    def __init__(self, seed: int, call_later: CallLater | None = None) -> None:
        self.faults = NO_FAULTS
        self.delivered = self.dropped = self.repeated = self.reordered = 0
        self._random = random.Random(seed)
        self._call_later = call_later or asyncio.get_running_loop().call_later
        self._buses: list[FaultyBus] = []
        self._groups: list[set[FaultyBus]] = []
        self._pending = 0
        self._empty = asyncio.Event()
        self._empty.set()

    def bus(self) -> FaultyBus:
        """A further node's."""
        bus = FaultyBus(self)
        self._buses.append(bus)
        return bus

    def partition(self, *groups: Sequence[FaultyBus]) -> None:
        """From now on only buses of the same group reach each other; one in no group reaches only itself."""
        self._groups = [set(group) for group in groups]

    def restore(self) -> None:
        """No faults and no partition any more. Every node is told that it may have missed something."""
        self.faults = NO_FAULTS
        self._groups = []
        for bus in self._buses:
            bus.tell(lambda receiver: receiver.gap())

    async def quiet(self) -> None:
        """Wait until nothing is under way."""
        await self._empty.wait()

    def spread(self, source: FaultyBus, delivery: Delivery, wanted: Callable[[FaultyBus], bool]) -> None:
        """Send something to every node that wants it at the time of its arrival."""
        for target in self._buses:
            if not self._connected(source, target) or self._strikes(self.faults.drop):
                self.dropped += 1
                continue
            self._send(target, delivery, wanted)
            if self._strikes(self.faults.repeat):
                self.repeated += 1
                self._send(target, delivery, wanted)

    def _send(self, target: FaultyBus, delivery: Delivery, wanted: Callable[[FaultyBus], bool]) -> None:
        target.under_way.append((delivery, wanted))
        self._pending += 1
        self._empty.clear()
        self._call_later(self._random.uniform(0, self.faults.delay_seconds), lambda: self._arrive(target))

    def _arrive(self, target: FaultyBus) -> None:
        """One of those under way arrives: the oldest, or any."""
        place = 0
        if len(target.under_way) > 1 and self._strikes(self.faults.reorder):
            self.reordered += 1
            place = self._random.randrange(1, len(target.under_way))
        delivery, wanted = target.under_way[place]
        del target.under_way[place]
        self._pending -= 1
        if not self._pending:
            self._empty.set()
        if wanted(target):
            self.delivered += 1
            target.tell(delivery)

    def _strikes(self, probability: float) -> bool:
        return probability > 0 and self._random.random() < probability

    def _connected(self, source: FaultyBus, target: FaultyBus) -> bool:
        return source is target or not self._groups or any({source, target} <= group for group in self._groups)


class FaultyBus(LocalBus):
    """One node's end. Made by `FaultyNetwork.bus`."""

    def __init__(self, network: FaultyNetwork) -> None:
        super().__init__()
        self.under_way: deque[tuple[Delivery, Callable[[FaultyBus], bool]]] = deque()
        self._network = network

    def tell(self, delivery: Delivery) -> None:
        """Hand over something that has arrived."""
        if self._receiver is not None:
            delivery(self._receiver)

    def publish(self, room: RoomId, items: Sequence[Event] | Signal | RoomNodeMessage) -> None:
        if self._receiver is None:
            return

        def deliver(receiver: Receiver) -> None:
            if isinstance(items, Sequence):
                receiver.events(room, items)
            else:
                receiver.signal(room, items)

        self._network.spread(self, deliver, lambda target: room in target._rooms)

    def announce(self, note: NodeMessage) -> None:
        if self._receiver is not None:
            self._network.spread(self, lambda receiver: receiver.node_message(note), lambda _: True)
