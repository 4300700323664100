"""The bus of a single node: a direct call."""

from __future__ import annotations

from collections.abc import Sequence

from hubbub.vocabulary import Event, RoomId, Signal

from .node_messages import NodeMessage, RoomNodeMessage
from .protocols import Receiver


class LocalBus:
    """Delivers at once, in order, without loss. Rooms that nobody subscribed are dropped."""

    def __init__(self) -> None:
        self._receiver: Receiver | None = None
        self._rooms: set[RoomId] = set()

    async def open(self, receiver: Receiver) -> None:
        self._receiver = receiver

    async def close(self) -> None:
        self._receiver = None
        self._rooms.clear()

    def subscribe(self, room: RoomId) -> None:
        self._rooms.add(room)

    def unsubscribe(self, room: RoomId) -> None:
        self._rooms.discard(room)

    def publish(self, room: RoomId, items: Sequence[Event] | Signal | RoomNodeMessage) -> None:
        if self._receiver is None or room not in self._rooms:
            return
        if isinstance(items, Sequence):
            self._receiver.events(room, items)
        else:
            self._receiver.signal(room, items)

    def announce(self, message: NodeMessage) -> None:
        if self._receiver is not None:
            self._receiver.node_message(message)
