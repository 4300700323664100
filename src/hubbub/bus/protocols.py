"""What every bus promises: little. It carries hints between nodes; the store is the truth.

A bus may lose, repeat, delay and reorder what it carries, between nodes and within one. Receivers therefore use `seq`
to drop repeats and read holes from the store. Each sentence here has a test in `tests/contracts/bus.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from hubbub.vocabulary import Event, RoomId, Signal

from .counters import BusCounters
from .node_messages import NodeMessage, RoomNodeMessage


class Receiver(Protocol):
    """What a node does with what arrives. Called on the event loop; must not block."""

    def events(self, room: RoomId, events: Sequence[Event]) -> None:
        """Committed events of a room that this node subscribed, in the order of one publisher.

        What a later version publishes beside them is an `UnknownEvent`. Its signals and notes are skipped.
        """
        ...

    def signal(self, room: RoomId, signal: Signal | RoomNodeMessage) -> None: ...

    def node_message(self, message: NodeMessage) -> None: ...

    def gap(self) -> None:
        """The bus may have lost anything until now (it reconnected): compare all heads with the store."""
        ...


class Bus(Protocol):
    async def open(self, receiver: Receiver) -> None:
        """Begin. Raises BusError, and then it is closed."""
        ...

    async def close(self) -> None: ...

    def subscribe(self, room: RoomId) -> None:
        """Ask for a room's events and signals. It may take effect later; a catch-up from the store covers that."""
        ...

    def unsubscribe(self, room: RoomId) -> None: ...

    def publish(self, room: RoomId, items: Sequence[Event] | Signal | RoomNodeMessage) -> None:
        """Carry committed events, or one signal, to every node that subscribed, this one included. Never blocks."""
        ...

    def announce(self, message: NodeMessage) -> None:
        """Carry a message to every node, this one included. Never blocks."""
        ...


class CountingBus(Bus, Protocol):
    """A bus that has a server, and counts."""

    counters: BusCounters
