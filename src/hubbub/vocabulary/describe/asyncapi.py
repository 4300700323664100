"""The native wire as an AsyncAPI 3.0 document (https://www.asyncapi.com/docs/reference/specification/v3.0.0).

Made from the vocabulary, served at /api/v1/asyncapi.json and kept in docs/asyncapi.json by scripts/generate.py.
"Receive" and "send" are the server's: it receives commands and sends replies, events and signals.
"""

from __future__ import annotations

import re
from typing import Any, Final

import msgspec
from msgspec import Struct

from hubbub.errors import UnknownRoom
from hubbub.vocabulary.declaration import tag_of

from .schema import REPLY_OF, SUBPROTOCOL, UNIONS, Schema, components, docstring, example_of

_CHANNEL: Final = "#/channels/native"
_SCHEMA: Final = "#/components/schemas/{name}"
_REFUSED: Final = "Refused"


def asyncapi_document(version: str) -> dict[str, object]:
    """The document. `version`: of this server."""
    messages = _messages()
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Hubbub native wire",
            "version": version,
            "description": (
                "JSON objects in the text frames of one WebSocket. What is promised about order, delivery, limits "
                "and closing stands in docs/protocol.md; the same vocabulary over Socket.IO, too."
            ),
            "license": {"name": "MIT"},
        },
        "defaultContentType": "application/json",
        "servers": {
            "self": {
                "host": "{host}",
                "protocol": "ws",
                "description": "This server. With TLS the protocol is wss.",
                "variables": {"host": {"default": "127.0.0.1:8000"}},
                "security": [{"$ref": f"#/components/securitySchemes/{name}"} for name in _SECURITY],
            }
        },
        "channels": {
            "native": {
                "address": "/ws",
                "title": "One client's connection",
                "description": (
                    f"Subprotocol {SUBPROTOCOL}, or none. A handshake without credentials is followed by the command "
                    "`auth` with a session's token."
                ),
                "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in messages},
                "bindings": {"ws": {"method": "GET", "bindingVersion": "0.1.0"}},
            }
        },
        "operations": _operations(),
        "components": {
            "schemas": components(_SCHEMA),
            "messages": messages,
            "securitySchemes": _SECURITY,
        },
    }


_SECURITY: Final[dict[str, Schema]] = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "A session's token in the handshake's Authorization header.",
    },
    "cookie": {
        "type": "httpApiKey",
        "name": "hubbub_session",
        "in": "cookie",
        "description": "A browser's session, from pages of the server's own origin and allowed ones.",
    },
}


def _messages() -> dict[str, Schema]:
    messages: dict[str, Schema] = {}
    for union in ("Command", "Event", "Signal"):
        for struct in UNIONS[union]:
            messages[struct.__name__] = _message(struct)
    for struct in REPLY_OF.values():
        messages[_reply_name(struct)] = _reply(struct)
    messages[_REFUSED] = {
        "name": "reply",
        "title": _REFUSED,
        "summary": "The command was refused.",
        "correlationId": _CORRELATION,
        "payload": {"$ref": _SCHEMA.format(name="ReplyError")},
        "examples": [{"payload": {"type": "reply", "ref": 7, "error": _refusal()}}],
    }
    return messages


_CORRELATION: Final[Schema] = {
    "description": "The client's number or string; the reply carries the command's.",
    "location": "$message.payload#/ref",
}


def _refusal() -> Schema:
    error = UnknownRoom()
    return {"code": error.code, "message": error.message, "retryable": error.retryable}


def _message(struct: type[Struct]) -> Schema:
    message: Schema = {
        "name": tag_of(struct),
        "title": struct.__name__,
        **_about(struct),
        "payload": {"$ref": _SCHEMA.format(name=struct.__name__)},
        "examples": [{"payload": msgspec.to_builtins(example_of(struct))}],
    }
    if struct in REPLY_OF:
        message["correlationId"] = _CORRELATION
    return message


def _reply(struct: type[Struct]) -> Schema:
    example = {"type": "reply", "ref": 7, "ok": msgspec.to_builtins(example_of(struct))}
    return {
        "name": "reply",
        "title": _reply_name(struct),
        **_about(struct),
        "correlationId": _CORRELATION,
        "payload": {
            "type": "object",
            "required": ["type", "ref", "ok"],
            "properties": {
                "type": {"type": "string", "enum": ["reply"]},
                "ref": {"type": ["integer", "string"]},
                "ok": {"$ref": _SCHEMA.format(name=struct.__name__)},
            },
        },
        "examples": [{"payload": example}],
    }


def _reply_name(struct: type[Struct]) -> str:
    return f"Reply{struct.__name__}"


def _about(struct: type[Struct]) -> Schema:
    """The docstring: its first sentence as the summary, all of it as the description."""
    text = docstring(struct)
    if not text:
        return {}
    first = re.match(r"[^\n]*?[.:;](?=\s|$)", text)
    summary = first[0].rstrip(".:;") + "." if first else text.splitlines()[0]
    return {"summary": summary} if summary == text else {"summary": summary, "description": text}


def _operations() -> dict[str, Schema]:
    operations: dict[str, Schema] = {}
    for command, reply in REPLY_OF.items():
        operations[tag_of(command)] = {
            "action": "receive",
            "channel": {"$ref": _CHANNEL},
            **_about(command),
            "messages": [_channel_message(command.__name__)],
            "reply": {
                "channel": {"$ref": _CHANNEL},
                "messages": [_channel_message(_reply_name(reply)), _channel_message(_REFUSED)],
            },
        }
    for union, summary in (("Event", "Entries of a room's log."), ("Signal", "What passes without a trace.")):
        operations[f"{union.lower()}s"] = {
            "action": "send",
            "channel": {"$ref": _CHANNEL},
            "summary": summary,
            "messages": [_channel_message(struct.__name__) for struct in UNIONS[union]],
        }
    return operations


def _channel_message(name: str) -> dict[str, Any]:
    return {"$ref": f"{_CHANNEL}/messages/{name}"}
