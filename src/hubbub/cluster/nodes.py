"""Which nodes there are, as far as the bus tells: each says every few seconds that it is alive, and where."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from typing import Final

from hubbub.bus import NodeAlive, NodeGone, NodeId, NodeMessage, Ping

logger = logging.getLogger(__name__)

ANNOUNCE_SECONDS: Final = 1.5
LEASE_SECONDS: Final = 6.0
"""A node that has not been heard for so long counts as dead: four announcements may be lost or late."""

Lost = Callable[[str], None]


class RemoteNode:
    """Another node.

    Attributes:
        address: where its internal listener is (see `address.py`); empty: it has none.
        heard: when it was heard last, by the loop's clock.
        until: when its lease ends.
    """

    __slots__ = ("address", "heard", "node", "until")

    def __init__(self, node: NodeId) -> None:
        self.node = node
        self.address = ""
        self.heard = 0.0
        self.until = 0.0


class Nodes:
    """The registry of one node.

    Args:
        announce: the bus's.
        node: this one.

    Attributes:
        address: where others reach this node; set it before `start`.
        lost: called with the address of a node that is gone or dead, so that nobody waits for it.
    """

    def __init__(
        self,
        announce: Callable[[NodeMessage], None],
        node: NodeId,
        loop: asyncio.AbstractEventLoop,
        *,
        announce_seconds: float = ANNOUNCE_SECONDS,
        lease_seconds: float = LEASE_SECONDS,
    ) -> None:
        self.node = node
        self.address = ""
        self.lost: list[Lost] = []
        self._announce = announce
        self._loop = loop
        self._announce_seconds = announce_seconds
        self._lease_seconds = lease_seconds
        self._peers: dict[NodeId, RemoteNode] = {}
        self._gone: dict[NodeId, float] = {}  # until when a late word of theirs is not believed
        self._arrivals: dict[NodeId, asyncio.Event] = {}
        self._began = self._ticked = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Say that we are here, and go on saying it. The bus is open."""
        self._began = self._ticked = self._loop.time()
        self._say()
        self._timer = self._loop.call_later(self._announce_seconds, self._tick)

    def stop(self) -> None:
        """Say goodbye. The bus is still open."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
            self._announce(NodeGone(self.node))

    def heard(self, message: NodeMessage) -> None:
        """A message came from the bus."""
        match message:
            case NodeAlive() if message.node != self.node and message.node not in self._gone:
                self._alive(message)
            case NodeGone() if message.node != self.node:
                self._gone[message.node] = self._loop.time() + self._lease_seconds
                self._forget(message.node, "gone")
            case Ping() if message.node in self._peers:
                self._peers[message.node].heard = self._loop.time()
            case _:
                pass

    def peers(self) -> Iterable[RemoteNode]:
        """All others that count as alive."""
        return self._peers.values()

    def silent(self) -> list[NodeId]:
        """Those that still count as alive, but missed more than one announcement: frozen, dead, or cut off."""
        since = self._loop.time() - 2.5 * self._announce_seconds
        return [peer.node for peer in self._peers.values() if peer.heard < since]

    def remark(self) -> str:
        """For people who look whether this node is well. Another one that is not well does not make this one ill."""
        silent = len(self.silent())
        return f"{silent} of {len(self._peers)} silent" if silent else "ok"

    async def find(self, node: NodeId) -> str:
        """The address of a node; empty when it is not alive, or has none.

        A node that has just started does not know the others yet: then this waits for the one that is asked for.
        """
        peer = self._peers.get(node)
        if peer is None and node not in self._gone:
            left = self._began + self._announce_seconds - self._loop.time()
            if left > 0:
                peer = await self._arrival(node, left)
        return peer.address if peer is not None else ""

    async def _arrival(self, node: NodeId, seconds: float) -> RemoteNode | None:
        arrived = self._arrivals.setdefault(node, asyncio.Event())
        try:
            async with asyncio.timeout(seconds):
                await arrived.wait()
        except TimeoutError:
            pass
        finally:
            self._arrivals.pop(node, None)
        return self._peers.get(node)

    def _say(self) -> None:
        self._announce(NodeAlive(self.node, self._lease_seconds, self.address))

    def _alive(self, message: NodeAlive) -> None:
        now = self._loop.time()
        peer = self._peers.get(message.node)
        if peer is None:
            peer = self._peers[message.node] = RemoteNode(message.node)
            logger.info("a node is there", extra={"peer": message.node, "address": message.address})
            self._say()  # it may be new, and want to know us now
        peer.address = message.address
        peer.heard = now
        peer.until = now + message.lease_seconds
        if (arrived := self._arrivals.get(message.node)) is not None:
            arrived.set()

    def _tick(self) -> None:
        now = self._loop.time()
        self._timer = self._loop.call_later(self._announce_seconds, self._tick)
        if now - self._ticked > 2 * self._announce_seconds:  # it is we who stood still; what they said is on its way
            for peer in self._peers.values():
                peer.until = max(peer.until, now + self._announce_seconds)
        self._ticked = now
        self._say()
        for peer in [peer for peer in self._peers.values() if peer.until <= now]:
            self._forget(peer.node, "dead")
        self._gone = {node: until for node, until in self._gone.items() if until > now}

    def _forget(self, node: NodeId, why: str) -> None:
        peer = self._peers.pop(node, None)
        if peer is None:
            return
        logger.log(logging.INFO if why == "gone" else logging.WARNING, "a node is %s", why, extra={"peer": node})
        for lost in self.lost:
            lost(peer.address)
