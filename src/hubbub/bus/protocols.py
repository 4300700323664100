"""What every bus promises: little. It carries hints between nodes; the store is the truth.

A bus may lose, repeat, delay and reorder what it carries, between nodes and within one. Receivers therefore use `seq`
to drop repeats and read holes from the store. Each sentence here has a test in `tests/contracts/bus.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from hubbub.vocabulary import Event, RoomId, Signal

from .node_messages import NodeMessage, RoomNodeMessage


class BusError(Exception):
    """The bus can't be opened. The message is one line for the operator, without passwords."""


@dataclass(slots=True)
class BusCounters:
    """Of a bus that has a server. A bus of one node has none.

    Attributes:
        published: handed to the server's connection.
        received: what other nodes published; own publications come back and are not counted.
        dropped: publications that did not reach the server, or of which that is unknown.
        unreadable: received, but of a newer version.
        reconnects: times that a lost connection was made again.
        connected: whether it is connected now.
    """

    published: int = 0
    received: int = 0
    dropped: int = 0
    unreadable: int = 0
    reconnects: int = 0
    connected: bool = False


class Receiver(Protocol):
    """What a node does with what arrives. Called on the event loop; must not block."""

    def events(self, room: RoomId, events: Sequence[Event]) -> None:
        """Committed events of a room that this node subscribed, in the order of one publisher.

        What a later version publishes beside them is an `UnknownEvent`. Its signals and node messages are skipped.
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
