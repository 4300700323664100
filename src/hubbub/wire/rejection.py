"""Why a client's command was not understood, in words for its author.

Decoding a good command costs one pass. Only when that fails, this module looks at the bytes a second time: to find
the `ref` that the answer has to carry, and to say which field is wrong without the wording of the library.
"""

from __future__ import annotations

import re
from typing import Any, Final, get_args

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from hubbub.errors import BadField, BadJson, ErrorBody, HubbubError, UnknownCommand

Ref = int | str | None
Bytes = bytes | bytearray | memoryview

UNDECODABLE: Final = (msgspec.MsgspecError, ValueError, RecursionError)
"""What msgspec raises for bytes that it refuses: its own errors, bad UTF-8, and nesting that is too deep."""

REF_MAX: Final = 2**53 - 1
"""A reference beyond it would come back changed in a JavaScript client; it is answered as if there were none."""

REF_LENGTH: Final = 64
"""Characters of a reference that is a string; a longer one is answered as if there were none."""


class CommandError(Exception):
    """A client's command could not be decoded. Answer with `error` under `ref`; the connection stays.

    Attributes:
        error: `BadJson`, `UnknownCommand` or `BadField`.
        ref: the command's reference; None when it had none or none that could be read.
    """

    def __init__(self, error: HubbubError, ref: Ref = None) -> None:
        self.error = error
        self.ref = ref
        super().__init__(error.message)


_encode = msgspec.json.Encoder().encode


def error_json(error: HubbubError) -> bytes:
    """The JSON of an error as every wire carries it."""
    return _encode(ErrorBody.of(error))


def command_types(commands: Any) -> dict[str, type[Struct]]:
    """The Structs of a tagged union by their tag. A single Struct is a union of one.

    Raises:
        TypeError: a member is no Struct with a string tag in the field `type`.
    """
    found: dict[str, type[Struct]] = {}
    for member in get_args(commands) or (commands,):
        config = getattr(member, "__struct_config__", None)
        if config is None or config.tag_field != "type" or not isinstance(config.tag, str):
            raise TypeError(f"{member!r} is no Struct tagged by a string in the field 'type'")
        found[config.tag] = member
    return found


class _Envelope(Struct):
    type: Raw | UnsetType = UNSET
    ref: Raw | UnsetType = UNSET


_envelope = msgspec.json.Decoder(_Envelope)
_string = msgspec.json.Decoder(str)
_reference = msgspec.json.Decoder(Ref)


def rejection(payload: Bytes, failure: BaseException, known: dict[str, type[Struct]]) -> CommandError:
    """Why `payload` is no command of `known`, given what the decoder raised."""
    try:
        envelope = _envelope.decode(payload)
    except UNDECODABLE:
        return CommandError(BadJson())
    ref = _read_ref(envelope.ref)
    if isinstance(envelope.type, Raw):
        try:
            name = _string.decode(envelope.type)
        except UNDECODABLE:
            return CommandError(BadField("The field 'type' must be a string."), ref)
        if name not in known:
            return CommandError(UnknownCommand(), ref)
    return CommandError(explain(failure), ref)


def ref_in(payload: Bytes) -> Ref:
    """The reference in a JSON object that is no command; None when there is none that could be read."""
    try:
        return _read_ref(_envelope.decode(payload).ref)
    except UNDECODABLE:
        return None


def _read_ref(raw: Raw | UnsetType) -> Ref:
    if not isinstance(raw, Raw):
        return None
    try:
        ref = _reference.decode(raw)
    except UNDECODABLE:
        return None
    if isinstance(ref, str):
        return ref if len(ref) <= REF_LENGTH else None
    return ref if ref is None or -REF_MAX <= ref <= REF_MAX else None


_MISSING: Final = re.compile(r"Object missing required field `(\w+)`")
_FIELD: Final = re.compile(r" - at `\$\.(\w+)")
_TYPE: Final = re.compile(r"Expected `([\w |]+)`, got ")
_BOUND: Final = re.compile(r"Expected `(?:int|float)` (>=|<=|>|<) (-?[\d.]+)")
_LENGTH: Final = re.compile(r"Expected `(str|array)` of length (>=|<=) (\d+)")

_TYPES: Final = {
    "str": "a string",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "null": "null",
    "array": "a list",
    "object": "an object",
}
_PARTS: Final = {"str": "characters", "array": "entries"}
_BOUNDS: Final = {">=": "at least", "<=": "at most", ">": "more than", "<": "less than"}


def explain(failure: BaseException) -> HubbubError:
    """What the decoder complained about, in our words: names the field if it can, or nothing."""
    if not isinstance(failure, msgspec.ValidationError):
        return BadJson()  # a broken string, bad UTF-8 or too deep nesting
    text = str(failure)
    if missing := _MISSING.match(text):
        return BadField(f"The field '{missing[1]}' is missing.")
    field = _FIELD.search(text)
    return BadField() if field is None else BadField(f"The field '{field[1]}' {_rule(text)}.")


def _rule(text: str) -> str:
    if expected := _TYPE.match(text):
        names = [_TYPES.get(name, "of another type") for name in expected[1].split(" | ")]
        return f"must be {' or '.join(names)}"
    if bound := _BOUND.match(text):
        return f"must be {_BOUNDS[bound[1]]} {bound[2]}"
    if length := _LENGTH.match(text):
        return f"must have {_BOUNDS[length[2]]} {length[3]} {_PARTS[length[1]]}"
    return "has a value that is not allowed"
