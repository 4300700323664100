"""Connection state recovery: a client that comes back soon is the same socket and gets what it missed.

Works with an unmodified Socket.IO client (4.6 and later), which keeps the `pid` of its CONNECT answer and the last
offset it saw, a string that each event carries as its last argument. Source: Socket.IO documentation, "Connection
state recovery". Where the reference implementation needs that the client saw one of the remembered events, this one
does not: it knows by the heartbeat what has arrived.
"""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import Callable
from typing import Any

from msgspec import Struct

from .emission import Emission


class RecoverySettings(Struct, frozen=True):
    """Bounds of what a server remembers, all its namespaces together.

    Attributes:
        seconds: how long a client may be away.
        events: how many events are remembered.
        bytes: how many bytes of events are remembered.
        sockets: how many clients that went away are remembered; the oldest are forgotten first.
    """

    seconds: float = 120.0
    events: int = 10_000
    bytes: int = 16 * 1024 * 1024
    sockets: int = 10_000


class Absent(Struct, frozen=True):
    """A socket that went away and may come back.

    Attributes:
        since: the number of the newest event when it connected at first.
    """

    namespace: str
    socket_id: str
    rooms: frozenset[str]
    data: dict[str, Any]
    since: int


class _Away(Struct, frozen=True):
    absent: Absent
    left: float


class _Entry(Struct, frozen=True):
    number: int
    time: float
    namespace: str
    outgoing: Emission
    rooms: tuple[str, ...]
    excluded: tuple[str, ...]
    size: int

    def meant_for(self, absent: Absent) -> bool:
        if self.namespace != absent.namespace:
            return False
        return (not self.rooms or not absent.rooms.isdisjoint(self.rooms)) and absent.rooms.isdisjoint(self.excluded)


class Recovery:
    """The memory of one server.

    Args:
        settings: its bounds.
        now: a monotonic clock, seconds.
        proof_seconds: what was sent this long before a connection was lost has arrived: the client has answered a
            ping that was sent after it.
        secret: makes the names of logs and the secrets of sockets.
    """

    def __init__(
        self,
        settings: RecoverySettings,
        now: Callable[[], float],
        proof_seconds: float,
        secret: Callable[[int], str] = secrets.token_urlsafe,
    ) -> None:
        self._settings = settings
        self._now = now
        self._proof_seconds = proof_seconds
        self._secret = secret
        self._name = secret(3)  # tells this log's offsets from those of another run of the server
        self._log: deque[_Entry] = deque()
        self._bytes = 0
        self._away: dict[str, _Away] = {}
        self._forgotten_time = float("-inf")  # when the newest event was sent that is not remembered any more
        self.number = 0

    @property
    def events(self) -> int:
        """How many events are remembered."""
        return len(self._log)

    @property
    def sockets(self) -> int:
        """How many clients that went away are remembered."""
        return len(self._away)

    @property
    def offset(self) -> str:
        """Names the newest event."""
        return f"{self._name}.{self.number:x}"

    def next_offset(self) -> str:
        """Names the event that is about to be sent: its last argument."""
        self.number += 1
        return self.offset

    def remember(self, namespace: str, outgoing: Emission, rooms: tuple[str, ...], excluded: tuple[str, ...]) -> None:
        """The newest event has been sent. `rooms` empty: to everybody in the namespace."""
        size = len(outgoing.packet) + sum(map(len, outgoing.attachments))
        self._log.append(_Entry(self.number, self._now(), namespace, outgoing, rooms, excluded, size))
        self._bytes += size
        self._forget()

    def leave(self, pid: str, absent: Absent) -> None:
        """A socket lost its connection."""
        self._away[pid] = _Away(absent, self._now())
        self._forget()

    def restore(self, pid: Any, offset: Any, namespace: str) -> tuple[Absent, list[Emission]] | None:
        """The socket that comes back with `pid`, and what it missed after `offset`; None: it can't be recovered."""
        self._forget()
        away = self._away.get(pid) if isinstance(pid, str) else None
        if away is None or away.absent.namespace != namespace:
            return None
        del self._away[pid]
        absent = away.absent
        seen = max(absent.since, self._number_of(offset))
        if seen > self.number:
            return None
        first = self._log[0].number if self._log else self.number + 1
        if seen < first - 1 and self._forgotten_time >= away.left - self._proof_seconds:
            return None  # what has been forgotten may not have arrived
        return absent, [entry.outgoing for entry in self._log if entry.number > seen and entry.meant_for(absent)]

    def new_pid(self) -> str:
        """A secret that lets its bearer come back as the same socket."""
        return self._secret(18)

    def _number_of(self, offset: Any) -> int:
        """0 for none, and for one of another log, which a client keeps after a restart of the server."""
        name, _, number = offset.partition(".") if isinstance(offset, str) else ("", "", "")
        try:
            return int(number, 16) if name == self._name else 0
        except ValueError:
            return 0

    def _forget(self) -> None:
        """Keep within the bounds."""
        settings = self._settings
        oldest = self._now() - settings.seconds
        too_old = oldest - self._proof_seconds
        log = self._log
        while log and (len(log) > settings.events or self._bytes > settings.bytes or log[0].time < too_old):
            entry = log.popleft()
            self._bytes -= entry.size
            self._forgotten_time = entry.time
        while self._away:
            first = next(iter(self._away))
            if len(self._away) <= settings.sockets and self._away[first].left >= oldest:
                break
            del self._away[first]
