"""A namespace: its handlers, its sockets, its rooms."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from hubbub.realtime.connection import Connection
from hubbub.realtime.room import Room

from .broadcast import Broadcast
from .emission import Emission
from .socket import Socket

if TYPE_CHECKING:
    from .recovery import Recovery
    from .server import Running

Middleware = Callable[[Socket], Awaitable[None] | None]
F = TypeVar("F", bound=Callable[..., Any])


class Handlers:
    """What an application wants to be called for. Shared by the namespaces of one pattern."""

    def __init__(self) -> None:
        self.events: dict[str, Callable[..., Any]] = {}
        self.any: list[Callable[..., Any]] = []
        self.middleware: list[Middleware] = []


class Namespace:
    """Sockets that connected to one name, "/" unless they say otherwise."""

    def __init__(self, name: str, handlers: Handlers | None = None) -> None:
        self.name = name
        self.handlers = handlers or Handlers()
        self.sockets: dict[str, Socket] = {}
        self.recovery: Recovery | None = None
        self._rooms: dict[str, Room] = {}
        self._everybody: Room | None = None
        self._running: Running | None = None

    # handlers

    def on(self, event: str) -> Callable[[F], F]:
        """Decorator: call this for an event. It gets the socket and the event's arguments.

        "connect": `(socket, auth)`, raise ConnectionRefused or return False to refuse; "disconnect":
        `(socket, reason)`. What another event's handler returns is the answer, when the client asked for one; a
        tuple: several arguments.
        """

        def register(handler: F) -> F:
            self.handlers.events[event] = handler
            return handler

        return register

    def event(self, handler: F) -> F:
        """Decorator: call this for the event of the function's name."""
        self.handlers.events[handler.__name__] = handler
        return handler

    def on_any(self, handler: F) -> F:
        """Decorator: call this for every event, before its own handler: `(socket, event, *args)`."""
        self.handlers.any.append(handler)
        return handler

    def use(self, middleware: Middleware) -> Middleware:
        """Look at each socket before it is connected. Raise ConnectionRefused to refuse it."""
        self.handlers.middleware.append(middleware)
        return middleware

    # receivers

    def to(self, *rooms: str) -> Broadcast:
        """The sockets in these rooms."""
        return Broadcast(self, rooms)

    in_ = to

    def except_(self, *rooms: str) -> Broadcast:
        """Everybody but the sockets in these rooms."""
        return Broadcast(self, excluded=rooms)

    @property
    def volatile(self) -> Broadcast:
        """Everybody who can take it right now."""
        return Broadcast(self, volatile=True)

    def emit(self, event: str, *args: Any) -> None:
        """Send an event to everybody in the namespace."""
        self.publish(event, args)

    async def call(self, event: str, *args: Any, timeout: float = 60.0) -> list[Any]:  # noqa: ASYNC109
        """Ask everybody in the namespace. See `Broadcast.call`."""
        return await self.ask(event, args, timeout_seconds=timeout)

    def sockets_in(self, *rooms: str) -> list[Socket]:
        """The sockets in any of these rooms; of the whole namespace when none is named."""
        return [connection.state for connection in self._members(rooms, (), None)]

    def disconnect_sockets(self, *rooms: str) -> None:
        """Disconnect the sockets in these rooms, or all."""
        for socket in self.sockets_in(*rooms):
            socket.disconnect()

    # the machinery

    def start(self, running: Running, recovery: Recovery | None) -> None:
        self._running = running
        self.recovery = recovery
        self._everybody = Room(running.hub, self.name)

    @property
    def running(self) -> Running:
        if self._running is None:
            raise RuntimeError("the server is not running")
        return self._running

    @property
    def everybody(self) -> Room:
        if self._everybody is None:
            raise RuntimeError("the server is not running")
        return self._everybody

    def add(self, socket: Socket) -> None:
        self.sockets[socket.id] = socket
        self.everybody.add(socket.connection)

    def remove(self, socket: Socket) -> None:
        """It is gone; the connections' layer has taken it out of the rooms already."""
        if self.sockets.get(socket.id) is socket:
            del self.sockets[socket.id]
        for name in [*socket.rooms]:
            self._drop_if_empty(name)

    def enter(self, name: str, connection: Connection) -> None:
        room = self._rooms.get(name)
        if room is None:
            room = self._rooms[name] = Room(self.running.hub, name)
        room.add(connection)

    def exit(self, name: str, connection: Connection) -> None:
        room = self._rooms.get(name)
        if room is not None:
            room.remove(connection)
            self._drop_if_empty(name)

    def _drop_if_empty(self, name: str) -> None:
        room = self._rooms.get(name)
        if room is not None and not len(room):
            del self._rooms[name]

    def publish(
        self,
        event: str,
        args: Sequence[Any],
        *,
        rooms: tuple[str, ...] = (),
        excluded: tuple[str, ...] = (),
        sender: Connection | None = None,
        volatile: bool = False,
    ) -> None:
        """Send an event. The usual cases, one room or everybody, cost one write per member and tick."""
        emission = self._emission(event, args, rooms, excluded, sender, volatile=volatile)
        if not excluded and len(rooms) <= 1:
            room = self.everybody if not rooms else self._rooms.get(rooms[0])
            if room is not None:
                room.publish(emission, skip=sender, volatile=volatile)
                return
        self._write(self._members(rooms, excluded, sender), emission, volatile=volatile)

    def publish_to(self, socket: Socket, event: str, args: Sequence[Any]) -> None:
        """Send an event to one socket."""
        emission = self._emission(event, args, (socket.id,), (), None, volatile=False)
        self._write([socket.connection], emission, volatile=False)

    async def ask(
        self,
        event: str,
        args: Sequence[Any],
        *,
        rooms: tuple[str, ...] = (),
        excluded: tuple[str, ...] = (),
        sender: Connection | None = None,
        timeout_seconds: float,
    ) -> list[Any]:
        return await self._ask(self._members(rooms, excluded, sender), event, args, timeout_seconds)

    async def ask_only(self, socket: Socket, event: str, args: Sequence[Any], *, timeout_seconds: float) -> list[Any]:
        return await self._ask([socket.connection], event, args, timeout_seconds)

    async def _ask(
        self, members: Sequence[Connection], event: str, args: Sequence[Any], timeout_seconds: float
    ) -> list[Any]:
        answers = self.running.answers
        number = answers.next_id()
        self._write(members, Emission(event, args, namespace=self.name, ack=number), volatile=False)
        asked = [member for member in members if not member.closed]
        got = await answers.collect(number, asked, timeout_seconds)
        return [answer[0] if len(answer) == 1 else answer or None for answer in got]

    def _emission(
        self,
        event: str,
        args: Sequence[Any],
        rooms: tuple[str, ...],
        excluded: tuple[str, ...],
        sender: Connection | None,
        *,
        volatile: bool,
    ) -> Emission:
        recovery = self.recovery
        if recovery is None:
            return Emission(event, args, namespace=self.name)
        if volatile:  # not remembered, but clients take any last string for an offset
            return Emission(event, args, namespace=self.name, offset=recovery.newest)
        emission = Emission(event, args, namespace=self.name, offset=recovery.next_offset())
        if sender is not None:
            excluded = (*excluded, sender.state.id)
        recovery.remember(emission, rooms, excluded)
        return emission

    def _members(
        self, rooms: tuple[str, ...], excluded: tuple[str, ...], sender: Connection | None
    ) -> list[Connection]:
        """Everybody in any of `rooms` (none named: in the namespace), each once."""
        chosen = dict.fromkeys(self.everybody.members()) if not rooms else self._in(rooms)
        for connection in self._in(excluded):
            chosen.pop(connection, None)
        if sender is not None:
            chosen.pop(sender, None)
        return list(chosen)

    def _in(self, rooms: tuple[str, ...]) -> dict[Connection, None]:
        found: dict[Connection, None] = {}
        for name in rooms:
            if name in self.sockets:
                found[self.sockets[name].connection] = None
            if name in self._rooms:
                found.update(dict.fromkeys(self._rooms[name].members()))
        return found

    def _write(self, members: Sequence[Connection], emission: Emission, *, volatile: bool) -> None:
        """Send now, after everything that rooms hold back for the end of the tick: order is the order of calls."""
        self.running.hub.flush()
        for member in members:
            if not (volatile and member.paused):
                member.emit(emission)
