"""The compact native wire, `hubbub.v1.msgpack`: MessagePack maps with short integer keys, one per binary frame.

    wire = NativeMessagePack(Command, FIELD_KEYS, TYPE_KEYS)
    wire.decode(msgspec.msgpack.encode({0: 14, 4: "general"}))      # join general

The same objects as on the JSON wire. Unknown keys are ignored, as unknown fields are there. The server reads and
writes Structs by `NativeMessagePack`; a client writes its commands by the same, and reads by `Unpacker`. What is passed
on and has no number here keeps its name: a `type` as a text, fields in a map under the key of `unnumbered`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any, Final

import msgspec
from msgspec import Struct
from msgspec.structs import FieldInfo, fields

from hubbub.errors import BadJson, HubbubError, UnknownCommand

from .rejection import REF_LENGTH, REF_MAX, UNDECODABLE, Bytes, CommandError, Ref, command_types, explain
from .surrogates import repair_msgpack

SUBPROTOCOL: Final = "hubbub.v1.msgpack"

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(dict[int, Any]).decode

_Plan = tuple[tuple[int, int | str] | None, tuple[tuple[str, int, Any], ...], tuple[tuple[str, str], ...]]
"""How a Struct is written: the pair for `type` if it is tagged, then attribute, key and default of each field.

