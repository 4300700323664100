"""One client in one namespace, as an application sees it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from hubbub.realtime.core.connection import Connection, Handshake

from .answers import NoAnswer
from .broadcast import Broadcast

if TYPE_CHECKING:
    from .namespace import Namespace

EventMiddleware = Callable[[str, list[Any]], Awaitable[None] | None]


class Socket:
    """A client. The same object from the connect handler to the disconnect handler.

    Attributes:
        id: unique and unguessable enough to be a room name, not a secret.
        namespace: where it is connected.
        handshake: path, query, headers, address; `handshake.auth` is what a Socket.IO client gave as `auth`.
        data: the application's own values; recovered together with the socket.
        recovered: it came back within the recovery time with its id, rooms and data, and has got what it missed.
        recovery_id, since: what recovery knows it by; the server's own.
    """

    __slots__ = (
        "_accepted",
        "_middleware",
        "_rooms",
        "_unwanted",
        "connection",
        "data",
        "handshake",
        "id",
        "namespace",
        "recovered",
        "recovery_id",
        "since",
    )

    def __init__(self, namespace: Namespace, connection: Connection, handshake: Handshake, socket_id: str) -> None:
        self.id = socket_id
        self.namespace = namespace
        self.connection = connection
        self.handshake = handshake
        self.data: dict[str, Any] = {}
        self.recovered = False
        self.recovery_id: str | None = None
        self.since = 0
        self._accepted = False
        self._unwanted = False
        self._rooms: set[str] = set()
        self._middleware: list[EventMiddleware] = []

    def __repr__(self) -> str:
        return f"<Socket {self.id} {self.namespace.name} by {self.transport}>"

    @property
    def connected(self) -> bool:
        """False from the moment the client is gone. True in the connect handler, too."""
        return not self.connection.closed

    @property
    def transport(self) -> str:
        """What it uses right now: "websocket", "polling" or "sse"."""
        return self.connection.lane.transport

    @property
    def wire(self) -> str:
        """How it speaks: "socketio", "native.json" or "native.msgpack"."""
        return self.connection.lane.wire

    @property
    def rooms(self) -> frozenset[str]:
        """The rooms that it has joined, and its own id. A disconnect handler still sees them."""
        return frozenset(self._rooms | {self.id})

    def join(self, *rooms: str) -> None:
        """Enter rooms; they need no creation. Nothing happens when the client is gone."""
        if self.connected:
            for room in rooms:
                self._rooms.add(room)
                self.namespace.roster.enter(room, self.connection)

    def leave(self, *rooms: str) -> None:
        """Leave rooms; the last one out removes the room."""
        for room in rooms:
            self._rooms.discard(room)
            self.namespace.roster.exit(room, self.connection)

    def emit(self, event: str, *args: Any) -> None:
        """Send an event to this client only. Raises as `Broadcast.emit`."""
        self.namespace.publish_to(self, event, args)

    async def call(self, event: str, *args: Any, timeout: float = 60.0) -> Any:  # noqa: ASYNC109
        """Send an event and wait for the client's answer: None, its one argument, or the list of them.

        Args:
            timeout: seconds.

        Raises:
            NoAnswer: it did not answer in time, or left.
        """
        answers = await self.namespace.ask([self.connection], event, args, timeout)
        if not answers:
            raise NoAnswer([], 1, 1)
        return answers[0]

    def to(self, *rooms: str) -> Broadcast:
        """The sockets in these rooms, without this one."""
        return Broadcast(self.namespace, rooms, sender=self.connection)

    in_ = to

    @property
    def broadcast(self) -> Broadcast:
        """Everybody in the namespace, without this one."""
        return Broadcast(self.namespace, sender=self.connection)

    @property
    def volatile(self) -> Broadcast:
        """This client only, and it may miss it."""
        return Broadcast(self.namespace, (self.id,), volatile=True)

    def use(self, middleware: EventMiddleware) -> None:
        """Look at each of this client's events first: `middleware(event, args)`. Raising refuses the event."""
        self._middleware.append(middleware)

    @property
    def middleware(self) -> tuple[EventMiddleware, ...]:
        return tuple(self._middleware)

    def disconnect(self) -> None:
        """End the connection to this namespace. The client does not come back by itself.

        In a connect handler: after the client has been told that it is connected.
        """
        if self._accepted:
            self.connection.dismiss()
        else:
            self._unwanted = True

    def accept(self) -> bool:
        """The connect handler has returned; the server's own. False: it asked for disconnection."""
        self._accepted = True
        return not self._unwanted
