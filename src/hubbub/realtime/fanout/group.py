"""Fan-out: encode once per lane, join once per tick, write once per member.

What a tick of the event loop publishes to a group is collected, joined and written to each member with one call, so
that a burst of 32 messages costs a member one write instead of 32 (docs/decisions/0002-fan-out-once-per-tick.md).
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Final, NamedTuple, Protocol, Self

import msgspec
from msgspec import Struct

from hubbub.realtime.core.connection import Connection, with_member, without_member

from .direct_write import DIRECT_MEMBERS, DirectWriter, Late, SocketLane

_encode_json = msgspec.json.Encoder().encode


SLICE_MEMBERS: Final = 256
"""Members that are written to before the loop does something else: about 0.6 ms."""


class Outgoing:
    """An event or signal on its way out. Its bytes are made at most once for all lanes that want them.

    Attributes:
        body: what it says.
    """

    __slots__ = ("_encoded", "_json", "body")

    def __init__(self, body: Struct) -> None:
        self.body = body
        self._json: bytes | None = None
        self._encoded: dict[Callable[[Self], bytes], bytes] | None = None

    @property
    def json(self) -> bytes:
        """The body as a JSON object whose first member is `type`."""
        if self._json is None:
            self._json = _encode_json(self.body)
        return self._json

    def encoded(self, encode: Callable[[Self], bytes]) -> bytes:
        """What `encode`, a function of some wire, makes of it."""
        if self._encoded is None:
            self._encoded = {}
        found = self._encoded.get(encode)
        if found is None:
            found = self._encoded[encode] = encode(self)
        return found


class Lane(Protocol):
    """A (wire, transport) pair. All members of a lane in a group are sent the same bytes."""

    @property
    def wire(self) -> str: ...
    @property
    def transport(self) -> str: ...

    def encode(self, outgoing: Outgoing) -> bytes:
        """The bytes of one event, ready to be joined with others by `join`."""
        ...

    def join(self, parts: Sequence[bytes]) -> bytes:
        """Several encoded events as one write. `parts` is not empty."""
        ...

    def write(self, members: Sequence[Connection], data: bytes) -> None:
        """Hand the bytes to every member. Never blocks, never raises for a member that is gone."""
        ...


class Hub:
    """The groups with pending bytes, flushed once per tick of the event loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self._dirty: deque[Group] = deque()

    def mark(self, group: Group) -> None:
        if not self._dirty:
            self.loop.call_soon(self._tick)
        self._dirty.append(group)

    def flush(self) -> None:
        """Write out now what is pending in all groups, in the order in which they were published to."""
        dirty, self._dirty = self._dirty, deque()
        for group in dirty:
            group.flush()

    def _tick(self) -> None:
        """Runs by itself at the end of a tick that published something, and again until all is written."""
        dirty = self._dirty
        direct = len(set(dirty)) == 1  # the transports make one write of what several groups say to a member
        while dirty:
            if not dirty[0].flush_slice(direct=direct):
                self.loop.call_soon(self._tick)
                return
            dirty.popleft()


class _Pending(NamedTuple):
    """One published event: who is not to get it, and whether lagging members may miss it."""

    outgoing: Outgoing
    skip: Connection | None
    volatile: bool


class _Audience(NamedTuple):
    """The members of a lane, as they are until somebody comes or goes."""

    members: tuple[Connection, ...]
    sockets: DirectWriter | None


