"""What the generator says is understood, and what it counts stands where it should, exactly once."""

from __future__ import annotations

import json

import msgspec
import pytest

from hubbub.bench.dialects import DIALECTS, Member
from hubbub.bench.frames import Masker
from hubbub.vocabulary import Command, Join, Message, RoomId, Send, Sent, UserName
from hubbub.vocabulary.keys import FIELD_KEYS, TYPE_KEYS
from hubbub.wire import NativeJson
from hubbub.wire.compact import NativeMessagePack
from hubbub.wire.websocket import Decoder

MEMBER = Member(7, "t0ken", ("first", "second"), sends=True)
WIRE = NativeJson(Command)
COMPACT = NativeMessagePack(Command, FIELD_KEYS, TYPE_KEYS)


def said(name: str, stamp: int = 42) -> list[str]:
    """The payloads of one message to each room."""
    return [payload.decode() for payload in packed(name, stamp)]


def packed(name: str, stamp: int = 42) -> list[bytes]:
    """The same, undecoded."""
    dialect, masker = DIALECTS[name], Masker()
    templates = [masker.template(text, dialect.opcode) for text in dialect.templates(MEMBER, 64)]
    data = b"".join(template.frame(stamp) for template in templates)
    received = list(Decoder(65536).feed(data))
    assert {opcode for opcode, _ in received} == {dialect.opcode}
    return [bytes(payload) for _, payload in received]


def test_native_messages_are_sends_with_a_nonce_of_their_own() -> None:
    commands = [WIRE.decode(text.encode()) for text in (*said("native", 1), *said("native", 2))]
    assert all(isinstance(command, Send) for command in commands)
    assert [command.room for command in commands] == ["first", "second"] * 2
    assert len({(command.room, command.nonce) for command in commands}) == 4
    assert {len(command.text) for command in commands} == {64}


def test_native_events_and_replies_have_one_mark() -> None:
    command = WIRE.decode(said("native")[0].encode())
    event = WIRE.encode(Message(RoomId("first"), 1, UserName("u00007"), 1_790_000_000_000, command.text))
    reply = WIRE.encode_reply(command.ref, Sent(1, 1_790_000_000_000))
    assert marks("native", event) == (1, 0)
    assert marks("native", reply) == (0, 1)


def marks(name: str, data: bytes) -> tuple[int, int]:
    return data.count(DIALECTS[name].delivery), data.count(DIALECTS[name].reply)


@pytest.mark.parametrize("number", [0x7C, 0x5E, 0x7C30, 0x7C7C7C7C])
def test_compact_messages_are_sends_and_numbers_are_no_marks(number: int) -> None:
    commands = [COMPACT.decode(payload) for payload in (*packed("compact", 1), *packed("compact", 2))]
    assert all(isinstance(command, Send) for command in commands)
    assert [command.room for command in commands] == ["first", "second"] * 2
    assert len({(command.room, command.nonce) for command in commands}) == 4
    assert {len(command.text) for command in commands} == {64}
    event = COMPACT.encode(Message(RoomId("first"), number, UserName("u00007"), number, commands[0].text))
    reply = COMPACT.encode_reply(commands[0].ref, Sent(number, number))
    assert marks("compact", event) == (1, 0)
    assert marks("compact", reply) == (0, 1)


def test_compact_joins_and_knows_the_replies() -> None:
    opened, *ready = DIALECTS["compact"].greeting(MEMBER)
    joins = [COMPACT.decode(payload) for payload in opened.say]
    assert [(type(join), join.room) for join in joins] == [(Join, "first"), (Join, "second")]
    for step, join in zip(ready, joins, strict=True):
        assert step.expect in COMPACT.encode_reply(join.ref, Sent(1, 2))
    assert b"Sec-WebSocket-Protocol: hubbub.v1.msgpack\r\n" in DIALECTS["compact"].opening(MEMBER)


def test_native_joins_every_room_before_it_is_ready() -> None:
    steps = DIALECTS["native"].greeting(MEMBER)
    joins = [WIRE.decode(payload) for payload in steps[0].say]
    assert all(isinstance(join, Join) for join in joins)
    assert [join.room for join in joins] == ["first", "second"]
    assert [step.expect for step in steps[1:]] == [b'"ref":%d,"ok"' % join.ref for join in joins]
    assert b"Authorization: Bearer t0ken\r\n" in DIALECTS["native"].opening(MEMBER)


def test_socketio_connects_with_the_token_and_joins_every_room() -> None:
    steps = DIALECTS["socketio"].greeting(MEMBER)
    assert steps[0].say == (b'40{"token":"t0ken"}',)
    assert steps[1].say == (b'420["join",{"room":"first"}]', b'421["join",{"room":"second"}]')
    name, body = json.loads(said("socketio")[1].removeprefix("427"))
    assert (name, body["room"], len(body["text"])) == ("send", "second", 64)


def test_a_cursor_is_answered_by_what_follows_it() -> None:
    member = msgspec.structs.replace(MEMBER, rooms=("first",), since=7)
    opened, *ready = DIALECTS["native"].greeting(member)
    assert WIRE.decode(opened.say[0]).since == 7
    assert [step.expect for step in ready] == [b'"ref":0,"ok"', b'"seq":8,']


def test_the_floor_gets_the_text_alone() -> None:
    assert [(text.count("|"), len(text)) for text in said("plain")] == [(1, 64)] * 2


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [("peer", "", ""), ("peer-socketio", '42["send",', "]"), ("toolkit", '{"type":"send","args":[', "]}")],
)
def test_peers_get_room_and_text_and_know_the_name(name: str, before: str, after: str) -> None:
    said_in = json.loads(said(name)[1].removeprefix(before).removesuffix(after))
    assert (said_in["room"], len(said_in["text"])) == ("second", 64)
    assert b"name=u00007" in DIALECTS[name].opening(MEMBER).split(b" HTTP/1.1")[0]
