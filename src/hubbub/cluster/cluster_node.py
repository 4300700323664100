"""This node as one of several: everything between it and the others, wired."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from msgspec import Struct

from hubbub.bus import NodeId
from hubbub.realtime import Gateway

from .forwarding import Forwarding
from .internal_listener import InternalListener
from .metrics import Gathering, Traffic
from .node_pool import NodePool
from .node_secret import NodeSecret
from .nodes import Nodes
from .observed_bus import ObservedBus
from .relay import Relay


class ClusterSettings(Struct, frozen=True):
    """What the configuration says about it.

    Attributes:
        address: host:port where other nodes reach this one; empty: only those of this machine do.
        body_bytes: the longest body of a forwarded request.
        answer_seconds: how long a forwarded request may take; longer than a poll waits.
    """

    address: str
    body_bytes: int
    answer_seconds: float


class ClusterNode:
    """One node among several, from `open` to `close`.

    Attributes:
        nodes: who else is there.
        http: ASGI application for the transports over HTTP, in the place of the gateway's.
        metrics: the page of all nodes on this machine.
    """

    def __init__(
        self,
        bus: ObservedBus,
        node: NodeId,
        gateway: Gateway,
        secret: NodeSecret,
        settings: ClusterSettings,
        metrics: Callable[[], bytes],
    ) -> None:
        loop = asyncio.get_running_loop()
        self.traffic = Traffic()
        self.nodes = Nodes(bus.announce, node, loop)
        self._settings = settings
        self._pool = NodePool(loop)
        self._relay = Relay(self.nodes, secret, self.traffic, loop)
        self._listener = InternalListener(gateway, secret, self.traffic, metrics)
        self.http = Forwarding(
            gateway.http,
            self.nodes,
            self._pool,
            secret,
            self.traffic,
            body_bytes=settings.body_bytes,
            seconds=settings.answer_seconds,
        )
        self.metrics = Gathering(self.nodes, self._pool, secret, metrics).page
        self.nodes.lost += [self._pool.drop, self._relay.drop]
        bus.listeners.append(self.nodes.heard)
        gateway.relay = self._relay

    async def open(self) -> None:
        """Open the listener and tell the others. The bus is open. Raises InternalListenerError."""
        await self._listener.open(self._settings.address, self.nodes.node)
        self.nodes.address = self._listener.address
        self.nodes.start()

    async def close(self) -> None:
        """Say goodbye and let go. The clients of this node have been asked to move already."""
        await self.leave(0, 0)
        self.nodes.stop()
        self._pool.close()
        await self._listener.close()

    async def leave(self, grace_seconds: float, spread_seconds: float) -> None:
        """Let go what only passes through here, at most within the grace; spread over the given part of it."""
        await asyncio.gather(self._relay.close(grace_seconds, spread_seconds), self.http.close(spread_seconds))
