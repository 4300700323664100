"""Connection state recovery: a client that comes back soon is the same socket and gets what it missed.

Works with an unmodified Socket.IO client (4.6 and later), which keeps the `pid` of its CONNECT answer and the last
offset it saw, a string that each event carries as its last argument. Source: Socket.IO documentation, "Connection
state recovery". Where the reference implementation needs that the client saw at least one event, this one does not.
"""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import Callable
from typing import Any

from msgspec import Struct

from hubbub.realtime.room import Outgoing


class RecoverySettings(Struct, frozen=True):
    """Bounds of what is remembered.

    Attributes:
        seconds: how long a client may be away.
        events: how many events each namespace remembers.
        bytes: how many bytes of events each namespace remembers.
        sockets: how many clients that went away are remembered; the oldest are forgotten first.
    """

    seconds: float = 120.0
    events: int = 10_000
    bytes: int = 16 * 1024 * 1024
    sockets: int = 10_000


class _Entry(Struct, frozen=True):
    offset: int
    time: float
    outgoing: Outgoing
    rooms: tuple[str, ...]
    excluded: tuple[str, ...]
    size: int

    def meant_for(self, rooms: frozenset[str]) -> bool:
        return (not self.rooms or not rooms.isdisjoint(self.rooms)) and rooms.isdisjoint(self.excluded)


class Absent(Struct, frozen=True):
    """A socket that went away and may come back. `since`: the offset when it connected."""

    socket_id: str
    rooms: frozenset[str]
    data: dict[str, Any]
    since: int
    left: float


class Recovery:
    """The memory of one namespace."""

    def __init__(self, settings: RecoverySettings, now: Callable[[], float]) -> None:
        self._settings = settings
        self._now = now
        self._log: deque[_Entry] = deque()
        self._bytes = 0
        self._absent: dict[str, Absent] = {}
        self.offset = 0

    @property
    def newest(self) -> str:
        """The offset of the last event that was sent."""
        return format(self.offset, "x")

    def next_offset(self) -> str:
        """The offset of the event that is about to be sent: its last argument."""
        self.offset += 1
        return self.newest

    def remember(self, outgoing: Outgoing, rooms: tuple[str, ...], excluded: tuple[str, ...]) -> None:
        """The event with the newest offset was sent. `rooms` empty: to everybody."""
        size = len(outgoing.packet) + sum(map(len, outgoing.attachments))
        self._log.append(_Entry(self.offset, self._now(), outgoing, rooms, excluded, size))
        self._bytes += size
        oldest = self._now() - self._settings.seconds
        while self._log and (
            len(self._log) > self._settings.events or self._bytes > self._settings.bytes or self._log[0].time < oldest
        ):
            self._bytes -= self._log.popleft().size

    def leave(self, pid: str, absent: Absent) -> None:
        """A socket lost its connection."""
        self._absent[pid] = absent
        oldest = self._now() - self._settings.seconds
        while self._absent:
            first = next(iter(self._absent))
            if len(self._absent) <= self._settings.sockets and self._absent[first].left >= oldest:
                break
            del self._absent[first]

    def restore(self, pid: Any, offset: Any) -> tuple[Absent, list[Outgoing]] | None:
        """The socket that comes back with `pid`, and what it missed after `offset`; None: it can't be recovered."""
        absent = self._absent.pop(pid, None) if isinstance(pid, str) else None
        if absent is None or absent.left < self._now() - self._settings.seconds:
            return None
        seen = absent.since
        if isinstance(offset, str):
            try:
                seen = max(int(offset, 16), seen)  # a client may still carry an offset of an earlier socket
            except ValueError:
                return None
        first = self._log[0].offset if self._log else self.offset + 1
        if not first - 1 <= seen <= self.offset:  # something after it has been forgotten, or it is of another log
            return None
        missed = [entry.outgoing for entry in self._log if entry.offset > seen and entry.meant_for(absent.rooms)]
        return absent, missed

    @staticmethod
    def new_pid() -> str:
        """A secret that lets its bearer come back as the same socket."""
        return secrets.token_urlsafe(18)
