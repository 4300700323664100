"""The short integer keys of the compact wire, `hubbub.v1.msgpack`, collected from the declarations.

The keys of a MessagePack map and the value of its `type` are these numbers; all other values are as in JSON. They are a
part of the protocol: a number is never changed, and never reused (tests/vocabulary/test_keys.py keeps the list of all
that were ever given).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, get_args

import msgspec
from msgspec import Struct

from .declaration import EventBase, declared, tag_of
from .unions import Command, Event, Reply, Signal

_ENVELOPE_FIELDS: Final = {
    "type": 0,
    "ref": 1,
    "ok": 2,
    "error": 3,
    "code": 43,
    "message": 44,
    "retryable": 45,
    "retry_after_seconds": 46,
    "unnumbered": 47,
}
"""Of replies and refusals, which are no Structs of the vocabulary, and of what has no number here (wire/compact.py)."""

_ENVELOPE_TYPES: Final = {"reply": 1}


def all_structs() -> list[type[Struct]]:
    """Every Struct that may stand in a frame: the unions' members, and what is inside them."""
    found: dict[type[Struct], None] = {}

    def visit(kind: Any) -> None:
        if isinstance(kind, msgspec.inspect.StructType):
            if kind.cls not in found:
                found[kind.cls] = None
                for field in kind.fields:
                    visit(field.type)
        elif isinstance(kind, msgspec.inspect.UnionType):
            for one in kind.types:
                visit(one)
        elif isinstance(kind, msgspec.inspect.ListType):
            visit(kind.item_type)

    for union in (Command, Event, Signal, Reply):
        for struct in get_args(union):
            visit(msgspec.inspect.type_info(struct))
    return list(found)


def collect_field_keys(structs: Iterable[type[Struct]], shared: Mapping[str, int]) -> dict[str, int]:
    """The number of every field name, ascending.

    Args:
        shared: of names that belong to no Struct alone.

    Raises:
        ValueError: a name or a number is declared twice, or a field has no number.
    """
    structs = list(structs)
    given = [*shared.items()]
    for struct in structs:
        given += declared(struct).keys.items()
    keys = _numbered(given)
    for struct in structs:
        for name in struct.__struct_fields__:
            if name not in keys:
                raise ValueError(f"{struct.__name__}.{name} has no number: the next one is {max(keys.values()) + 1}")
    return keys


def collect_type_keys(structs: Iterable[type[Struct]], shared: Mapping[str, int]) -> dict[str, int]:
    """The number of every tag, ascending. A command and a signal of one name have one number.

    Raises:
        ValueError: a number belongs to two tags, or a tag has none.
    """
    given = dict.fromkeys(shared.items())
    for struct in structs:
        if struct.__struct_config__.tag is not None:
            number = declared(struct).number
            if number is None:
                raise ValueError(f"{struct.__name__} has no number")
            given[tag_of(struct), number] = None
    return _numbered(given)


def _numbered(given: Iterable[tuple[str, int]]) -> dict[str, int]:
    keys: dict[str, int] = {}
    names: dict[int, str] = {}
    for name, number in given:
        if name in keys:
            raise ValueError(f"`{name}` is declared twice")
        if number in names:
            raise ValueError(f"{number} is the number of `{names[number]}` and of `{name}`")
        keys[name] = number
        names[number] = name
    return dict(sorted(keys.items(), key=lambda item: item[1]))


_ALL: Final = all_structs()

FIELD_KEYS: Final = collect_field_keys([EventBase, *_ALL], _ENVELOPE_FIELDS)
TYPE_KEYS: Final = collect_type_keys(_ALL, _ENVELOPE_TYPES)
