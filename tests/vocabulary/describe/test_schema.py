"""JSON Schema and AsyncAPI: complete, and true to the Structs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from msgspec import Struct

from hubbub import vocabulary
from hubbub.errors import DataInUse, HubbubError
from hubbub.vocabulary.declaration import tag_of
from hubbub.vocabulary.describe.asyncapi import asyncapi_document
from hubbub.vocabulary.describe.schema import UNIONS, components, error_types, example_of, json_schema_document
from hubbub.wire import NativeJson


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if "$ref" in value:
            yield value["$ref"]
        for item in value.values():
            yield from references(item)
    elif isinstance(value, list):
        for item in value:
            yield from references(item)


def resolve(document: Any, reference: str) -> Any:
    found = document
    for part in reference.removeprefix("#/").split("/"):
        found = found[part]
    return found


@pytest.mark.parametrize("document", [json_schema_document("1.2.3"), asyncapi_document("1.2.3")])
def test_every_reference_leads_somewhere(document: dict[str, object]) -> None:
    found = set(references(document))
    assert found
    for reference in found:
        assert resolve(document, reference)
    assert "1.2.3" in msgspec.json.encode(document).decode()


def test_the_whole_vocabulary_is_described() -> None:
    described = components("{name}")
    structs = {
        name
        for name in vocabulary.__all__
        if isinstance(value := getattr(vocabulary, name), type) and issubclass(value, Struct)
    }
    assert structs - {"CommandBase"} <= described.keys()
    assert {"Command", "Event", "Signal", "Reply", "ReplyFrame", "ServerFrame", "ErrorBody"} <= described.keys()


def test_descriptions_have_no_indentation() -> None:
    for schema in components("{name}").values():
        assert not re.search(r"\n {2,}", schema.get("description", ""))


def test_error_codes_are_those_that_a_client_may_see() -> None:
    found = error_types()
    assert len({error.code for error in found}) == len(found)
    assert DataInUse not in found
    assert HubbubError not in found
    assert "unknown_room" in {error.code for error in found}


def test_every_message_of_the_channel_has_an_operation_and_an_example() -> None:
    document: Any = asyncapi_document("1.0.0")
    wire = NativeJson(vocabulary.Command)
    used = {reference.rsplit("/", 1)[1] for reference in references(document["operations"]) if "messages" in reference}
    assert used == set(document["components"]["messages"]) == set(document["channels"]["native"]["messages"])
    for message in document["components"]["messages"].values():
        assert all(example["payload"]["type"] == message["name"] for example in message["examples"])
    for command in UNIONS["Command"]:
        operation = document["operations"][tag_of(command)]
        assert operation["action"] == "receive"
        example = document["components"]["messages"][command.__name__]["examples"][0]["payload"]
        assert wire.decode(msgspec.json.encode(example)) == example_of(command)
    assert [document["operations"][name]["action"] for name in ("events", "signals")] == ["send", "send"]
