"""A map with several values per key, such as a user's connections, where nearly every key has one."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from itertools import takewhile
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


def older(times: dict[K, float], oldest: float) -> list[K]:
    """The keys at the front of a dict, which is in the order of its times, up to this time.

    Asked for one by one, each would cost a step over all those that went before it.
    """
    return [key for key, _ in takewhile(lambda entry: entry[1] <= oldest, times.items())]


class Multimap(Generic[K, V]):
    """Several values per key, made for the case of one: that one stands in the dict itself.

    A list or set for each of 19,000 users would cost 60 to 220 bytes each; this costs an entry of one dict.
    All methods take constant time, except those that return all values. A value is not a dict.
    """

    __slots__ = ("_entries",)

    def __init__(self) -> None:
        self._entries: dict[K, V | dict[V, None]] = {}

    def __len__(self) -> int:
        """How many keys have a value."""
        return len(self._entries)

    def __iter__(self) -> Iterator[K]:
        return iter(self._entries)

    def __contains__(self, key: K) -> bool:
        return key in self._entries

    def add(self, key: K, value: V) -> bool:
        """Add a value; True when it is the key's first. Adding it again changes nothing."""
        entry = self._entries.get(key)
        if entry is None:
            self._entries[key] = value
            return True
        if isinstance(entry, dict):
            entry[value] = None
        elif entry is not value:
            self._entries[key] = {entry: None, value: None}
        return False

    def remove(self, key: K, value: V) -> bool:
        """Remove a value; True when the key has none left now. Removing what is not there changes nothing."""
        entry = self._entries.get(key)
        if isinstance(entry, dict):
            entry.pop(value, None)
            if len(entry) == 1:
                self._entries[key] = next(iter(entry))
            return False
        if entry is not value:
            return False
        del self._entries[key]
        return True

    def values(self) -> Iterator[V]:
        """Every value of every key."""
        for entry in self._entries.values():
            if isinstance(entry, dict):
                yield from entry
            else:
                yield entry

    def of(self, key: K) -> tuple[V, ...]:
        """The values of a key, in the order in which they were added."""
        return tuple(self.each(key))

    def each(self, key: K) -> Iterator[V]:
        """The same, one by one: for who looks at the first few. None may come or go meanwhile."""
        entry = self._entries.get(key)
        if entry is None:
            return iter(())
        return iter(entry if isinstance(entry, dict) else (entry,))
