"""The open connections to other nodes' internal listeners."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from typing import Final

from .address import connect
from .node_connection import NodeConnection, NodeResponse, NodeUnreachable

_IDLE_MAX: Final = 64
"""Connections per node that wait for the next request."""


class NodePool:
    """A pool. It never asks twice: a request that failed may have been acted upon."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._idle: defaultdict[str, list[NodeConnection]] = defaultdict(list)
        self._busy: defaultdict[str, set[NodeConnection]] = defaultdict(set)

    async def ask(self, address: str, request: bytes, seconds: float) -> NodeResponse:
        """Send a request to the node at `address`. Raises NodeUnreachable, also when the time is over."""
        try:
            async with asyncio.timeout(seconds):
                connection = self._take(address) or await self._connect(address)
                self._busy[address].add(connection)
                try:
                    return await connection.ask(request)
                finally:
                    self._busy[address].discard(connection)
                    if connection.reusable and len(self._idle[address]) < _IDLE_MAX:
                        self._idle[address].append(connection)
                    else:
                        connection.abort()
        except TimeoutError as error:
            raise NodeUnreachable from error

    def drop(self, address: str) -> None:
        """Nobody is there any more: whoever waits for it need not wait."""
        for connection in [*self._busy.pop(address, ()), *self._idle.pop(address, ())]:
            connection.abort()

    def close(self) -> None:
        for address in {*self._idle, *self._busy}:
            self.drop(address)

    def _take(self, address: str) -> NodeConnection | None:
        idle = self._idle[address]
        while idle:
            connection = idle.pop()
            if connection.reusable:
                return connection
        return None

    async def _connect(self, address: str) -> NodeConnection:
        connection = NodeConnection()
        await connect(self._loop, lambda: connection, address)
        return connection