At last attribute and name of the fields that have no key.
"""


class NativeMessagePack:
    """Codec of a vocabulary whose commands are a union of Structs tagged by `type`. Holds no state of a connection.

    Args:
        field_keys: the key of every field's name; `type`, `ref`, `ok`, `error` and `unnumbered` among them.
        type_keys: the number of every tag.

    Raises:
        TypeError: `commands` is no such union.
        KeyError: a command's field or tag has no number.
    """

    def __init__(self, commands: Any, field_keys: Mapping[str, int], type_keys: Mapping[str, int]) -> None:
        known = command_types(commands)
        self._fields = dict(field_keys)
        self._types = dict(type_keys)
        self._names = {key: name for name, key in field_keys.items()}
        self._commands = {type_keys[tag]: struct for tag, struct in known.items()}
        self._plans: dict[type[Struct], _Plan] = {}
        for struct in known.values():
            _, _, unnumbered = self._plan(struct)
            if unnumbered:
                raise KeyError(*(name for _, name in unnumbered))

    def decode(self, payload: Bytes) -> Any:
        """The command in one binary frame's payload. 2 µs.

        Raises:
            CommandError: whatever else the bytes are. Answer it with `encode_error`.
        """
        try:
            packed = _decode(payload)
        except UNDECODABLE:
            packed = _decode_again(payload)
        ref = _ref(packed.get(self._fields["ref"]))
        kind = packed.get(self._fields["type"])
        struct = self._commands.get(kind) if isinstance(kind, int) else None
        if struct is None:
            raise CommandError(UnknownCommand(), ref)
        names = self._names
        named = {
            names[key]: [self._entry(item) for item in value] if type(value) is list else value
            for key, value in packed.items()
            if key in names
        }
        del named["type"]
        try:
            return msgspec.convert(named, struct)
        except UNDECODABLE as failure:
            raise CommandError(explain(failure), ref) from None

    def _entry(self, item: Any) -> Any:
        """An entry of a list in a command: the fields of a map have numbers, too."""
        names = self._names
        return {names[key]: value for key, value in item.items() if key in names} if isinstance(item, dict) else item

    def encode(self, body: Struct) -> bytes:
        """An event or a signal. Fields that have their default are omitted."""
        return _encode(self._pack(body))

    def encode_reply(self, ref: int | str, ok: Struct) -> bytes:
        """The answer to the command that carried `ref`."""
        keys = self._fields
        return _encode({keys["type"]: self._types["reply"], keys["ref"]: ref, keys["ok"]: self._pack(ok)})

    def encode_error(self, ref: Ref, error: HubbubError) -> bytes:
        """The refusal of a command. `ref` None: it had none, or none that could be read."""
        keys = self._fields
        body: dict[int, Any] = {keys["code"]: error.code, keys["message"]: error.message}
        body[keys["retryable"]] = error.retryable
        if error.retry_after_seconds is not None:
            body[keys["retry_after_seconds"]] = error.retry_after_seconds
        return _encode({keys["type"]: self._types["reply"], keys["ref"]: ref, keys["error"]: body})

    def _pack(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._pack(item) if isinstance(item, Struct) else item for item in value]
        head, plan, unnumbered = self._plans.get(type(value)) or self._plan(type(value))
        packed: dict[int, Any] = {} if head is None else {head[0]: head[1]}
        for name, key, default in plan:
            item = getattr(value, name)
            if item != default:
                packed[key] = self._pack(item) if isinstance(item, list | Struct) else item
        if unnumbered:
            packed[self._fields["unnumbered"]] = {name: getattr(value, attribute) for attribute, name in unnumbered}
        return packed

    def _plan(self, struct: type[Struct]) -> _Plan:
        tag = struct.__struct_config__.tag
        head = (self._fields["type"], self._types.get(tag, tag)) if isinstance(tag, str) else None
        keyed: list[tuple[str, int, Any]] = []
        unnumbered: list[tuple[str, str]] = []
        for field in fields(struct):
            key = self._fields.get(field.encode_name)
            if key is None:
                unnumbered.append((field.name, field.encode_name))
            else:
                keyed.append((field.name, key, _default(field)))
        plan = self._plans[struct] = (head, tuple(keyed), tuple(unnumbered))
        return plan


class Unpacker:
    """The client's side: what a server wrote, with the names of the JSON wire again.

    Args:
        field_keys, type_keys: as for `NativeMessagePack`.
    """

    def __init__(self, field_keys: Mapping[str, int], type_keys: Mapping[str, int]) -> None:
        self._fields = {key: name for name, key in field_keys.items()}
        self._types = {key: name for name, key in type_keys.items()}
        self._type = field_keys["type"]
        self._unnumbered = field_keys["unnumbered"]

    def unpack(self, payload: Bytes) -> dict[str, Any]:
        """One binary frame's object: what a JSON decoder gives for it on the other wire. 2 µs.

        Numbers of fields that have no name here are left out, and so is that of a `type`: a newer server's.

        Raises:
            BadJson: the bytes are no such map.
        """
        try:
            return self._named(_decode(payload))
        except UNDECODABLE:
            raise BadJson("This is not a MessagePack map with integer keys.") from None

    def _named(self, packed: dict[Any, Any]) -> dict[str, Any]:
        named: dict[str, Any] = {}
        for key, value in packed.items():
            if key == self._type:
                if isinstance(value, str):
                    named["type"] = value
                elif isinstance(value, int) and value in self._types:
                    named["type"] = self._types[value]
            elif key == self._unnumbered and isinstance(value, dict):
                named = self._named(value) | named
            elif isinstance(key, str):
                named[key] = self._value(value)
            elif (name := self._fields.get(key)) is not None:
                named[name] = self._value(value)
        return named

    def _value(self, value: Any) -> Any:
        if isinstance(value, dict):
            return self._named(value)
        return [self._value(item) for item in value] if isinstance(value, list) else value


def _decode_again(payload: Bytes) -> dict[int, Any]:
    """The map in a message that was refused because of lone surrogates. Raises CommandError when that was not why."""
    repaired = repair_msgpack(payload)
    if repaired is not None:
        with contextlib.suppress(*UNDECODABLE):
            return _decode(repaired)
    raise CommandError(BadJson("This is not a MessagePack map with integer keys."))


def _default(field: FieldInfo) -> Any:
    """A field's default; NODEFAULT, which equals nothing, when it has to be written always."""
    return field.default if field.default_factory is msgspec.NODEFAULT else field.default_factory()


def _ref(value: Any) -> Ref:
    """A reference that may be echoed."""
    if isinstance(value, str):
        return value if len(value) <= REF_LENGTH else None
    if isinstance(value, int) and not isinstance(value, bool):
        return value if -REF_MAX <= value <= REF_MAX else None
    return None
