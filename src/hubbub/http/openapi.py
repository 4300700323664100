"""OpenAPI 3.1, made from the table of operations and the Structs."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, Final

import msgspec
from msgspec import Struct

from hubbub.auth.cookies import COOKIE
from hubbub.errors import BadField, BadJson, Forbidden, HubbubError, Internal, StoreUnavailable, Unauthenticated
from hubbub.vocabulary import Event
from hubbub.vocabulary.describe.schema import Schema

from .api import OPERATIONS
from .errors import STATUS, BodyTooLarge, Failure, WrongContentType
from .operation import Nothing, Operation

_SCHEMA: Final = "#/components/schemas/{name}"
_PATH_PARAMETERS: Final = {
    "room": "A room's id.",
    "id": "The id of a login, or `current` for the one that asks.",
    "seq": "The `seq` of a message.",
    "emoji": "One emoji, percent-encoded.",
}
_TAGS: Final = {
    "server": "The server itself.",
    "accounts": "Accounts, and one's own.",
    "sessions": "Logins.",
    "rooms": "Rooms, members, history, messages and read marks.",
}


def openapi_document(version: str, operations: Sequence[Operation[Any]] = OPERATIONS) -> Schema:
    """The document that /api/v1/openapi.json serves. `version`: of this server."""
    paths: dict[str, Schema] = {}
    for operation in operations:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Hubbub REST API",
            "version": version,
            "description": (
                "What a client needs outside its connection. Live messages come by WebSocket, Socket.IO or "
                "long-polling: see docs/protocol.md."
            ),
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/", "description": "This server."}],
        "tags": [{"name": name, "description": text} for name, text in _TAGS.items()],
        "security": [{"bearer": []}, {"cookie": []}],
        "paths": paths,
        "components": {
            "schemas": _schemas(operations),
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "description": "The token from signing in or up."},
                "cookie": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": COOKIE,
                    "description": (
                        "For browsers; over HTTPS it is called `__Host-hubbub_session`. Requests that change something "
                        "must come from this server's pages."
                    ),
                },
            },
        },
    }


def _operation(operation: Operation[Any]) -> Schema:
    described = operation.description or inspect.getdoc(operation.handler)
    found: Schema = {
        "operationId": operation.name,
        "summary": operation.summary,
        "tags": [operation.tag],
        "parameters": _parameters(operation),
        "responses": _responses(operation),
    }
    if described:
        found["description"] = described
    if operation.public:
        found["security"] = []
    if operation.has_body:
        found["requestBody"] = {"required": True, "content": _content(operation.input)}
    return {key: value for key, value in found.items() if value or key == "security"}


def _parameters(operation: Operation[Any]) -> list[Schema]:
    described = {} if operation.fields is None else _schema(operation.fields)["properties"]
    found: list[Schema] = [
        {
            "name": name,
            "in": "path",
            "required": True,
            "description": _PATH_PARAMETERS.get(name, f"The `{name}` of the command."),
            "schema": described.get(name, {"type": "string"}),
        }
        for name in operation.parameters
    ]
    if operation.input is not Nothing and not operation.has_body:
        schema = _schema(operation.input)
        found += [
            {"name": name, "in": "query", "required": name in schema["required"], "schema": _without_null(described)}
            for name, described in schema["properties"].items()
        ]
    return found


def _schema(struct: type[Struct]) -> Schema:
    _, components = msgspec.json.schema_components([struct])
    found: Schema = components[struct.__name__]
    return found


def _without_null(schema: Schema) -> Schema:
    """A parameter that is absent is absent: there is no null in a query."""
    kinds = [kind for kind in schema.get("anyOf", []) if kind != {"type": "null"}]
    if len(kinds) == 1:
        return {**kinds[0]}
    return schema


def _responses(operation: Operation[Any]) -> Schema:
    answer: Schema = {"description": HTTPStatus(operation.status).phrase}
    if operation.answer is not None:
        answer["content"] = _content(operation.answer)
    responses: Schema = {str(operation.status): answer}
    by_status: dict[int, list[type[HubbubError]]] = {}
    for error in _errors(operation):
        by_status.setdefault(STATUS[error.code].value, []).append(error)
    for status, errors in sorted(by_status.items()):
        lines = [f"- `{error.code}`: {error.message}" for error in errors]
        responses[str(status)] = {"description": "\n".join(lines), "content": _content(Failure)}
    return responses


def _errors(operation: Operation[Any]) -> list[type[HubbubError]]:
    found: list[type[HubbubError]] = [*operation.errors, Internal, StoreUnavailable]
    if not operation.public:
        found.append(Unauthenticated)
        if operation.method != "GET":
            found.append(Forbidden)
    if operation.has_body:
        found += [BadJson, BadField, BodyTooLarge, WrongContentType]
    elif operation.input is not Nothing or _has_bounded_path(operation):
        found.append(BadField)
    return list(dict.fromkeys(found))


def _has_bounded_path(operation: Operation[Any]) -> bool:
    """Whether something in the path is more than any text."""
    fields = {} if operation.fields is None else _schema(operation.fields)["properties"]
    return any(schema != {"type": "string"} for schema in fields.values())


def _content(struct: type[Struct]) -> Schema:
    return {"application/json": {"schema": {"$ref": _SCHEMA.format(name=struct.__name__)}}}


def _schemas(operations: Sequence[Operation[Any]]) -> Schema:
    structs: dict[type[Struct], None] = {Failure: None}
    for operation in operations:
        if operation.has_body:
            structs[operation.input] = None
        if operation.answer is not None:
            structs[operation.answer] = None
    _, components = msgspec.json.schema_components([*structs, Event], ref_template=_SCHEMA)
    return {name: _tidy(schema) for name, schema in sorted(components.items())}


def _tidy(value: Any) -> Any:
    """Docstrings without the indentation of the source."""
    if isinstance(value, dict):
        return {
            key: inspect.cleandoc(item) if key == "description" and isinstance(item, str) else _tidy(item)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [_tidy(item) for item in value]
    return value
