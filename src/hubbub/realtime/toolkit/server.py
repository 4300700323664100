"""The toolkit's front: handlers, rooms and broadcasts for Socket.IO and raw WebSocket clients alike.

server = Server()

@server.on("chat message")
async def chat(socket, text):
server.emit("chat message", text)

run(server, port=8000)
"""

from __future__ import annotations

import asyncio
import inspect
import logging
import re
import time
from collections.abc import Awaitable
from typing import Any

from msgspec import Struct

from hubbub.errors import CloseCode, Disconnect
from hubbub.realtime.connection import Connection, Handshake
from hubbub.realtime.gateway import Gateway
from hubbub.realtime.room import Hub
from hubbub.realtime.settings import GatewaySettings
from hubbub.wire.socketio import MAIN

from .answers import Answers
from .dispatch import Dispatcher
from .events import Answer, Event, EventCodec
from .namespace import Handlers, Namespace
from .recovery import Absent, Recovery, RecoverySettings
from .refusal import ConnectionRefused
from .socket import Socket

logger = logging.getLogger(__name__)

_RECOVERABLE = frozenset({"transport close", "ping timeout", "server shutting down"})


class Running(Struct, frozen=True):
    """What exists while the server runs."""

    hub: Hub
    answers: Answers
    gateway: Gateway