class Group:
    """Connections that receive the same events. It has no log: order is the order of `publish` calls."""

    __slots__ = ("_audiences", "_hub", "_members", "_only", "_pending", "_uneven", "_writing", "name")

    def __init__(self, hub: Hub, name: str) -> None:
        self.name = name
        self._hub = hub
        self._members: dict[Lane, dict[Connection, None]] = {}
        self._audiences: dict[Lane, _Audience | None] = {}  # None: seen once by a fan-out
        self._pending: list[_Pending] = []
        self._writing: Iterator[None] | None = None  # what is being written, slice by slice
        self._uneven = False  # something pending is not for everybody
        self._only: tuple[Group, ...] = (self,)  # shared by all connections that are in no other group: 100 bytes each

    def __len__(self) -> int:
        return sum(map(len, self._members.values()))

    def __contains__(self, connection: Connection) -> bool:
        return connection in self._members.get(connection.lane, ())

    def members(self) -> list[Connection]:
        """Everybody in it."""
        return [member for members in self._members.values() for member in members]

    def add(self, connection: Connection) -> None:
        """From now on it receives what is published. What was published before is not for it."""
        self.flush()
        members = self._members.setdefault(connection.lane, {})
        if connection not in members:
            members[connection] = None
            self._audiences.pop(connection.lane, None)
            connection.groups = with_member(connection.groups, self, self._only)

    def remove(self, connection: Connection) -> None:
        """It has been handed everything that was published until now, and nothing more comes."""
        self.flush()
        self.discard(connection)

    def discard(self, connection: Connection) -> None:
        """It is gone, and so is what was pending for it."""
        members = self._members.get(connection.lane)
        if members is not None and members.pop(connection, self) is None:
            self._audiences.pop(connection.lane, None)
            connection.groups = without_member(connection.groups, self)
            if not members:
                del self._members[connection.lane]

    def publish(self, outgoing: Outgoing, *, skip: Connection | None = None, volatile: bool = False) -> None:
        """Send at the end of this tick to all members but `skip`; `volatile`: and those that are busy."""
        if not self._pending:
            self._hub.mark(self)
        self._pending.append(_Pending(outgoing, skip, volatile))
        if skip is not None or volatile:
            self._uneven = True

    def flush(self) -> None:
        """Write out now what is pending."""
        while self._writing is not None or self._pending:
            self.flush_slice()

    def flush_slice(self, *, direct: bool = False) -> bool:
        """Write to the next members; True: what was pending at the first slice is written.

        Between two slices of a large group the loop reads and commits what comes next, so that a fan-out to thousands
        delays nobody else, and the next one begins without a pause.

        Args:
            direct: write past the transports where that is possible, when this is the first slice.
        """
        if self._writing is None:
            if not self._pending:
                return True
            self._writing = self._write_out(direct=direct)
        try:
            next(self._writing)
        except StopIteration:
            self._writing = None
            return True
        return False

    def _write_out(self, *, direct: bool) -> Iterator[None]:
        """Write what is pending now to those who are members now."""
        pending, self._pending = self._pending, []
        uneven, self._uneven = self._uneven, False
        for lane, present in tuple(self._members.items()):
            parts = [lane.encode(entry.outgoing) for entry in pending]
            if uneven:
                _write_unevenly(lane, tuple(present), pending, parts)
                continue
            data = parts[0] if len(parts) == 1 else lane.join(parts)
            yield from _write_evenly(lane, present, self._audience(lane, present, direct=direct), data)

    def _audience(self, lane: Lane, present: dict[Connection, None], *, direct: bool) -> _Audience:
        if not direct or len(present) < DIRECT_MEMBERS or not isinstance(lane, SocketLane):
            return _Audience(tuple(present), None)
        if lane not in self._audiences:  # while people come and go, looking at each socket costs more than it saves
            self._audiences[lane] = None
            return _Audience(tuple(present), None)
        audience = self._audiences[lane]
        if audience is None:
            members = tuple(present)
            audience = self._audiences[lane] = _Audience(members, lane.sockets(members))
        return audience


def _write_evenly(lane: Lane, present: dict[Connection, None], audience: _Audience, data: bytes) -> Iterator[None]:
    """Write the same to all, slice by slice. `present` loses those who go meanwhile, and nobody comes."""
    members, sockets = audience

    def late(one: Late) -> None:
        lane.write((members[one.place],), one.rest)

    for start in range(0, len(members), SLICE_MEMBERS):
        if start:
            yield
        stop = start + SLICE_MEMBERS
        if len(present) != len(members):
            lane.write([member for member in members[start:stop] if member in present], data)
        elif sockets is not None:
            sockets.write(start, stop, data, late)
        else:
            lane.write(members[start:stop], data)


def _write_unevenly(
    lane: Lane, members: Sequence[Connection], pending: Sequence[_Pending], parts: Sequence[bytes]
) -> None:
    """Members for whom something is not get their own selection, all others one write of everything."""
    skipping = {entry.skip for entry in pending}
    volatile = any(entry.volatile for entry in pending)
    even: list[Connection] = []
    for member in members:
        if member not in skipping and not (volatile and member.busy):
            even.append(member)
            continue
        own = [
            part
            for entry, part in zip(pending, parts, strict=True)
            if entry.skip is not member and not (entry.volatile and member.busy)
        ]
        if own:
            lane.write((member,), lane.join(own))
    if even:
        lane.write(even, lane.join(parts))
