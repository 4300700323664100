"""The bus, with those who listen to what nodes tell each other.

    line = Line(LocalBus())
    line.listeners.append(nodes.heard)
    await line.open(receiver)

The receiver, the chat's, gets everything but chirps.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from hubbub.bus import Bus, Chirp, Note, Receiver, RoomNote
from hubbub.vocabulary import Event, RoomId, Signal

Listener = Callable[[Note], None]


class Line:
    """A bus around a bus. It carries everything through.

    Attributes:
        listeners: get every note before the receiver does; must not block, nor raise.
    """

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self.listeners: list[Listener] = []
        # the path of every message: nothing is added to it
        self.publish: Callable[[RoomId, Sequence[Event] | Signal | RoomNote], None] = bus.publish
        self.announce: Callable[[Note], None] = bus.announce
        self.subscribe: Callable[[RoomId], None] = bus.subscribe
        self.unsubscribe: Callable[[RoomId], None] = bus.unsubscribe

    async def open(self, receiver: Receiver) -> None:
        await self._bus.open(_Ear(receiver, self.listeners))

    async def close(self) -> None:
        await self._bus.close()


class _Ear:
    """A receiver in front of the real one."""

    def __init__(self, receiver: Receiver, listeners: list[Listener]) -> None:
        self._receiver = receiver
        self._listeners = listeners
        self.events: Callable[[RoomId, Sequence[Event]], None] = receiver.events
        self.signal: Callable[[RoomId, Signal | RoomNote], None] = receiver.signal
        self.gap: Callable[[], None] = receiver.gap

    def note(self, note: Note) -> None:
        for listener in self._listeners:
            listener(note)
        if not isinstance(note, Chirp):
            self._receiver.note(note)
