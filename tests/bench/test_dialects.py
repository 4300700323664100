"""What the generator says is understood, and what it counts stands where it should, exactly once."""

from __future__ import annotations

import json

import pytest

from hubbub.bench.dialects import DELIVERY, DIALECTS, REPLY, Member
from hubbub.bench.frames import Masker
from hubbub.vocabulary import Command, Join, Message, RoomId, Send, Sent, UserName
from hubbub.wire import NativeJson
from hubbub.wire.websocket import Decoder

MEMBER = Member(7, "t0ken", ("first", "second"), sends=True)
WIRE = NativeJson(Command)


def said(name: str, stamp: int = 42) -> list[str]:
    """The payloads of one message to each room."""
    masker = Masker()
    templates = [masker.template(text) for text in DIALECTS[name].templates(MEMBER, masker, 64)]
    data = b"".join(template.frame(stamp) for template in templates)
    return [bytes(payload).decode() for _, payload in Decoder(65536).feed(data)]


def payloads(frames: bytes) -> list[str]:
    return [bytes(payload).decode() for _, payload in Decoder(65536).feed(frames)]


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
    assert (event.count(DELIVERY), event.count(REPLY)) == (1, 0)
    assert (reply.count(DELIVERY), reply.count(REPLY)) == (0, 1)


def test_native_joins_every_room_before_it_is_ready() -> None:
    masker = Masker()
    steps = DIALECTS["native"].greeting(MEMBER, masker)
    joins = [WIRE.decode(text.encode()) for text in payloads(steps[0].answer)]
    assert all(isinstance(join, Join) for join in joins)
    assert [join.room for join in joins] == ["first", "second"]
    assert [step.expect for step in steps[1:]] == [b'"ref":%d,"ok"' % join.ref for join in joins]
    assert b"Authorization: Bearer t0ken\r\n" in DIALECTS["native"].opening(MEMBER)


def test_socketio_connects_with_the_token_and_joins_every_room() -> None:
    steps = DIALECTS["socketio"].greeting(MEMBER, Masker())
    assert payloads(steps[0].answer) == ['40{"token":"t0ken"}']
    assert payloads(steps[1].answer) == ['420["join",{"room":"first"}]', '421["join",{"room":"second"}]']
    name, body = json.loads(said("socketio")[1].removeprefix("427"))
    assert (name, body["room"], len(body["text"])) == ("send", "second", 64)


@pytest.mark.parametrize("name", ["plain", "peer-socketio"])
def test_peers_get_the_text_alone(name: str) -> None:
    text = said(name)[0]
    assert text.count("|") == 1
    assert len(text.removeprefix('42["msg","').removesuffix('"]')) == 64
