"""Proof that the bus delivers: something is announced and has to come back.

    canary = Canary(bus.announce, node)
    bus.listeners.append(canary.heard)
    await canary.check()

The last line returns when a ping that it announced was received.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from hubbub.bus import NodeId, NodeMessage, Ping


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
