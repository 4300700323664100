"""JSON Schema of the native wire, made from the vocabulary's Structs.

AsyncAPI (`asyncapi.py`) and the TypeScript types (`typescript.py`) are made from the same components, so that
the three never disagree. `scripts/generate.py` writes them into the source tree.
"""

from __future__ import annotations

import inspect
from typing import Any, Final, get_args

import msgspec

from hubbub.errors import DataInUse, HubbubError
from hubbub.vocabulary.declaration import CommandBase, declared, reply_of
from hubbub.vocabulary.unions import Command, Event, Reply, Signal

Schema = dict[str, Any]
"""A JSON Schema object. The one place where a mapping of anything is the right type."""

COMMANDS: Final[tuple[type[CommandBase[Any]], ...]] = get_args(Command)

REPLY_OF: Final[dict[type[msgspec.Struct], type[msgspec.Struct]]] = {command: reply_of(command) for command in COMMANDS}
"""What stands under `ok` in the reply to each command."""

UNIONS: Final[dict[str, tuple[type[msgspec.Struct], ...]]] = {
    "Command": get_args(Command),
    "Event": get_args(Event),
    "Signal": get_args(Signal),
    "Reply": get_args(Reply),
}
"""The vocabulary's unions by name."""


SUBPROTOCOL: Final = "hubbub.v1.json"
"""Of the wire that is described."""


def docstring(struct: type[msgspec.Struct]) -> str:
    """A Struct's own docstring, without the indentation of the source; empty when it has none."""
    return inspect.cleandoc(struct.__dict__.get("__doc__") or "")


def example_of(struct: type[msgspec.Struct]) -> msgspec.Struct:
    """One of them. Raises TypeError when its declaration has none."""
    example = declared(struct).example
    if example is None:
        raise TypeError(f"{struct.__name__} has no example")
    return example()


def error_types() -> list[type[HubbubError]]:
    """Every error that a client may see, in the order of errors.py."""
    found: list[type[HubbubError]] = []
    queue = list(HubbubError.__subclasses__())
    while queue:
        error = queue.pop(0)
        queue.extend(error.__subclasses__())
        if error is not DataInUse and error.__module__ == HubbubError.__module__:
            found.append(error)
    return found


def components(ref_template: str) -> dict[str, Schema]:
    """Schemas by name: every Struct of the vocabulary, its unions, and the frames that carry replies.

    `ref_template` says how one refers to another, for example `#/$defs/{name}`.
    """
    structs = [struct for members in UNIONS.values() for struct in members]
    _, schemas = msgspec.json.schema_components(structs, ref_template=ref_template)
    found: dict[str, Schema] = {name: _tidy(schema) for name, schema in schemas.items()}

    def ref(name: str) -> Schema:
        return {"$ref": ref_template.format(name=name)}

    def union(names: list[str], description: str) -> Schema:
        return {"description": description, "anyOf": [ref(name) for name in names]}

    unions = {name: [struct.__name__ for struct in members] for name, members in UNIONS.items()}
    found["Command"] = union(unions["Command"], "What a client may ask.")
    found["Event"] = union(unions["Event"], "A durable entry of a room's log.")
    found["Signal"] = union(unions["Signal"], "What passes without a trace.")
    found["Reply"] = union(unions["Reply"], "What stands under `ok` in the answer to a command.")
    found["ErrorBody"] = _error_body()
    found["ReplyOk"] = {
        "title": "ReplyOk",
        "description": "The command with this `ref` was carried out.",
        "type": "object",
        "properties": {"type": {"enum": ["reply"]}, "ref": _REF_GIVEN, "ok": ref("Reply")},
        "required": ["type", "ref", "ok"],
    }
    found["ReplyError"] = {
        "title": "ReplyError",
        "description": "The command with this `ref` was refused. null: no `ref` was given or could be read.",
        "type": "object",
        "properties": {"type": {"enum": ["reply"]}, "ref": _REF, "error": ref("ErrorBody")},
        "required": ["type", "ref", "error"],
    }
    found["ReplyFrame"] = union(["ReplyOk", "ReplyError"], "The one answer to a command.")
    found["ServerFrame"] = union(["Event", "Signal", "ReplyFrame"], "Everything that a server sends.")
    return found


def json_schema_document(version: str) -> Schema:
    """One JSON Schema (2020-12) for every frame of the native wire, in both directions."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Hubbub native wire",
        "description": f"Frames of the subprotocol {SUBPROTOCOL}, Hubbub {version}. See docs/protocol.md.",
        "anyOf": [{"$ref": "#/$defs/Command"}, {"$ref": "#/$defs/ServerFrame"}],
        "$defs": components("#/$defs/{name}"),
    }


_REF_GIVEN: Final[Schema] = {"anyOf": [{"type": "integer"}, {"type": "string"}]}
_REF: Final[Schema] = {"anyOf": [{"type": "integer"}, {"type": "string"}, {"type": "null"}]}


def _error_body() -> Schema:
    codes = [error.code for error in error_types()]
    return {
        "title": "ErrorBody",
        "description": "Why a command was refused. Branch on `code`, show `message`.",
        "type": "object",
        "properties": {
            "code": {
                "description": "Stable. Later versions may add codes.",
                "type": "string",
                "examples": codes,
            },
            "message": {"description": "One English sentence for people.", "type": "string"},
            "retryable": {
                "description": "True: the same command may succeed later without any change.",
                "type": "boolean",
            },
            "retry_after_seconds": {
                "description": "Before this time it will not. Absent: not known.",
                "type": "number",
            },
        },
        "required": ["code", "message", "retryable"],
    }


def _tidy(schema: Schema) -> Schema:
    """Undo what does not belong: a docstring's indentation, OpenAPI's discriminator, an empty `required`."""
    tidied: Schema = {}
    for key, value in schema.items():
        if key == "description":
            tidied[key] = inspect.cleandoc(value)
        elif key != "discriminator" and (key != "required" or value):
            tidied[key] = _tidy_value(value)
    return tidied


def _tidy_value(value: Any) -> Any:
    if isinstance(value, dict):
        return _tidy(value)
    if isinstance(value, list):
        return [_tidy_value(item) for item in value]
    return value
