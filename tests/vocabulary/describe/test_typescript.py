"""The TypeScript types of the native wire."""

from __future__ import annotations

import re

from hubbub.errors import CloseCode
from hubbub.vocabulary.describe.schema import UNIONS, error_types
from hubbub.vocabulary.describe.typescript import typescript_module

TEXT = typescript_module()


def declaration(name: str) -> str:
    """Without its comment."""
    for paragraph in TEXT.strip().split("\n\n"):
        start = re.search(rf"^export (?:interface|type|const) {name}\b", paragraph, re.MULTILINE)
        if start is not None:
            return paragraph[start.start() :]
    raise AssertionError(name)


def test_every_struct_and_union_is_declared_once() -> None:
    names = re.findall(r"^export (?:interface|type|const) (\w+)", TEXT, re.MULTILINE)
    assert len(names) == len(set(names))
    for union, members in UNIONS.items():
        for member in members:
            assert f"| {member.__name__}" in declaration(union)
            assert member.__name__ in names


def test_a_field_with_a_default_is_optional_and_says_it() -> None:
    assert declaration("TypingChanged") == (
        "export interface TypingChanged {\n"
        '  type: "typing";\n'
        "  room: string;\n"
        "  user: string;\n"
        "  /** Default: true. */\n"
        "  typing?: boolean;\n"
        "}"
    )


def test_types() -> None:
    assert "events: Event[];" in declaration("EventPage")
    assert "since?: number | null;" in declaration("Join")
    assert "ref?: number | string | null;" in declaration("Join")
    assert "room: string | null;" in declaration("Watch")
    assert "heartbeat_seconds: number;" in declaration("Welcome")
    assert "limits: Limits;" in declaration("Welcome")
    assert "online?: string[];" in declaration("Presence")
    assert declaration("Done") == "export type Done = Record<string, never>;"
    assert "  send: Sent;" in declaration("ReplyOf")


def test_the_fields_of_each_command() -> None:
    fields = declaration("FieldsOf")
    assert "  members: { room: string; after?: string | null | undefined; limit?: number | undefined };\n" in fields
    assert fields.count("\n") == len(UNIONS["Command"]) + 1


def test_comments_are_the_docstrings() -> None:
    assert "/** The first entry of every log. */\nexport interface RoomCreated {" in TEXT
    assert " * Reply: `Joined`. With `since`, every event with a greater `seq` follows the reply" in TEXT


def test_codes() -> None:
    assert all(f'| "{error.code}"' in declaration("ErrorCode") for error in error_types())
    assert all(f"  {code.name}: {code.value}," in declaration("CloseCode") for code in CloseCode)
