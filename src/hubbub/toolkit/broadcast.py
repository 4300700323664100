"""Choosing who gets an event: `server.to("blue").except_("ada").emit("move", 3)`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hubbub.realtime.core.connection import Connection

if TYPE_CHECKING:
    from .namespace import Namespace
    from .socket import Socket


class Broadcast:
    """A choice of receivers. Each step returns a new one; nothing happens before its last word,
    `emit`, `call` or one about its sockets.

    Rooms add up: a socket in several chosen rooms gets the event once. No room chosen: the whole namespace.
    """

    __slots__ = ("_excluded", "_namespace", "_rooms", "_sender", "_volatile")

    def __init__(
        self,
        namespace: Namespace,
        rooms: tuple[str, ...] = (),
        excluded: tuple[str, ...] = (),
        *,
        sender: Connection | None = None,
        volatile: bool = False,
    ) -> None:
        self._namespace = namespace
        self._rooms = rooms
        self._excluded = excluded
        self._sender = sender
        self._volatile = volatile

    def to(self, *rooms: str) -> Broadcast:
        """Also the sockets in these rooms. A socket's id is the name of a room with only that socket."""
        return self._changed(rooms=self._rooms + rooms)

    in_ = to

    def except_(self, *rooms: str) -> Broadcast:
        """But not the sockets in these rooms."""
        return self._changed(excluded=self._excluded + rooms)

    @property
    def volatile(self) -> Broadcast:
        """Sockets with unsent data may miss it, and it is not recovered: positions, meters, cursors."""
        return self._changed(volatile=True)

    def emit(self, event: str, *args: Any) -> None:
        """Send the event; it leaves at the end of this tick of the loop.

        Raises:
            ValueError: a reserved event name.
            TypeError: an argument that is neither JSON nor bytes.
            RuntimeError: the server has not been opened.
        """
        self._namespace.publish(
            event, args, rooms=self._rooms, excluded=self._excluded, sender=self._sender, volatile=self._volatile
        )

    async def call(self, event: str, *args: Any, timeout: float = 60.0) -> list[Any]:  # noqa: ASYNC109
        """Send the event to all of them and collect their answers, in the order in which they come.

        Args:
            timeout: seconds.

        Raises:
            NoAnswer: not everybody answered in time, or somebody left; it carries the answers that came.
        """
        asked = self._namespace.roster.choose(self._rooms, self._excluded, self._sender)
        return await self._namespace.ask(asked, event, args, timeout)

    def sockets(self) -> list[Socket]:
        """Who is chosen now."""
        return self._namespace.choose(self._rooms, self._excluded, self._sender)

    def sockets_join(self, *rooms: str) -> None:
        """Make all of them enter rooms, at once."""
        for socket in self.sockets():
            socket.join(*rooms)

    def sockets_leave(self, *rooms: str) -> None:
        """Make all of them leave rooms, at once."""
        for socket in self.sockets():
            socket.leave(*rooms)

    def disconnect_sockets(self) -> None:
        """Disconnect all of them. They do not come back by themselves."""
        for socket in self.sockets():
            socket.disconnect()

    def _changed(
        self,
        rooms: tuple[str, ...] | None = None,
        excluded: tuple[str, ...] | None = None,
        volatile: bool | None = None,
    ) -> Broadcast:
        return Broadcast(
            self._namespace,
            self._rooms if rooms is None else rooms,
            self._excluded if excluded is None else excluded,
            sender=self._sender,
            volatile=self._volatile if volatile is None else volatile,
        )
