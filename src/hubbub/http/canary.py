"""Proof that the bus delivers: something is published and has to come back.

canary = Canary(LocalBus())      # give this to the chat as its bus
await canary.sing()              # returns when a published signal was received
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

from hubbub.bus import Bus, Receiver
from hubbub.vocabulary import Event, Presence, RoomId, Signal, UserId

_ROOM: Final = RoomId(".canary")
"""No room's id: those begin with a letter or a digit."""


class Canary:
    """A bus around a bus. It carries everything through, and its own signals in a room that nobody can enter.

    Args:
        node: tells the signals of this node from those of others.
    """

    def __init__(self, bus: Bus, node: str) -> None:
        self._bus = bus
        self._room = RoomId(f"{_ROOM}.{node}")
        self._sung = 0
        self._waiting: dict[int, asyncio.Future[None]] = {}

    async def sing(self) -> None:
        """Publish a signal and wait until it has been received. It is the caller's to set a time limit."""
        self._sung += 1
        number = self._sung
        heard = asyncio.get_running_loop().create_future()
        self._waiting[number] = heard
        try:
            self._bus.publish(self._room, Presence(self._room, number))
            await heard
        finally:
            del self._waiting[number]

    def heard(self, signal: Signal) -> None:
        """One of ours came back, perhaps not for the first time."""
        if isinstance(signal, Presence):
            waiting = self._waiting.get(signal.count)
            if waiting is not None and not waiting.done():
                waiting.set_result(None)

    # Bus

    async def open(self, receiver: Receiver) -> None:
        await self._bus.open(_Ear(receiver, self, self._room))
        self._bus.subscribe(self._room)

    async def close(self) -> None:
        await self._bus.close()

    def subscribe(self, room: RoomId) -> None:
        self._bus.subscribe(room)

    def unsubscribe(self, room: RoomId) -> None:
        self._bus.unsubscribe(room)

    def publish(self, room: RoomId, items: Sequence[Event] | Signal) -> None:
        self._bus.publish(room, items)

    def publish_user(self, user: UserId, signal: Signal, origin: str) -> None:
        self._bus.publish_user(user, signal, origin)


class _Ear:
    """A receiver in front of the real one."""

    def __init__(self, receiver: Receiver, canary: Canary, room: RoomId) -> None:
        self._canary = canary
        self._room = room
        self._receiver = receiver
        # the path of every message: nothing is added to it
        self.events = receiver.events
        self.user_signal = receiver.user_signal
        self.gap = receiver.gap

    def signal(self, room: RoomId, signal: Signal) -> None:
        if room == self._room:
            self._canary.heard(signal)
        else:
            self._receiver.signal(room, signal)
