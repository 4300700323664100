"""Proof that the bus delivers: something is announced and has to come back.

    canary = Canary(line.announce, node)
    line.listeners.append(canary.heard)
    await canary.sing()

The last line returns when a chirp that it announced was received.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from hubbub.bus import Chirp, NodeId, Note


class Canary:
    """One node's.

    Args:
        announce: the bus's.
        node: tells the chirps of this node from those of others.
    """

    def __init__(self, announce: Callable[[Note], None], node: NodeId) -> None:
        self._announce = announce
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
            self._announce(Chirp(self._node, number))
            await heard
        finally:
            del self._waiting[number]

    def heard(self, note: Note) -> None:
        """A note came: perhaps a chirp, perhaps one of ours, perhaps not for the first time."""
        if isinstance(note, Chirp) and note.node == self._node:
            waiting = self._waiting.get(note.number)
            if waiting is not None and not waiting.done():
                waiting.set_result(None)
