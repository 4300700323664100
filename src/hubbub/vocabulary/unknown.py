"""What a later version has added to the rooms' logs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from .declaration import EventBase, declare
from .samples import BOB, GENERAL, TS
from .types import RoomId, Seq, UserName


@declare(number=21, example=lambda: UnknownEvent(room=GENERAL, seq=45, sender=BOB, ts=TS))
class UnknownEvent(EventBase, frozen=True, tag="unknown"):
    """An entry of a kind that a later version has added: skip it, and let the cursor pass it.

    It is passed on with its own type and fields, as far as whoever passes it on can read them.
    """

    @classmethod
    def of(cls, room: RoomId, seq: Seq, sender: UserName, ts: int, named: Mapping[str, Any]) -> UnknownEvent:
        """The entry at this place whose `type` and other fields are in `named`, a decoded JSON object.

        It is written to all wires as that object is. One with a type, a name or a value that not every wire could
        carry keeps its place only, with the type "unknown".
        """
        kind = named.get("type")
        fields = {name: value for name, value in named.items() if name not in _PLACE}
        if not isinstance(kind, str) or not all(map(_NAME.fullmatch, (kind, *fields))) or not _is_plain(fields):
            return UnknownEvent(room, seq, sender, ts)
        shape = (kind, *fields)
        struct = _shapes.get(shape)
        if struct is None:
            if len(_shapes) >= _SHAPES_MAX:
                return UnknownEvent(room, seq, sender, ts)
            struct = _shapes[shape] = _struct_of(kind, tuple(fields))
        return struct(room, seq, sender, ts, *fields.values())

    @classmethod
    def read(cls, named: Mapping[str, Any]) -> UnknownEvent:
        """The same of a whole object. Raises msgspec.ValidationError: it has no place in a log."""
        place = msgspec.convert({**named, "type": "unknown"}, cls)
        return cls.of(place.room, place.seq, place.sender, place.ts, named)

    @property
    def type(self) -> str:
        """What a version that knows it calls it."""
        return str(self.__struct_config__.tag)


_PLACE: Final = frozenset({"type", *UnknownEvent.__struct_fields__})
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,63}")
_DEPTH_MAX: Final = 16
_FIELDS_MAX: Final = 64
_SHAPES_MAX: Final = 1_000
"""Kinds with their fields' names that are told apart. A Struct of 1 KB is made for each."""

_shapes: Final[dict[tuple[str, ...], type[UnknownEvent]]] = {}


def _struct_of(kind: str, names: tuple[str, ...]) -> type[UnknownEvent]:
    """Whatever encodes Structs writes such an event as it was. 40 µs."""
    attributes = {f"field_{number}": name for number, name in enumerate(names)}  # a name may be a word of Python
    struct: type[UnknownEvent] = msgspec.defstruct(  # type: ignore[assignment]  # by its base
        UnknownEvent.__name__,
        [(attribute, Any) for attribute in attributes],
        bases=(UnknownEvent,),
        tag=kind,
        rename=attributes,
        frozen=True,
    )
    return struct


def _is_plain(value: object, depth: int = 0) -> bool:
    """Whether JSON, MessagePack and every client can carry it."""
    if isinstance(value, str | bool | float | None):
        return True
    if isinstance(value, int):
        return -(2**63) <= value < 2**63
    if depth == _DEPTH_MAX:
        return False
    if isinstance(value, dict):
        if depth == 0 and len(value) > _FIELDS_MAX:
            return False
        return all(isinstance(key, str) and _is_plain(item, depth + 1) for key, item in value.items())
    return isinstance(value, list) and all(_is_plain(item, depth + 1) for item in value)
