"""Which method carries out which command: said at the method, collected once at start, found by one look-up.

    from hubbub.vocabulary import Done, Leave

    class Doors:
        @performs(Leave)
        async def leave(self, actor: Actor, command: Leave, origin: str) -> Done:
            return Done()

    doors = Doors()
    assert collect(doors).performers == {Leave: doors.leave}

There are three ways, and a command may have several: a connection takes the first of `at_once`, `on_connection` and
`performs` that there is; REST has `performs` only.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Final, ParamSpec, TypeVar, get_args

from msgspec import Struct

from hubbub.vocabulary import Command, CommandBase, Role

from .access import Actor, is_public, may
from .connection_state import ConnectionState
from .log.feed import Feed

P = ParamSpec("P")
R = TypeVar("R", bound=Struct)
F = TypeVar("F", bound=Callable[..., Any])

Performer = Callable[[Actor, Any, str], Awaitable[Struct]]
"""Actor, command, and the id of the connection that asked (empty for REST) → the reply."""

AtOnce = Callable[[ConnectionState, Actor, Feed | None, Any], bool]
"""For a connection that has joined the room, whose feed this is (None: the command names none). It sees to the reply.
False: it can't be done at once, and nothing was done."""

OnConnection = Callable[[ConnectionState, Any], Awaitable[None]]
"""It sees to the reply."""

_MARK: Final = "__carries_out__"


def performs(kind: type[CommandBase[R]]) -> Callable[[Callable[P, Awaitable[R]]], Callable[P, Awaitable[R]]]:
    """Mark a `Performer`: what needs no connection."""
    return _mark("performers", kind)


def at_once(kind: type[CommandBase[Any]]) -> Callable[[F], F]:
    """Mark an `AtOnce`: what needs no store, or only the append queue."""
    return _mark("immediate", kind)


def on_connection(kind: type[CommandBase[Any]]) -> Callable[[F], F]:
    """Mark an `OnConnection`: what needs a connection and the store."""
    return _mark("on_connection", kind)


@dataclass(frozen=True, slots=True)
class Registry:
    """Methods by the type of the command, one table for each way."""

    immediate: dict[type[CommandBase[Any]], AtOnce] = field(default_factory=dict)
    on_connection: dict[type[CommandBase[Any]], OnConnection] = field(default_factory=dict)
    performers: dict[type[CommandBase[Any]], Performer] = field(default_factory=dict)

    def check(self) -> None:
        """Raises TypeError when a command of the vocabulary can't be carried out as it is declared."""
        for kind in get_args(Command):
            for wrong in self._wrong_with(kind):
                raise TypeError(f"{kind.__name__}: {wrong}")

    def _wrong_with(self, kind: type[CommandBase[Any]]) -> list[str]:
        said = kind.declared
        wrong = []
        if not any(kind in table for table in (self.immediate, self.on_connection, self.performers)):
            wrong.append("nothing carries it out")
        if said.rest is not None and kind not in self.performers:
            wrong.append("it has a REST operation, and nothing performs it without a connection")
        if said.joined is not (kind in self.immediate):
            wrong.append("what is for joined rooms is done at once, and nothing else")
        if said.joined and (may(said.access, {Role.USER}) or not may(said.access, {Role.MEMBER})):
            wrong.append("whoever has joined is a member, and this is not for members")
        if is_public(said.access) and kind not in self.on_connection:
            wrong.append("only a connection knows somebody who has not signed in")
        return wrong


def collect(*owners: object) -> Registry:
    """The marked methods of these objects. Raises TypeError when two carry out the same command in the same way."""
    registry = Registry()
    for owner in owners:
        for name, member in vars(type(owner)).items():
            for table_name, kind in getattr(member, _MARK, ()):
                table = getattr(registry, table_name)
                if kind in table:
                    raise TypeError(f"{kind.__name__} is carried out by two methods")
                table[kind] = getattr(owner, name)
    return registry


def _mark(table: str, kind: type[CommandBase[Any]]) -> Callable[[F], F]:
    def mark(method: F) -> F:
        setattr(method, _MARK, (*getattr(method, _MARK, ()), (table, kind)))
        return method

    return mark
