"""What all connections of one gateway share, beyond what their transports do."""

from __future__ import annotations

import asyncio
from collections import Counter

from hubbub.realtime.core.connection import Handler
from hubbub.realtime.core.settings import GatewaySettings
from hubbub.realtime.fanout.group import Lane
from hubbub.realtime.transports.context import TransportContext
from hubbub.wire.websocket import Framer

from .codec import Codec


class GatewayContext(TransportContext):
    """Shared by the connections of one gateway.

    Attributes:
        census: open connections by lane.
        socket_lanes: of Socket.IO clients by WebSocket, for each kind of frames that they take.
        keeps_handshakes: keep the headers of Socket.IO clients, which further namespaces want to see: 1 KB each.
    """

    def __init__(
        self, handler: Handler, codec: Codec, settings: GatewaySettings, loop: asyncio.AbstractEventLoop, node: str
    ) -> None:
        super().__init__(settings, loop, node)
        self.handler = handler
        self.codec = codec
        self.census: Counter[Lane] = Counter()
        self.socket_lanes: dict[Framer, Lane] = {}
        self.keeps_handshakes = False
        self._connections = 0

    def next_number(self) -> int:
        self._connections += 1
        return self._connections
