"""Writing to the sockets of a large group's members, past their transports.

A transport takes bytes into its own queue and writes them when the tick ends. For one write to each of 1,000 members
that is a walk over 4,000 objects; the system calls alone need an array of descriptors (docs/decisions/0009). A socket
may be written to directly when its transport holds nothing: otherwise the bytes would overtake what waits there.
"""

from __future__ import annotations

import asyncio
import os
from abc import ABC, abstractmethod
from array import array
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple, Self

from hubbub.realtime.core.connection import Connection

_CAN_WRITE: Final = os.name == "posix"  # elsewhere a socket is not a file descriptor

DIRECT_MEMBERS: Final = 16
"""With fewer members it is not worth keeping their descriptors."""


class WritableTransport(ABC):
    """A link to one client, of which some bytes may wait in this process."""

    __slots__ = ()

    @property
    @abstractmethod
    def descriptor(self) -> int:
        """The socket that takes this link's bytes as they are; -1: there is none, its transport changes them (TLS)."""

    @property
    @abstractmethod
    def unsent_bytes(self) -> int:
        """What was written and is not in the kernel yet."""

    @abstractmethod
    def write(self, data: bytes) -> None:
        """Write by the transport: in order, whatever waits there. Raises RuntimeError when the link is gone."""


class PendingWrites:
    """The links whose transports may hold bytes. A link that is not in here has none.

    Every write by a transport has to be noted. What the transports wrote at the end of the tick is found out in the
    next one, so this is empty nearly always.
    """

    __slots__ = ("_fresh", "_links", "_loop")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._links: set[WritableTransport] = set()
        self._fresh: list[WritableTransport] = []

    def __len__(self) -> int:
        return len(self._links)

    def note(self, link: WritableTransport) -> None:
        """It is going to be written to by its transport."""
        if link not in self._links:
            self._links.add(link)
            if not self._fresh:
                self._loop.call_soon(self._look_again)
            self._fresh.append(link)

    def forget(self, link: WritableTransport) -> None:
        """It is gone."""
        self._links.discard(link)

    def descriptors(self) -> set[int]:
        """The sockets that must not be written to directly now."""
        if not self._links:
            return set()
        self._links = {link for link in self._links if link.unsent_bytes}
        return {link.descriptor for link in self._links}

    def _look_again(self) -> None:
        fresh, self._fresh = self._fresh, []
        for link in fresh:
            if not link.unsent_bytes:
                self._links.discard(link)


class Late(NamedTuple):
    """What could not be written directly to the member at `place`."""

    place: int
    rest: bytes


class DirectWriter:
    """The sockets of some members, in the members' order."""

    __slots__ = ("_descriptors", "_unsent")

    def __init__(self, descriptors: array[int], unsent: PendingWrites) -> None:
        self._descriptors = descriptors
        self._unsent = unsent

    @classmethod
    def of(cls, links: Sequence[WritableTransport], unsent: PendingWrites) -> Self | None:
        """Those of these links; None when one of them can't be written to directly."""
        descriptors = array("i")
        for link in links:
            descriptor = link.descriptor if _CAN_WRITE else -1
            if descriptor < 0:
                return None
            descriptors.append(descriptor)
        return cls(descriptors, unsent)

    def write(self, start: int, stop: int, data: bytes, late: Callable[[Late], None]) -> None:
        """Write to the members from `start` to `stop`; `late` is called at once for those who need their transport.

        The caller knows that none of them has gone: the kernel may have given its descriptor to another connection.
        """
        descriptors = self._descriptors
        held = self._unsent.descriptors()
        size = len(data)
        write = os.write
        for descriptor in descriptors[start:stop]:
            try:
                sent = write(descriptor, data) if descriptor not in held else 0
            except OSError:  # it takes no more now, or it is broken, which its transport will find out
                sent = 0
            if sent != size:
                held.add(descriptor)
                late(Late(descriptors.index(descriptor, start), data[sent:]))


class SocketLane(ABC):
    """A lane whose members each have a link of their own."""

    @abstractmethod
    def sockets(self, members: Sequence[Connection]) -> DirectWriter | None:
        """Their sockets; None when they can only be written to by their transports. `members` is not empty."""
