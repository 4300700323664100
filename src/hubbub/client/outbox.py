"""Messages, and changes of them, on their way: kept until the server has acknowledged them, across reconnects."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Final, Protocol

from msgspec import Struct

from hubbub.errors import HubbubError
from hubbub.vocabulary import ChangeRoom, Delete, Edit, React, RoomId, Send, Sent, Unreact

Write = Send | Edit | Delete | React | Unreact | ChangeRoom
"""What adds an event to a room's log, once for each nonce."""

_DIGITS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_RANDOM_BYTES: Final = 10


class Nonces:
    """26 digits (Crockford's base 32): 48 bits of Unix milliseconds, 80 random ones. Later ones sort later.

    Args:
        now: Unix seconds.
    """

    def __init__(self, now: Callable[[], float], random_bytes: Callable[[int], bytes]) -> None:
        self._now = now
        self._random_bytes = random_bytes
        self._last_ms = 0

    def next(self) -> str:
        """One that was not given before. In one millisecond, or when the clock is set back, time goes on by one."""
        self._last_ms = max(int(self._now() * 1000), self._last_ms + 1)
        number = self._last_ms << 80 | int.from_bytes(self._random_bytes(_RANDOM_BYTES))
        return "".join(_DIGITS[number >> shift & 31] for shift in range(125, -1, -5))


class Outgoing(Struct, frozen=True):
    """A message to be sent, or a change of one. Its nonce makes it the same however often it is sent."""

    command: Write
    created_ms: int

    @property
    def room(self) -> RoomId:
        return self.command.room

    @property
    def nonce(self) -> str:
        return self.command.nonce


class OutboxStorage(Protocol):
    """Where they survive the process. Each call returns when it is as durable as the storage is."""

    async def load(self) -> list[Outgoing]:
        """What was put and not removed, oldest first."""
        ...

    async def put(self, outgoing: Outgoing) -> None:
        """Keep it. A second `put` of a nonce replaces the first."""
        ...

    async def remove(self, nonce: str) -> None:
        """Forget it; harmless when there is none."""
        ...


class Entry:
    """One of them in the outbox.

    Attributes:
        travelling: it was written to the present connection and its reply has not come.
        attempts: how often the server answered it with a retryable error.
    """

    __slots__ = ("attempts", "outcome", "outgoing", "travelling")

    def __init__(self, outgoing: Outgoing) -> None:
        self.outgoing = outgoing
        self.travelling = False
        self.attempts = 0
        self.outcome: asyncio.Future[Sent] | None = None

    def wait(self) -> asyncio.Future[Sent]:
        """The acknowledgement, shared by all who wait for it."""
        if self.outcome is None or self.outcome.done():
            self.outcome = asyncio.get_running_loop().create_future()
        return self.outcome

    def settle(self, outcome: Sent | HubbubError) -> None:
        """Tell those who wait."""
        future = self.outcome
        if future is None or future.done():
            return
        if isinstance(outcome, HubbubError):
            future.set_exception(outcome)
            future.exception()  # looked at: nobody has to be waiting any more
        else:
            future.set_result(outcome)


class Outbox:
    """The entries by nonce, in the order in which they were made."""

    def __init__(self) -> None:
        self._entries: dict[str, Entry] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[Entry]:
        return iter(tuple(self._entries.values()))

    def add(self, outgoing: Outgoing) -> Entry:
        """The entry of this nonce; the one that exists when there is one."""
        return self._entries.setdefault(outgoing.nonce, Entry(outgoing))

    def waiting(self, room: RoomId) -> list[Entry]:
        """Those of the room that are not on their way."""
        return [entry for entry in self if entry.outgoing.room == room and not entry.travelling]

    def remove(self, entry: Entry) -> None:
        self._entries.pop(entry.outgoing.nonce, None)

    def interrupted(self) -> None:
        """The connection ended: nothing is on its way any more."""
        for entry in self:
            entry.travelling = False

    def abandon(self, error: HubbubError) -> None:
        """Tell everybody who waits; the entries stay for the next connection."""
        self.interrupted()
        for entry in self:
            entry.settle(error)
