"""A set that nearly always has no or one member, and must still cost constant time when it has 17,000.

Up to `TUPLE_MEMBERS` it is a tuple, so that all who hold just the same one share it; beyond, a dict whose values mean
nothing. Both are iterated and asked with `in` in the same way. Who iterates while members go, iterates over a copy.
"""

from __future__ import annotations

from typing import Final, TypeAlias, TypeVar

T = TypeVar("T")

SmallSet: TypeAlias = tuple[T, ...] | dict[T, None]

TUPLE_MEMBERS: Final = 8
"""A dict of 2 takes 184 bytes, a tuple 56."""


def with_member(held: SmallSet[T], member: T, alone: tuple[T, ...]) -> SmallSet[T]:
    """The set with `member`, which it does not have. `alone`: the shared tuple of just that one."""
    if isinstance(held, dict):
        held[member] = None
        return held
    if not held:
        return alone
    if len(held) < TUPLE_MEMBERS:
        return (*held, member)
    return dict.fromkeys((*held, member))


def without_member(held: SmallSet[T], member: T) -> SmallSet[T]:
    """The set without `member`."""
    if isinstance(held, dict):
        held.pop(member, None)
        return held or ()
    return tuple(other for other in held if other is not member)
