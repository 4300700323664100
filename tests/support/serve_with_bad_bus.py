"""`hubbub` whose bus loses, repeats, delays and reorders: `python -m tests.support.serve_with_bad_bus serve …`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Final

import hubbub.app
from hubbub.bus import NodeMessage, Receiver, RoomNodeMessage
from hubbub.cli import main
from hubbub.cluster import ObservedBus
from hubbub.vocabulary import Event, RoomId, Signal

from .faulty_bus import Faults, FaultyNetwork

FAULTS: Final = Faults(drop=0.1, repeat=0.1, reorder=0.2, delay_seconds=0.1)


class BadReceiver:
    """Between the bus and the node."""

    def __init__(self, receiver: Receiver) -> None:
        network = FaultyNetwork(seed=os.getpid())
        network.faults = FAULTS
        self._bus = network.bus()
        self._receiver = receiver

    async def open(self) -> None:
        await self._bus.open(self._receiver)

    def events(self, room: RoomId, events: Sequence[Event]) -> None:
        self._bus.subscribe(room)
        for event in events:
            self._bus.publish(room, [event])

    def signal(self, room: RoomId, signal: Signal | RoomNodeMessage) -> None:
        self._bus.subscribe(room)
        self._bus.publish(room, signal)

    def node_message(self, message: NodeMessage) -> None:
        self._bus.announce(message)

    def gap(self) -> None:
        self._receiver.gap()


class BadBus(ObservedBus):
    """The node's end of the bus, with a bad stretch before it."""

    async def open(self, receiver: Receiver) -> None:
        bad = BadReceiver(receiver)
        await bad.open()
        await super().open(bad)


if __name__ == "__main__":
    vars(hubbub.app)["ObservedBus"] = BadBus
    main()
