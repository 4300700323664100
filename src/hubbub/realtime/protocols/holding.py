"""What is said to a connection before its handler has accepted it: it waits, and reaches nobody who is refused."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol

from hubbub.realtime.core.connection import Connection

BUFFERS_MAX: Final = 16
"""How many times `write_buffer_bytes` may wait. What a room says is held once for all who wait for it."""


class Held:
    """Bytes that wait for the handler's decision.

    Attributes:
        full: too much was said, and nothing is kept any more.
    """

    __slots__ = ("full", "parts", "size")

    def __init__(self) -> None:
        self.parts: list[bytes] = []
        self.size = 0
        self.full = False

    def add(self, data: bytes) -> None:
        self.parts.append(data)
        self.size += len(data)

    def overflow(self) -> None:
        self.full = True
        self.parts.clear()


class Holder(Protocol):
    """A connection that the handler is deciding about."""

    def hold(self, data: bytes) -> None:
        """Keep bytes of its lane until it is accepted."""
        ...


class Holding:
    """Makes of a lane the one in which its connections sit until they are accepted. Stands before it as a base."""

    def write(self, members: Sequence[Connection], data: bytes) -> None:
        for member in members:
            member.hold(data)  # type: ignore[attr-defined]  # all are Holders
