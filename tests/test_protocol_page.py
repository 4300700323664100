"""docs/protocol.md is true: its examples decode, its tables are those of the source."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hubbub.errors import CloseCode, ErrorBody
from hubbub.vocabulary import Command, Event, Joined, Signal
from hubbub.vocabulary.declaration import tag_of
from hubbub.vocabulary.describe.schema import REPLY_OF, UNIONS, error_types
from hubbub.vocabulary.keys import FIELD_KEYS, TYPE_KEYS
from hubbub.wire import CommandError, EventDecoder, NativeJson, engineio, socketio
from hubbub.wire.compact import NativeMessagePack
from hubbub.wire.engineio import Refusal

PAGE = (Path(__file__).parent.parent / "docs" / "protocol.md").read_text(encoding="utf-8")
BLOCKS = [
    block.splitlines()
    for language, block in re.findall(r"^```(\w*)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    if not language
]
NATIVE = [lines for lines in BLOCKS if not any(line[2].isdigit() for line in lines)]
SOCKETIO = [lines for lines in BLOCKS if lines not in NATIVE]

wire = NativeJson(Command)
events = EventDecoder(Command)
pushed = msgspec.json.Decoder(Event | Signal)


def table(heading: str) -> list[list[str]]:
    """The rows of the first table after a heading that begins with these words."""
    section = PAGE.split(heading, 1)[1]
    rows = re.search(r"\| --- .*\n((?:\|.*\n)+)", section)
    assert rows is not None
    return [[cell.strip() for cell in row.strip("|").split(" | ")] for row in rows[1].splitlines()]


def check_answer(body: dict[str, Any], asked: Any) -> None:
    """`asked`: the command, or the error that it must get."""
    if "ok" in body:
        msgspec.convert(body["ok"], REPLY_OF[type(asked)], strict=True)
        assert msgspec.to_builtins(msgspec.convert(body["ok"], REPLY_OF[type(asked)])) == body["ok"]
        return
    error = msgspec.convert(body["error"], ErrorBody)
    known = {kind.code: kind for kind in error_types()}[error.code]
    assert error.retryable == known.retryable
    if isinstance(asked, CommandError):
        assert (error.code, error.message) == (asked.error.code, asked.error.message)


def command(text: str) -> Any:
    try:
        return wire.decode(text.encode())
    except CommandError as refusal:
        return refusal


@pytest.mark.parametrize("lines", NATIVE, ids=lambda lines: lines[0][:40])
def test_native_examples_decode_and_replies_fit_their_commands(lines: list[str]) -> None:
    asked: dict[Any, Any] = {}
    for line in lines:
        arrow, text = line[0], line[2:]
        if arrow == "→":
            sent = command(text)
            asked[sent.ref] = sent
        elif (body := json.loads(text))["type"] == "reply":
            check_answer(body, asked[body["ref"]])
        else:
            assert msgspec.to_builtins(pushed.decode(text)) == body, "defaults are omitted"


@pytest.mark.parametrize("lines", SOCKETIO, ids=lambda lines: lines[0][:40])
def test_socketio_examples_decode_and_acknowledgements_fit_their_commands(lines: list[str]) -> None:
    asked: dict[int | None, Any] = {}
    for line in lines:
        packet = engineio.decode(line[2:].encode())
        if packet.type is not engineio.PacketType.MESSAGE:
            continue
        found = socketio.decode(packet.data)
        data = json.loads(found.data or b"null")
        if found.type is socketio.PacketType.ACK:
            check_answer(data[0], asked[found.id])
        elif found.type is socketio.PacketType.EVENT and line[0] == "→":
            try:
                asked[found.id] = events.decode(found.data or b"", found.id)
            except CommandError as refusal:
                asked[found.id] = refusal
        elif found.type is socketio.PacketType.EVENT and data[0] == "reply":
            check_answer(data[1], asked[data[1]["ref"]])
        elif found.type is socketio.PacketType.EVENT:
            pushed.decode(json.dumps({"type": data[0], **data[1]}))
        else:
            assert found.type is socketio.PacketType.CONNECT


def test_everything_has_an_example() -> None:
    shown = {json.loads(line[2:])["type"] for lines in NATIVE for line in lines if line[2] == "{"}
    assert {tag_of(struct) for union in ("Command", "Event", "Signal") for struct in UNIONS[union]} <= shown
    assert SOCKETIO
    for struct in UNIONS["Command"]:
        assert f"\n#### {tag_of(struct)}\n" in PAGE


def test_the_table_of_errors() -> None:
    assert table("### Errors") == [
        [f"`{error.code}`", "yes" if error.retryable else "no", error.message] for error in error_types()
    ]


def test_the_table_of_close_codes() -> None:
    assert [(row[0], row[1]) for row in table("### Closing")] == [
        (str(code.value), code.name.lower().replace("_", " ")) for code in CloseCode
    ]


def test_the_table_of_engineio_refusals() -> None:
    assert table("Over HTTP, a request") == [
        [str(refusal.code), str(refusal.status), refusal.message] for refusal in Refusal
    ]


def test_the_example_of_the_compact_wire() -> None:
    section = PAGE.split("### The compact wire", 1)[1].split("### ", 1)[0]
    compact = NativeMessagePack(Command, FIELD_KEYS, TYPE_KEYS)
    asked, answer = (bytes.fromhex(line) for line in re.findall(r"^[→←] ([0-9a-f ]+)$", section, re.MULTILINE))
    join = compact.decode(asked)
    assert join == command('{"type":"join","ref":2,"room":"general"}')
    assert answer == compact.encode_reply(join.ref, Joined(join.room, head=42, read=40, unread=2))
