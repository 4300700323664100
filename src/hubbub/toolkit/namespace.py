"""A namespace: its handlers, its sockets, its rooms."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeVar

from hubbub.realtime.core.connection import Connection

from .broadcast import Broadcast
from .emission import Emission
from .handlers import Handlers, Middleware
from .membership import Membership
from .running import Running
from .socket import Socket

F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T")

_METHOD: Final = "on_"
_ANY: Final = "on_any"


class Namespace:
    """Sockets that connected to one name, "/" unless they say otherwise.

    Attributes:
        arriving: sockets that are being connected; the server's own.
    """

    def __init__(self, name: str, handlers: Handlers | None = None) -> None:
        self.name = name
        self.handlers = handlers or Handlers()
        self.arriving = 0
        self._roster: Membership | None = None
        self._running: Running | None = None

    # handlers

    def on(self, event: str) -> Callable[[F], F]:
        """Decorator: call this for an event. It gets the socket and the event's arguments.

        "connect": `(socket, auth)` or `(socket)`; raise ConnectionRefused or return False to refuse. "disconnect":
        `(socket, reason)` or `(socket)`. What another event's handler returns is the answer, when the client asked
        for one; a tuple: several arguments. An event has one handler, the last one registered.

        Raises:
            ValueError: a name that no client can send.
            TypeError: a connect or disconnect handler with other parameters.
        """

        def register(handler: F) -> F:
            self.handlers.register(event, handler)
            return handler

        return register

    def event(self, handler: F) -> F:
        """Decorator: call this for the event of the function's name."""
        self.handlers.register(handler.__name__, handler)
        return handler

    def register(self, handlers: T) -> T:
        """Take an object's methods as handlers: `on_connect`, `on_disconnect`, `on_<event>`, and `on_any`.

        Raises:
            ValueError: it has no such method, or one for a name that no client can send.
            TypeError: a connect or disconnect handler with other parameters.
        """
        names = [name for name in dir(handlers) if name.startswith(_METHOD) and callable(getattr(handlers, name))]
        if not names:
            raise ValueError(f"{type(handlers).__name__} has no method whose name begins with {_METHOD!r}")
        for name in names:
            if name == _ANY:
                self.on_any(getattr(handlers, name))
            else:
                self.handlers.register(name.removeprefix(_METHOD), getattr(handlers, name))
        return handlers

    def on_any(self, handler: F) -> F:
        """Decorator: call this for every event, before its own handler: `(socket, event, *args)`.

        When the event has no handler of its own, what this returns is the answer.
        """
        self.handlers.any.append(handler)
        return handler

    def use(self, middleware: Middleware) -> Middleware:
        """Look at each socket before it is connected. Raise ConnectionRefused to refuse it.

        In the order of registration; not for a socket that is recovered, which has been looked at.
        """
        self.handlers.middleware.append(middleware)
        return middleware

    # receivers

    def to(self, *rooms: str) -> Broadcast:
        """The sockets in these rooms. A socket's id is the name of a room with only that socket."""
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
        """Send an event to everybody in the namespace. See `Broadcast.emit`."""
        self.publish(event, args)

    async def call(self, event: str, *args: Any, timeout: float = 60.0) -> list[Any]:  # noqa: ASYNC109
        """Ask everybody in the namespace. See `Broadcast.call`."""
        return await self.ask(self.roster.choose(()), event, args, timeout)

    @property
    def sockets(self) -> Mapping[str, Socket]:
        """Everybody who is connected, by id."""
        return {} if self._roster is None else self._roster.sockets

    def sockets_in(self, *rooms: str) -> list[Socket]:
        """The sockets in any of these rooms; of the whole namespace when none is named."""
        return self.choose(rooms)

    def sockets_join(self, *rooms: str) -> None:
        """Make everybody in the namespace enter rooms. `to(…).sockets_join` is for fewer."""
        Broadcast(self).sockets_join(*rooms)

    def sockets_leave(self, *rooms: str) -> None:
        """Make everybody in the namespace leave rooms. `to("red").sockets_leave("red")` empties one."""
        Broadcast(self).sockets_leave(*rooms)

    def disconnect_sockets(self, *rooms: str) -> None:
        """Disconnect the sockets in these rooms, or all. They do not come back by themselves."""
        Broadcast(self, rooms).disconnect_sockets()

    # the machinery

    def start(self, running: Running) -> None:
        """Begin, empty."""
        self._running = running
        self._roster = Membership(running.hub, self.name)

    @property
    def running(self) -> Running:
        """What exists while the server runs. Raises RuntimeError before."""
        if self._running is None:
            raise RuntimeError("the server is not running")
        return self._running

    @property
    def roster(self) -> Membership:
        """Who is here. Raises RuntimeError before the server runs, and for the template of a pattern."""
        if self._roster is None:
            raise RuntimeError("the server is not running")
        return self._roster

    def choose(
        self, rooms: tuple[str, ...], excluded: tuple[str, ...] = (), sender: Connection | None = None
    ) -> list[Socket]:
        """The sockets in any of these rooms (none named: all), but for the excluded ones and the sender's."""
        return [connection.state for connection in self.roster.choose(rooms, excluded, sender)]

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
        room = None if excluded else self.roster.only_room(rooms)
        if room is not None:
            room.publish(emission, skip=sender, volatile=volatile)
        else:
            self._write(self.roster.choose(rooms, excluded, sender), emission, volatile=volatile)

    def publish_to(self, socket: Socket, event: str, args: Sequence[Any]) -> None:
        """Send an event to one socket."""
        self._write([socket.connection], self._emission(event, args, (socket.id,), (), None))

    async def ask(
        self, members: Sequence[Connection], event: str, args: Sequence[Any], timeout_seconds: float
    ) -> list[Any]:
        """Send an event to `members` and collect their answers. It is not remembered for recovery."""
        running = self.running
        if running.slow_readers.watching:
            running.slow_readers.look_soon()
        answers = running.answers
        number = answers.next_id()
        self._write(members, Emission(event, args, namespace=self.name, ack=number))
        return await answers.collect(number, [one for one in members if not one.closed], timeout_seconds)

    def _emission(
        self,
        event: str,
        args: Sequence[Any],
        rooms: tuple[str, ...],
        excluded: tuple[str, ...],
        sender: Connection | None,
        *,
        volatile: bool = False,
    ) -> Emission:
        running = self.running
        if running.slow_readers.watching:
            running.slow_readers.look_soon()
        recovery = running.recovery
        if recovery is None:
            return Emission(event, args, namespace=self.name)
        if volatile:  # not remembered, but clients take any last string for an offset
            return Emission(event, args, namespace=self.name, offset=recovery.offset)
        emission = Emission(event, args, namespace=self.name, offset=recovery.next_offset())
        if sender is not None:
            excluded = (*excluded, sender.state.id)
        recovery.remember(self.name, emission, rooms, excluded)
        return emission

    def _write(self, members: Sequence[Connection], emission: Emission, *, volatile: bool = False) -> None:
        """Send now, after everything that rooms hold back for the end of the tick: order is the order of calls."""
        self.running.hub.flush()
        for member in members:
            if not (volatile and member.busy):
                member.emit(emission)