class Server(Namespace):
    """A real-time server. It is also its main namespace, "/".

    Args:
        settings: limits and times of the connections.
        recovery: let clients that lost their connection come back as the same socket; None: don't.
    """

    def __init__(self, settings: GatewaySettings | None = None, *, recovery: RecoverySettings | None = None) -> None:
        super().__init__(MAIN)
        self.settings = settings or GatewaySettings(write_buffer_bytes=1024 * 1024)
        self._recovery = recovery
        self._namespaces: dict[str, Namespace] = {MAIN: self}
        self._patterns: list[tuple[re.Pattern[str], Handlers]] = []
        self._dispatcher = Dispatcher()

    def of(self, name: str | re.Pattern[str]) -> Namespace:
        """A further namespace, "/" in front. A pattern: one namespace for each name that it matches, made on demand.

        For a pattern, register handlers on what is returned; a handler finds its namespace in `socket.namespace`.
        """
        if isinstance(name, re.Pattern):
            template = Namespace(name.pattern)
            self._patterns.append((name, template.handlers))
            return template
        name = name if name.startswith("/") else "/" + name
        found = self._namespaces.get(name)
        return found if found is not None else self._add(Namespace(name))

    def _add(self, namespace: Namespace) -> Namespace:
        self._namespaces[namespace.name] = namespace
        if self._running is not None:
            self._start(namespace, self._running)
        return namespace

    def _start(self, namespace: Namespace, running: Running) -> None:
        recovery = None if self._recovery is None else Recovery(self._recovery, time.monotonic)
        namespace.start(running, recovery)

    # life

    @property
    def gateway(self) -> Gateway:
        """The connections. There is one from `open` to `close`."""
        return self.running.gateway

    async def open(self) -> None:
        """Begin, on the running event loop. `run` and `serve` do it."""
        loop = asyncio.get_running_loop()
        hub = Hub(loop)
        gateway = Gateway(_Handler(self), EventCodec(), self.settings, hub=hub, knows_namespace=self._knows)
        running = Running(hub, Answers(loop), gateway)
        for namespace in self._namespaces.values():
            self._start(namespace, running)
        gateway.start()

    async def close(self, grace_seconds: float = 5.0) -> None:
        """Ask all clients to come back later and wait for them to go, at most for the grace."""
        running = self.running
        await running.gateway.close(grace_seconds)
        await self._dispatcher.close()

    def _knows(self, name: str) -> bool:
        return name in self._namespaces or any(pattern.fullmatch(name) for pattern, _ in self._patterns)

    def namespace_of(self, name: str) -> Namespace:
        """The namespace of a name that `_knows` has let in."""
        found = self._namespaces.get(name)
        if found is None:
            handlers = next(handlers for pattern, handlers in self._patterns if pattern.fullmatch(name))
            found = self._add(Namespace(name, handlers))
        return found

    def _drop_if_unused(self, namespace: Namespace) -> None:
        """Namespaces of a pattern live as long as somebody is in them, or may come back."""
        made_on_demand = any(handlers is namespace.handlers for _, handlers in self._patterns)
        if made_on_demand and not namespace.sockets and namespace.recovery is None:
            self._namespaces.pop(namespace.name, None)

    # what connections bring

    async def connected(self, connection: Connection, handshake: Handshake) -> None:
        namespace = self.namespace_of(handshake.namespace)
        socket = self._recovered(namespace, connection, handshake)
        if socket is None:
            socket = Socket(namespace, connection, handshake, connection.id)
            for middleware in namespace.handlers.middleware:
                await _settle(middleware(socket))
            connection.state = socket
            namespace.add(socket)
        if namespace.recovery is not None and not socket.recovered:
            socket.recovery_id = Recovery.new_pid()
            socket.joined_at = namespace.recovery.offset
        connection.announce(socket.id, socket.recovery_id)
        handler = namespace.handlers.events.get("connect")
        if handler is not None:
            try:
                accepted = await _settle(handler(socket, handshake.auth))
                if accepted is False:
                    raise ConnectionRefused
            except BaseException:
                socket.connected = False
                namespace.remove(socket)
                raise

    def _recovered(self, namespace: Namespace, connection: Connection, handshake: Handshake) -> Socket | None:
        """The socket that this client was, with its rooms, data and missed events; None: it is a new one."""
        auth = handshake.auth
        if namespace.recovery is None or not isinstance(auth, dict) or "pid" not in auth:
            return None
        pid = auth.pop("pid")
        found = namespace.recovery.restore(pid, auth.pop("offset", None))
        if found is None:
            return None
        absent, missed = found
        socket = Socket(namespace, connection, handshake, absent.socket_id)
        socket.recovered = True
        socket.recovery_id = pid  # the client knows by the same pid that it was recovered
        socket.data = absent.data
        socket.joined_at = absent.since
        connection.state = socket
        namespace.add(socket)
        socket.join(*(absent.rooms - {socket.id}))
        connection.emit_many(list(missed))
        return socket

    def received(self, connection: Connection, command: Event | Answer) -> None:
        socket: Socket = connection.state
        if isinstance(command, Answer):
            self.running.answers.take(connection, command.id, command.args)
        else:
            self._dispatcher.dispatch(socket, command)

    def lagging(self, connection: Connection) -> None:
        """There is no log to replay from: it comes back, with recovery as the same socket."""
        connection.disconnect(Disconnect(CloseCode.TOO_SLOW, "reads too slowly"))

    def disconnected(self, connection: Connection, reason: str) -> None:
        socket: Socket = connection.state
        namespace = socket.namespace
        socket.connected = False
        self.running.answers.gone(connection)
        if namespace.recovery is not None and socket.recovery_id is not None and reason in _RECOVERABLE:
            absent = Absent(socket.id, socket.rooms, socket.data, socket.joined_at, time.monotonic())
            namespace.recovery.leave(socket.recovery_id, absent)
        namespace.remove(socket)
        handler = namespace.handlers.events.get("disconnect")
        if handler is not None:
            self._dispatcher.run(handler, socket, reason)
        self._drop_if_unused(namespace)


class _Handler:
    """The server as the connections see it, without its public methods of the same names."""

    def __init__(self, server: Server) -> None:
        self.connected = server.connected
        self.received = server.received
        self.lagging = server.lagging
        self.disconnected = server.disconnected

    def drained(self, connection: Connection) -> None:
        """Lagging connections are closed, so none drains."""


async def _settle(result: Awaitable[Any] | Any) -> Any:
    return await result if inspect.isawaitable(result) else result
