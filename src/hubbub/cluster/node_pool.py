"""The open connections to other nodes' private doors."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from typing import Final

from .address import connect
from .node_connection import Answer, Hop, HopFailed

_IDLE_MAX: Final = 64
"""Connections per node that wait for the next request."""


class Hops:
    """A pool. It never asks twice: a request that failed may have been acted upon."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._idle: defaultdict[str, list[Hop]] = defaultdict(list)
        self._busy: defaultdict[str, set[Hop]] = defaultdict(set)

    async def ask(self, address: str, request: bytes, seconds: float) -> Answer:
        """Send a request to the node at `address`. Raises HopFailed, also when the time is over."""
        try:
            async with asyncio.timeout(seconds):
                hop = self._take(address) or await self._connect(address)
                self._busy[address].add(hop)
                try:
                    return await hop.ask(request)
                finally:
                    self._busy[address].discard(hop)
                    if hop.reusable and len(self._idle[address]) < _IDLE_MAX:
                        self._idle[address].append(hop)
                    else:
                        hop.abort()
        except TimeoutError as error:
            raise HopFailed from error

    def drop(self, address: str) -> None:
        """Nobody is there any more: whoever waits for it need not wait."""
        for hop in [*self._busy.pop(address, ()), *self._idle.pop(address, ())]:
            hop.abort()

    def close(self) -> None:
        for address in {*self._idle, *self._busy}:
            self.drop(address)

    def _take(self, address: str) -> Hop | None:
        idle = self._idle[address]
        while idle:
            hop = idle.pop()
            if hop.reusable:
                return hop
        return None

    async def _connect(self, address: str) -> Hop:
        hop = Hop()
        await connect(self._loop, lambda: hop, address)
        return hop
