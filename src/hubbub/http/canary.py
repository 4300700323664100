"""Proof that the bus delivers: something is announced and has to come back.

canary = Canary(LocalBus(), node)    # give this to the chat as its bus
await canary.sing()                  # returns when an announced chirp was received
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from hubbub.bus import Bus, Chirp, NodeId, Note, Receiver, RoomNote
from hubbub.vocabulary import Event, RoomId, Signal


class Canary:
    """A bus around a bus. It carries everything through, and its own chirps.

    Args:
        node: tells the chirps of this node from those of others.
    """

    def __init__(self, bus: Bus, node: NodeId) -> None:
        self._bus = bus
        self._node = node
        self._sung = 0
        self._waiting: dict[int, asyncio.Future[None]] = {}

    async def sing(self) -> None:
        """Announce a chirp and wait until it has been received. It is the caller's to set a time limit."""
        self._sung += 1
        number = self._sung
        heard = asyncio.get_running_loop().create_future()
        self._waiting[number] = heard
        try:
            self._bus.announce(Chirp(self._node, number))
            await heard
        finally:
            del self._waiting[number]

    def heard(self, chirp: Chirp) -> None:
        """A chirp came: perhaps one of ours, perhaps not for the first time."""
        waiting = self._waiting.get(chirp.number) if chirp.node == self._node else None
        if waiting is not None and not waiting.done():
            waiting.set_result(None)

    # Bus

    async def open(self, receiver: Receiver) -> None:
        await self._bus.open(_Ear(receiver, self))

    async def close(self) -> None:
        await self._bus.close()

    def subscribe(self, room: RoomId) -> None:
        self._bus.subscribe(room)

    def unsubscribe(self, room: RoomId) -> None:
        self._bus.unsubscribe(room)

    def publish(self, room: RoomId, items: Sequence[Event] | Signal | RoomNote) -> None:
        self._bus.publish(room, items)

    def announce(self, note: Note) -> None:
        self._bus.announce(note)


class _Ear:
    """A receiver in front of the real one."""

    def __init__(self, receiver: Receiver, canary: Canary) -> None:
        self._canary = canary
        self._receiver = receiver
        # the path of every message: nothing is added to it
        self.events = receiver.events
        self.signal = receiver.signal
        self.gap = receiver.gap

    def note(self, note: Note) -> None:
        if isinstance(note, Chirp):
            self._canary.heard(note)
        else:
            self._receiver.note(note)
