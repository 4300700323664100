"""How the vocabulary is declared: all that is to be said of a Struct stands at it, once.

    @declare(keys={"pitch": 47}, example=lambda: Rung(pitch=440))
    class Rung(ReplyBase, frozen=True):
        pitch: int

    @command(number=21, access=Action.WRITE, work=Work(10), example=lambda: Ring(room=RoomId("general"), ref=1))
    class Ring(CommandBase[Rung], frozen=True, tag="ring"):
        room: RoomId
        ref: int | None = None

What is derived from it: the compact keys (keys.py), all that `describe/` writes, dispatch, quotas and access (chat/),
REST operations (http/), and the types of both clients.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final, Generic, Protocol, TypeVar, get_args

from msgspec import Struct

from hubbub.errors import HubbubError

from .access import Action
from .types import RoomId, Seq, UserName

S = TypeVar("S", bound=Struct)
R = TypeVar("R", bound=Struct)

_NO_KEYS: Final[Mapping[str, int]] = {}


@dataclass(frozen=True, slots=True)
class Declared:
    """What is said of any Struct of the vocabulary.

    Attributes:
        number: the value of `type` on the compact wire; None: it carries no `type`.
        keys: the numbers on the compact wire of those field names that no other Struct declares. A name has the same
            number wherever it stands.
        example: makes one; None: it is shown as a part of others.
    """

    number: int | None = None
    keys: Mapping[str, int] = field(default_factory=dict)
    example: Callable[[], Struct] | None = None


@dataclass(frozen=True, slots=True)
class Work:
    """What a command costs, in the units of the rates of connections and users, beyond its frame.

    Attributes:
        units: of any such command.
        per_kib_of_text: for each whole KiB of its field `text`.
        per_room: for each entry of its field `rooms`.
        page: it reads a page from the store, of which few are read at the same time.
    """

    units: int = 0
    per_kib_of_text: int = 0
    per_room: int = 0
    page: bool = False


@dataclass(frozen=True, slots=True)
class Rest:
    """The REST operation that does what a command does.

    Attributes:
        path: below /api/v1; `{names}` in it are fields of the command. The other fields are the query of a GET or
            DELETE, else the JSON body.
        name: the `operationId`.
        status: of success; 204: without a body.
        without: fields that make sense on a connection only.
        never: errors of the command that it never has, being without them.
    """

    method: str
    path: str
    name: str
    summary: str
    description: str = ""
    status: int = 200
    without: tuple[str, ...] = ()
    never: tuple[type[HubbubError], ...] = ()


@dataclass(frozen=True, slots=True)
class DeclaredCommand(Declared):
    """What is said of a command, too. `Declared` has the rest.

    Attributes:
        access: what it does; chat/access.py says who may.
        work: what it costs.
        joined: it is for rooms that its connection has joined; a connection that has not gets `not_joined`.
        errors: what it may be refused with, besides malformed fields and what follows from `access` and `joined`.
        rest: its REST operation; None: it makes sense on a connection only.
    """

    access: Action = Action.USE_ACCOUNT
    work: Work = Work()
    joined: bool = False
    errors: tuple[type[HubbubError], ...] = ()
    rest: Rest | None = None


class Decorator(Protocol):
    """Says it of the class that follows."""

    def __call__(self, struct: type[S]) -> type[S]: ...


def declare(
    *, number: int | None = None, keys: Mapping[str, int] = _NO_KEYS, example: Callable[[], Struct] | None = None
) -> Decorator:
    """Declare an event, a signal, a reply, or a Struct that stands inside others. See `Declared`."""
    return _declare(Declared(number, keys, example))


def command(
    *,
    number: int,
    keys: Mapping[str, int] = _NO_KEYS,
    access: Action,
    work: Work,
    joined: bool = False,
    errors: tuple[type[HubbubError], ...] = (),
    rest: Rest | None = None,
    example: Callable[[], Struct],
) -> Decorator:
    """Declare a `CommandBase[REPLY]`. See `DeclaredCommand`."""
    return _declare(DeclaredCommand(number, keys, example, access, work, joined, errors, rest))


def _declare(what: Declared) -> Decorator:
    def declared_struct(struct: type[S]) -> type[S]:
        struct.declared = what  # type: ignore[attr-defined]
        return struct

    return declared_struct


def declared(struct: type[Struct]) -> Declared:
    """What is said of a Struct. Raises TypeError when nothing is."""
    found = struct.__dict__.get("declared")
    if not isinstance(found, Declared):
        raise TypeError(f"{struct.__name__} is not declared")
    return found


def tag_of(struct: type[Struct]) -> str:
    """The value of `type` that marks a Struct on the wire."""
    return str(struct.__struct_config__.tag)


class CommandBase(Struct, Generic[R], frozen=True, tag_field="type", omit_defaults=True, gc=False):
    """What a client asks. `type` names it, `ref` is echoed in the reply, which is an `R`."""

    declared: ClassVar[DeclaredCommand]


def reply_of(kind: type[CommandBase[R]]) -> type[R]:
    """What stands under `ok` in the reply to a command."""
    base: Any = kind.__dict__["__orig_bases__"][0]
    found: type[R] = get_args(base)[0]
    return found


@declare(keys={"room": 4, "seq": 5, "sender": 6, "ts": 7})
class EventBase(Struct, frozen=True, tag_field="type", omit_defaults=True, gc=False):
    """An entry of a room's log. `sender` is who caused it, `ts` the Unix milliseconds at which the server stored it."""

    declared: ClassVar[Declared]

    room: RoomId
    seq: Seq
    sender: UserName
    ts: int


class SignalBase(Struct, frozen=True, tag_field="type", omit_defaults=True, gc=False):
    """What passes without a trace: no `seq`, not stored, dropped or merged when a reader is slow."""

    declared: ClassVar[Declared]


class ReplyBase(Struct, frozen=True, omit_defaults=True):
    """What stands under `ok` in the answer to a command."""

    declared: ClassVar[Declared]
