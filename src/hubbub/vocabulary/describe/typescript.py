"""TypeScript types of the native wire, made from the same JSON Schema as everything else (`schema.py`)."""

from __future__ import annotations

import json
from typing import Final

from hubbub.errors import CloseCode
from hubbub.vocabulary.declaration import tag_of

from .schema import COMMANDS, REPLY_OF, UNIONS, Schema, components, error_types

_REF_PREFIX: Final = "#/"
_SIMPLE: Final = {
    "string": "string",
    "integer": "number",
    "number": "number",
    "boolean": "boolean",
    "null": "null",
}


def typescript_module() -> str:
    """The text of `clients/js/src/vocabulary.ts`.

    An interface per Struct, the unions `Command`, `Event`, `Signal`, `Reply`, the frames that carry replies, the types
    of events, the fields of each command and the type of its reply, and the error and close codes. A field that has a
    default value is optional, because the wire omits defaults; the default stands in its comment.
    """
    parts = ["// Written by scripts/generate.py from src/hubbub/vocabulary. Change the Structs, then run it again."]
    parts += [_declaration(name, schema) for name, schema in components(_REF_PREFIX + "{name}").items()]
    parts += [_event_types(), _fields_of(), _reply_of(), _error_codes(), _close_codes()]
    return "\n\n".join(parts) + "\n"


def _declaration(name: str, schema: Schema) -> str:
    comment = _comment(schema.get("description", ""), "")
    if "anyOf" in schema:
        members = "".join(f"\n  | {_type(option)}" for option in schema["anyOf"])
        return f"{comment}export type {name} ={members};"
    required = set(schema.get("required", ()))
    fields = "".join(_field(key, value, key in required) for key, value in schema["properties"].items())
    if not fields:
        return f"{comment}export type {name} = Record<string, never>;"
    return f"{comment}export interface {name} {{\n{fields}}}"


def _field(name: str, schema: Schema, required: bool) -> str:
    about = schema.get("description", "")
    if "default" in schema:
        about = f"{about} Default: {json.dumps(schema['default'])}.".lstrip()
    return f"{_comment(about, '  ')}  {name}{'' if required else '?'}: {_type(schema)};\n"


def _type(schema: Schema) -> str:
    if "$ref" in schema:
        return str(schema["$ref"]).removeprefix(_REF_PREFIX)
    if "enum" in schema:
        return " | ".join(json.dumps(value) for value in schema["enum"])
    if "anyOf" in schema:
        return _union([_type(option) for option in schema["anyOf"]])
    if schema["type"] == "array":
        item = _type(schema["items"])
        return f"({item})[]" if " " in item else f"{item}[]"
    return _SIMPLE[schema["type"]]


def _union(options: list[str]) -> str:
    for name, members in UNIONS.items():
        if options == [struct.__name__ for struct in members]:
            return name
    return " | ".join(options)


def _comment(text: str, indent: str) -> str:
    if not text:
        return ""
    lines = text.replace("*/", "* /").splitlines()
    if len(lines) == 1:
        return f"{indent}/** {lines[0]} */\n"
    body = "".join(f"{indent} * {line}".rstrip() + "\n" for line in lines)
    return f"{indent}/**\n{body}{indent} */\n"


def _event_types() -> str:
    lines = "".join(f"  {json.dumps(tag_of(struct))},\n" for struct in UNIONS["Event"])
    about = "The types of events of this version. A newer server may send others."
    return f"{_comment(about, '')}export const EVENT_TYPES: ReadonlySet<unknown> = new Set([\n{lines}]);"


def _fields_of() -> str:
    schemas = components(_REF_PREFIX + "{name}")
    lines = "".join(f"  {tag_of(command)}: {_fields(schemas[command.__name__])};\n" for command in COMMANDS)
    about = "What a command takes besides `type` and `ref`, by its `type`. What is undefined is left out."
    return f"{_comment(about, '')}export interface FieldsOf {{\n{lines}}}"


def _fields(schema: Schema) -> str:
    required = set(schema.get("required", ()))
    fields = [
        f"{name}: {_type(value)}" if name in required else f"{name}?: {_type(value)} | undefined"
        for name, value in schema["properties"].items()
        if name not in {"type", "ref"}
    ]
    return f"{{ {'; '.join(fields)} }}"


def _reply_of() -> str:
    lines = "".join(f"  {tag_of(command)}: {reply.__name__};\n" for command, reply in REPLY_OF.items())
    about = "What stands under `ok` in the reply, by the command's `type`."
    return f"{_comment(about, '')}export interface ReplyOf {{\n{lines}}}"


def _error_codes() -> str:
    lines = "".join(f"\n  | {json.dumps(error.code)}" for error in error_types())
    about = "The error codes of this version. A newer server may send others."
    return f"{_comment(about, '')}export type ErrorCode ={lines};"


def _close_codes() -> str:
    lines = "".join(f"  {code.name}: {code.value},\n" for code in CloseCode)
    about = "WebSocket close codes of the server. 4000 to 4499: come back by yourself. 4500 to 4999: do not."
    return f"{_comment(about, '')}export const CloseCode = {{\n{lines}}} as const;"
