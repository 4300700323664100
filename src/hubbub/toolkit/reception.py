"""From connections to sockets: connecting, recovering, events in, leaving."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Iterator
from typing import Final

from hubbub.errors import CloseCode, Disconnect, HubbubError, Internal
from hubbub.realtime.core.connection import Connection, Handshake

from .answers import NoAnswer
from .dispatch import Dispatcher, settle
from .events import Answer, Event
from .handlers import ConnectionRefused
from .namespace import Namespace
from .namespaces import Namespaces
from .recovery import Absent, Recovery
from .running import Running
from .socket import Socket

logger = logging.getLogger(__name__)

_RECOVERABLE: Final = frozenset(
    {"transport close", "transport error", "ping timeout", "forced server close", "server shutting down"}
)
"""Ends that nobody wanted. A client that said goodbye, or was sent away, is a new one when it comes back."""


class Reception:
    """The toolkit as the connections see it: their `Handler`."""

    def __init__(self, namespaces: Namespaces, dispatcher: Dispatcher) -> None:
        self._namespaces = namespaces
        self._dispatcher = dispatcher
        self._running: Running | None = None
        self._by_recovery_id: dict[str, Socket] = {}

    def start(self, running: Running) -> None:
        """Connections may come."""
        self._running = running
        self._by_recovery_id.clear()

    @property
    def _recovery(self) -> Recovery | None:
        return None if self._running is None else self._running.recovery

    # Handler

    async def connected(self, connection: Connection, handshake: Handshake) -> None:
        namespace = self._namespaces.find(handshake.namespace)
        namespace.arriving += 1
        try:
            await self._connect(namespace, connection, handshake)
        except HubbubError:
            raise
        except Exception:
            logger.exception("connecting to %s failed", namespace.name)
            raise Internal from None
        finally:
            namespace.arriving -= 1
            self._namespaces.drop_if_unused(namespace)

    def received(self, connection: Connection, command: Event | Answer) -> None:
        if isinstance(command, Event):
            self._dispatcher.dispatch(connection.state, command)
        elif self._running is not None:
            self._running.answers.take(connection, command.id, command.args)

    def lagging(self, connection: Connection) -> None:
        if self._running is not None:
            self._running.slow_readers.add(connection)

    def drained(self, connection: Connection) -> None:
        if self._running is not None:
            self._running.slow_readers.remove(connection)

    def cut(self, connection: Connection) -> None:
        """There is no log to replay from: it comes back, with recovery as the same socket."""
        if self._running is not None:
            text = "closing a client at %s that reads too slowly: %d bytes wait"
            throttled_log = self._running.gateway.throttled_log
            throttled_log.info(logger, "slow", text, connection.peer, connection.unsent_bytes)
        connection.disconnect(Disconnect(CloseCode.TOO_SLOW, "reads too slowly"))

    def disconnected(self, connection: Connection, reason: str) -> None:
        if self._running is not None:
            self._running.slow_readers.remove(connection)
        socket: Socket | None = connection.state
        if socket is None:  # it left while a middleware was deciding
            return
        recovery = self._recovery
        if recovery is not None and socket.recovery_id is not None and reason in _RECOVERABLE:
            absent = Absent(socket.namespace.name, socket.id, socket.rooms, socket.data, socket.since)
            recovery.leave(socket.recovery_id, absent)
        self._forget(socket)
        handler = socket.namespace.handlers.events.get("disconnect")
        if handler is not None:
            self._dispatcher.notify(handler, socket, reason)
        self._namespaces.drop_if_unused(socket.namespace)

    # connecting

    async def _connect(self, namespace: Namespace, connection: Connection, handshake: Handshake) -> None:
        socket = self._recovered(namespace, connection, handshake)
        if socket is None:
            socket = Socket(namespace, connection, handshake, connection.id)
            for middleware in namespace.handlers.middleware:
                with self._blamed("a middleware", namespace):
                    await settle(middleware(socket))
            if connection.closed:
                return
            self._enter(socket)
            if self._recovery is not None:
                socket.recovery_id = self._recovery.new_pid()
                socket.since = self._recovery.number
        if socket.recovery_id is not None:
            self._by_recovery_id[socket.recovery_id] = socket
        connection.announce(socket.id, socket.recovery_id)
        handler = namespace.handlers.events.get("connect")
        if handler is not None:
            try:
                with self._blamed("the connect handler", namespace):
                    if await settle(handler(socket, handshake.auth)) is False:
                        raise ConnectionRefused
            except BaseException:
                self._forget(socket)
                raise
        if not socket.accept():
            # the client hears of its connection when this has returned
            asyncio.get_running_loop().call_soon(connection.dismiss)

    @contextlib.contextmanager
    def _blamed(self, whom: str, namespace: Namespace) -> Iterator[None]:
        """What fails is logged with whose fault it was; the client hears of an internal error."""
        try:
            yield
        except HubbubError:
            raise
        except NoAnswer as failure:
            logger.info("%s of %s has no answer: %s", whom, namespace.name, failure)
            raise Internal from None
        except Exception as failure:  # noqa: BLE001
            self._dispatcher.log_failure(f"{whom} of {namespace.name} failed", failure)
            raise Internal from None

    def _recovered(self, namespace: Namespace, connection: Connection, handshake: Handshake) -> Socket | None:
        """The socket that this client was, with its rooms, data and missed events; None: it is a new one."""
        auth, recovery = handshake.auth, self._recovery
        if recovery is None or not isinstance(auth, dict) or "pid" not in auth:
            return None
        pid, offset = auth.pop("pid"), auth.pop("offset", None)
        old = self._by_recovery_id.get(pid) if isinstance(pid, str) else None
        if old is not None and old.namespace is namespace:
            # it is back before the heartbeat missed it
            old.connection.disconnect(Disconnect(CloseCode.HEARTBEAT_LOST, "came back on another connection"))
        found = recovery.restore(pid, offset, namespace.name)
        if found is None:
            return None
        absent, missed = found
        socket = Socket(namespace, connection, handshake, absent.socket_id)
        socket.recovered = True
        socket.recovery_id = pid  # the client knows by the same pid that it was recovered
        socket.data = absent.data
        socket.since = absent.since
        self._enter(socket)
        socket.join(*(absent.rooms - {socket.id}))
        if missed:
            connection.emit_many(missed)
        return socket

    @staticmethod
    def _enter(socket: Socket) -> None:
        socket.connection.state = socket
        socket.namespace.roster.add(socket)

    def _forget(self, socket: Socket) -> None:
        if self._running is not None:
            self._running.answers.gone(socket.connection)
        if socket.recovery_id is not None and self._by_recovery_id.get(socket.recovery_id) is socket:
            del self._by_recovery_id[socket.recovery_id]
        socket.namespace.roster.remove(socket)
