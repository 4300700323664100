"""The server demands what the OpenAPI document says, and takes what it says: each input, each operation."""

from __future__ import annotations

import itertools
import json
import re
from typing import Any, Final

import httpx
import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from hubbub.http.api import OPERATIONS
from hubbub.http.openapi import openapi_document
from hubbub.http.operation import Nothing, Operation

DOCUMENT: Final = openapi_document("1.2.3")
MALFORMED: Final = {"bad_field", "bad_name", "weak_password", "text_empty", "text_too_long", "bad_json"}
"""Codes that say that an input is not what it has to be, whatever else is the case."""

SOUND: Final[dict[str, Any]] = {
    "name": "ada", "password": "correct horse", "old": "correct horse", "new": "battery staple",
    "room": "general", "text": "hello", "nonce": "n", "seq": 0, "signup": "open",
}  # fmt: skip
"""A value for every field that has to be there."""

TEXTS: Final = ["", " ", "-", "_", "a", "A", "a.b-c", "a b", "ä", "😀" * 40, "a\nb", "a\0b"]
"""Blanks around a display name are dropped, whatever they are: none here."""

LENGTHS: Final = (32, 33, 64, 65)  # those of the patterns; others stand in the schema
OTHERS: Final[list[Any]] = [None, True, 0, -1, 1.5, 2**53 - 1, 2**53, [], {}, "open", "shut", "5"]
IN_A_QUERY: Final = [
    "",
    "0",
    "1",
    "-1",
    "200",
    "201",
    "5.0",
    "1e1",
    "05",
    "+5",
    " 5",
    "null",
    "NULL",
    "true",
    "none",
    "٥",
]


def fields() -> list[tuple[Operation[Any], str]]:
    """Every field of every body."""
    return [
        (operation, name)
        for operation in OPERATIONS
        if operation.has_body
        for name in DOCUMENT["components"]["schemas"][operation.input.__name__]["properties"]
    ]


def parameters() -> list[tuple[Operation[Any], str]]:
    """Every parameter of every query."""
    return [
        (operation, entry["name"])
        for operation in OPERATIONS
        if operation.input is not Nothing and not operation.has_body
        for entry in described(operation)["parameters"]
        if entry["in"] == "query"
    ]


def described(operation: Operation[Any]) -> dict[str, Any]:
    found: dict[str, Any] = DOCUMENT["paths"][operation.path][operation.method.lower()]
    return found


def is_malformed(answer: httpx.Response) -> bool:
    assert answer.status_code < 500, answer.text
    return answer.status_code == 400 and answer.json()["error"]["code"] in MALFORMED


def path_of(operation: Operation[Any]) -> str:
    return operation.path.format(room="general", id="unknown", seq=3, emoji="👍")


@pytest.mark.parametrize(("operation", "field"), fields(), ids=lambda part: getattr(part, "name", part))
async def test_a_body_is_taken_if_and_only_if_it_is_as_described(
    ada: httpx.AsyncClient, operation: Operation[Any], field: str
) -> None:
    await ada.post("/api/v1/rooms", json={"room": "general"})
    schema = DOCUMENT["components"]["schemas"][operation.input.__name__]
    validator = Draft202012Validator({**schema, "components": DOCUMENT["components"]})
    required = {name: SOUND[name] for name in schema.get("required", [])}
    numbers = itertools.count()
    properties = schema["properties"][field]
    ends = [
        length + more
        for length in (properties.get("minLength", 1), properties.get("maxLength", 1))
        for more in (-1, 0, 1)
    ]
    for value in [*TEXTS, *OTHERS, *("a" * length for length in (*LENGTHS, *ends))]:
        if "new" in required and field != "old":  # each change makes another password the old one
            required["old"] = "wrong"
        body = {**required, field: value}
        if "nonce" in body and field != "nonce":
            body["nonce"] = str(next(numbers))
        answer = await ada.request(operation.method, path_of(operation), json=body)
        assert is_malformed(answer) is not validator.is_valid(body), (value, answer.text)


@pytest.mark.parametrize(("operation", "name"), parameters(), ids=lambda part: getattr(part, "name", part))
async def test_a_query_is_taken_if_and_only_if_it_is_as_described(
    ada: httpx.AsyncClient, operation: Operation[Any], name: str
) -> None:
    await ada.post("/api/v1/rooms", json={"room": "general"})
    entries = {entry["name"]: entry for entry in described(operation)["parameters"] if entry["in"] == "query"}
    schema = entries[name]["schema"]
    others = {other: SOUND[other] for other, entry in entries.items() if entry["required"] and other != name}
    validator = Draft202012Validator(schema)
    for text in IN_A_QUERY:
        whole = re.fullmatch(r"-?(0|[1-9][0-9]*)", text, re.ASCII)
        value: Any = text if schema["type"] != "integer" else json.loads(text) if whole else None
        answer = await ada.request(operation.method, path_of(operation), params={**others, name: text})
        assert is_malformed(answer) is not validator.is_valid(value), (text, answer.text)
    for query in (f"{name}=1&{name}=1", "unknown=1"):
        assert is_malformed(await ada.request(operation.method, f"{path_of(operation)}?{query}"))
