"""The bus, with those who listen to what nodes tell each other; one of them proves that it delivers.

    bus = ObservedBus(LocalBus())
    bus.listeners.append(nodes.heard)
    await bus.open(receiver)

The receiver, the chat's, gets everything but pings.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from hubbub.bus import Bus, NodeId, NodeMessage, Ping, Receiver, RoomNodeMessage
from hubbub.vocabulary import Event, RoomId, Signal

NodeMessageHandler = Callable[[NodeMessage], None]


class ObservedBus:
    """A bus around a bus. It carries everything through.

    Attributes:
        listeners: get every message before the receiver does; must not block, nor raise.
    """

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self.listeners: list[NodeMessageHandler] = []
        # the path of every message: nothing is added to it
        self.publish: Callable[[RoomId, Sequence[Event] | Signal | RoomNodeMessage], None] = bus.publish
        self.announce: Callable[[NodeMessage], None] = bus.announce
        self.subscribe: Callable[[RoomId], None] = bus.subscribe
        self.unsubscribe: Callable[[RoomId], None] = bus.unsubscribe

    async def open(self, receiver: Receiver) -> None:
        await self._bus.open(_ObservingReceiver(receiver, self.listeners))

    async def close(self) -> None:
        await self._bus.close()


class _ObservingReceiver:
    """A receiver in front of the real one."""

    def __init__(self, receiver: Receiver, listeners: list[NodeMessageHandler]) -> None:
        self._receiver = receiver
        self._listeners = listeners
        self.events: Callable[[RoomId, Sequence[Event]], None] = receiver.events
        self.signal: Callable[[RoomId, Signal | RoomNodeMessage], None] = receiver.signal
        self.gap: Callable[[], None] = receiver.gap

    def node_message(self, message: NodeMessage) -> None:
        for listener in self._listeners:
            listener(message)
        if not isinstance(message, Ping):
            self._receiver.node_message(message)


class Canary:
    """One node's.

    Args:
        announce: the bus's.
        node: tells the pings of this node from those of others.
    """

    def __init__(self, announce: Callable[[NodeMessage], None], node: NodeId) -> None:
        self._announce = announce
        self._node = node
        self._checks = 0
        self._waiting: dict[int, asyncio.Future[None]] = {}

    async def check(self) -> None:
        """Announce a ping and wait until it has been received. It is the caller's to set a time limit."""
        self._checks += 1
        number = self._checks
        heard = asyncio.get_running_loop().create_future()
        self._waiting[number] = heard
        try:
            self._announce(Ping(self._node, number))
            await heard
        finally:
            del self._waiting[number]

    def heard(self, message: NodeMessage) -> None:
        """A message came: perhaps a ping, perhaps one of ours, perhaps not for the first time."""
        if isinstance(message, Ping) and message.node == self._node:
            waiting = self._waiting.get(message.number)
            if waiting is not None and not waiting.done():
                waiting.set_result(None)
