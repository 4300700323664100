"""The toolkit's front: handlers, rooms and broadcasts for Socket.IO and raw WebSocket clients alike.

    server = Server()

    @server.on("chat message")
    async def chat(socket, text):
        server.emit("chat message", text)

    run(server, port=8000)

docs/toolkit.md has the rest.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable

from hubbub.realtime.core.settings import GatewaySettings
from hubbub.realtime.fanout.group import Hub
from hubbub.realtime.server.gateway import Gateway
from hubbub.wire.socketio import MAIN

from .answers import Answers
from .dispatch import Dispatcher
from .events import EventCodec
from .namespace import Namespace
from .namespaces import Namespaces
from .raw import RawHandler, RawPaths
from .reception import Reception
from .recovery import Recovery, RecoverySettings
from .running import Running
from .slow_readers import SlowReaders


class Server(Namespace):
    """A real-time server. It is also its main namespace, "/".

    Args:
        settings: limits and times of the connections.
        recovery: let clients that lost their connection come back as the same socket; None: don't.
        now: a monotonic clock, seconds; recovery measures absences with it.
    """

    def __init__(
        self,
        settings: GatewaySettings | None = None,
        *,
        recovery: RecoverySettings | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(MAIN)
        self.settings = settings or GatewaySettings()
        self._recovery = recovery
        self._now = now
        self._namespaces = Namespaces(self)
        self._dispatcher = Dispatcher()
        self._reception = Reception(self._namespaces, self._dispatcher)
        self._raw = RawPaths(self.settings.engine_path)

    def of(self, name: str | re.Pattern[str]) -> Namespace:
        """A further namespace, "/" in front. A pattern: one namespace for each name that it matches as a whole.

        For a pattern, register handlers on what is returned; a handler finds its namespace in `socket.namespace`.
        Such a namespace is made when somebody connects to it and ends when the last socket leaves it.

        Raises:
            ValueError: no client can say this name, or one that the pattern matches.
        """
        return self._namespaces.of(name)

    def raw(self, path: str, *, subprotocols: tuple[str, ...] = ()) -> Callable[[RawHandler], RawHandler]:
        """Decorator: plain WebSockets at a path, for a protocol of your own. See `RawSocket`.

        Args:
            path: absolute, "/echo".
            subprotocols: those that it speaks (RFC 6455 section 1.9), the most wanted first.

        Raises:
            ValueError: no request can have this path, or the server uses it itself.
        """
        return self._raw.register(path, subprotocols)

    # life

    @property
    def gateway(self) -> Gateway:
        """The connections: `census()` counts them. There is one once the server has been opened."""
        return self.running.gateway

    async def open(self) -> None:
        """Begin, on the running event loop. `run` and `serve` do it."""
        settings, loop = self.settings, asyncio.get_running_loop()
        hub = Hub(loop)
        gateway = Gateway(self._reception, EventCodec(), settings, hub=hub, knows_namespace=self._namespaces.knows)
        gateway.websockets.update(self._raw.openers())
        recovery = None
        if self._recovery is not None:  # twice the longest that a dead connection goes unnoticed
            proof_seconds = 2 * (settings.heartbeat_seconds + settings.heartbeat_timeout_seconds)
            recovery = Recovery(self._recovery, self._now, proof_seconds)
        patience_seconds = settings.heartbeat_timeout_seconds
        slow_readers = SlowReaders(loop, settings.write_buffer_bytes, patience_seconds, self._reception.cut)
        running = Running(hub, Answers(loop), gateway, recovery, slow_readers)
        self._namespaces.start(running)
        self._reception.start(running)
        gateway.start()

    async def close(self, grace_seconds: float = 5.0) -> None:
        """Ask all clients to come back later.

        Args:
            grace_seconds: how long they have to go, and then handlers to come to their end before they are cancelled.
        """
        deadline = time.monotonic() + grace_seconds
        await self.gateway.close(grace_seconds)
        await self._dispatcher.close(max(0.0, deadline - time.monotonic()))
        await self._raw.close()
