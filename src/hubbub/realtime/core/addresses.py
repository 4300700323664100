"""What all connections of one address have together: how many are strangers, and how many bytes wait for them.

An IPv6 client owns a /64 and counts as one address with all of it.
"""

from __future__ import annotations

import ipaddress
from typing import Final

from hubbub.errors import RateLimited

_PREFIX: Final = 64

STUCK_SECONDS: Final = 3.0
"""Without reading anything, while too much waits for its address: then a connection is ended."""


def address_key(peer: str) -> str:
    """The address, of an IPv6 address its /64. Whatever else it is, is a key of its own."""
    if ":" not in peer:
        return peer
    try:
        address = ipaddress.IPv6Address(peer.partition("%")[0])
    except ValueError:
        return peer
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.IPv6Address(int(address) >> _PREFIX << _PREFIX))


class Strangers:
    """Connections that have not said who they are yet. Each has some seconds for it; this bounds their number."""

    def __init__(self, most: int, retry_after_seconds: float) -> None:
        """`most`: at a time, of one address; 0: any number. `retry_after_seconds`: in which all of them are gone."""
        self._most = most
        self._retry_seconds = retry_after_seconds
        self._keys: dict[object, str] = {}
        self._counts: dict[str, int] = {}
        self.refused = 0

    def __len__(self) -> int:
        return len(self._keys)

    def enter(self, stranger: object, peer: str) -> None:
        """One more. Raises RateLimited, and then it is not counted."""
        key = address_key(peer)
        count = self._counts.get(key, 0)
        if self._most and count >= self._most:
            self.refused += 1
            raise RateLimited("Too many connections. Wait a moment.", retry_after_seconds=self._retry_seconds)
        self._keys[stranger] = key
        self._counts[key] = count + 1

    def leave(self, stranger: object) -> None:
        """It has said who it is, or is gone. Harmless when it is no stranger."""
        key = self._keys.pop(stranger, None)
        if key is None:
            return
        count = self._counts[key] - 1
        if count:
            self._counts[key] = count
        else:
            del self._counts[key]


class Waiting:
    """Bytes that wait in this process, by address: for clients that do not read, or for the end of their message."""

    def __init__(self, most_bytes: int) -> None:
        """`most_bytes`: of one address; 0: any number."""
        self._most_bytes = most_bytes
        self.holders: dict[object, tuple[str, int]] = {}
        """Whose buffers are full, with their address and bytes."""
        self._bytes: dict[str, int] = {}

    def __len__(self) -> int:
        """How many buffers are full."""
        return len(self.holders)

    def __contains__(self, holder: object) -> bool:
        return holder in self.holders

    def enter(self, holder: object, peer: str, size: int) -> bool:
        """This one's buffer is full. True: too much waits for its address, and who does not read should go."""
        key = address_key(peer)
        self.holders[holder] = key, size
        total = self._bytes[key] = self._bytes.get(key, 0) + size
        return bool(self._most_bytes) and total > self._most_bytes

    def leave(self, holder: object) -> None:
        """It has read, or is gone. Harmless when it had not entered."""
        entry = self.holders.pop(holder, None)
        if entry is None:
            return
        key, size = entry
        left = self._bytes[key] - size
        if left > 0:
            self._bytes[key] = left
        else:
            del self._bytes[key]

    def full(self, holder: object) -> bool:
        """Whether this connection's buffer is full, and more waits for its address than may."""
        entry = self.holders.get(holder)
        return entry is not None and bool(self._most_bytes) and self._bytes[entry[0]] > self._most_bytes
