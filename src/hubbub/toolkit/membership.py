"""Who is in a namespace and in which of its rooms."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hubbub.realtime.core.connection import Connection
from hubbub.realtime.fanout.group import Group, Hub

if TYPE_CHECKING:
    from .socket import Socket


class Membership:
    """The sockets and rooms of one namespace while the server runs.

    Attributes:
        sockets: by id.
        everybody: the room of the whole namespace.
    """

    def __init__(self, hub: Hub, name: str) -> None:
        self.sockets: dict[str, Socket] = {}
        self.everybody = Group(hub, name)
        self._hub = hub
        self._rooms: dict[str, Group] = {}

    def __len__(self) -> int:
        """Rooms that somebody is in."""
        return len(self._rooms)

    def add(self, socket: Socket) -> None:
        self.sockets[socket.id] = socket
        self.everybody.add(socket.connection)

    def remove(self, socket: Socket) -> None:
        """It is gone, or it was refused."""
        connection = socket.connection
        for group in tuple(connection.groups):
            group.discard(connection)
        if self.sockets.get(socket.id) is socket:
            del self.sockets[socket.id]
        for name in socket.rooms:
            self._drop_if_empty(name)

    def enter(self, name: str, connection: Connection) -> None:
        room = self._rooms.get(name)
        if room is None:
            room = self._rooms[name] = Group(self._hub, name)
        room.add(connection)

    def exit(self, name: str, connection: Connection) -> None:
        room = self._rooms.get(name)
        if room is not None:
            room.remove(connection)
            self._drop_if_empty(name)

    def only_room(self, rooms: tuple[str, ...]) -> Group | None:
        """The one fan-out room that holds everybody in `rooms`; None when it takes looking at each one."""
        if not rooms:
            return self.everybody
        if len(rooms) > 1 or rooms[0] in self.sockets:
            return None
        return self._rooms.get(rooms[0])

    def choose(
        self, rooms: tuple[str, ...], excluded: tuple[str, ...] = (), sender: Connection | None = None
    ) -> list[Connection]:
        """Everybody in any of `rooms` (none named: in the namespace), each once."""
        chosen = self._in(rooms) if rooms else dict.fromkeys(self.everybody.members())
        for connection in self._in(excluded):
            chosen.pop(connection, None)
        if sender is not None:
            chosen.pop(sender, None)
        return list(chosen)

    def _in(self, names: tuple[str, ...]) -> dict[Connection, None]:
        found: dict[Connection, None] = {}
        for name in names:
            if name in self.sockets:
                found[self.sockets[name].connection] = None
            if name in self._rooms:
                found.update(dict.fromkeys(self._rooms[name].members()))
        return found

    def _drop_if_empty(self, name: str) -> None:
        room = self._rooms.get(name)
        if room is not None and not len(room):
            del self._rooms[name]
