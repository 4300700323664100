"""A vocabulary over Socket.IO: events in; acknowledgements and events out."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from msgspec import Struct

from hubbub.errors import BadField, BadJson, HubbubError, UnknownCommand, UnknownRoom
from hubbub.vocabulary import Command, Message
from hubbub.wire import CommandError, EventDecoder, socketio
from hubbub.wire.engineio import PacketError
from hubbub.wire.socketio_events import ack_packet, encode_ok, encode_refusal, event_packet

from .strategies import vocabulary_events
from .vocabulary import Answer, Ask, Commands, Idle, Quiet, Told

events = EventDecoder(Commands)
chat = EventDecoder(Command)


def decoded(packet: bytes, by: EventDecoder = events) -> Any:
    """The command in a whole packet."""
    found = socketio.decode(packet)
    assert found.data is not None
    return by.decode(found.data, found.id)


@pytest.mark.parametrize(
    ("packet", "command"),
    [
        (b'2["ask",{"room":"a","text":"hi"}]', Ask(room="a", text="hi")),
        (b'221["ask",{"room":"a","text":"hi"}]', Ask(room="a", text="hi", ref=21)),
        (b'20["ask",{"room":"a","text":"hi"}]', Ask(room="a", text="hi", ref=0)),
        (b'27["ask",{"room":"a","text":"hi","ref":"mine"}]', Ask(room="a", text="hi", ref=7)),
        (b'2["ask",{"room":"a","text":"hi","ref":"mine"}]', Ask(room="a", text="hi")),
        (b'27["ask",{"type":"ask","room":"a","text":"hi"}]', Ask(room="a", text="hi", ref=7)),
        (b'27["ask", {"room":"a","text":"hi"} ]', Ask(room="a", text="hi", ref=7)),
        (b'27["idle",{}]', Idle(ref=7)),
    ],
)
def test_an_event_becomes_its_command(packet: bytes, command: Struct) -> None:
    assert decoded(packet) == command


@pytest.mark.parametrize(
    "packet",
    [
        b'27["idle"]',
        b'27["idle",null]',
        b'27[ "idle" , {} ]',
        b'27["\\u0069dle",{}]',
        b'27["idle",{}] ',
        b'2/,7["idle"]',
    ],
)
def test_unusual_spellings_mean_the_same(packet: bytes) -> None:
    assert decoded(packet) == Idle(ref=7)


@pytest.mark.parametrize(
    ("args", "error", "message"),
    [
        (b'["nope"]', UnknownCommand, UnknownCommand.message),
        (b'["nope",{}]', UnknownCommand, UnknownCommand.message),
        (b"[1]", UnknownCommand, UnknownCommand.message),
        (b"[1.5,{}]", UnknownCommand, UnknownCommand.message),
        (b'["connect",{}]', UnknownCommand, UnknownCommand.message),
        (b'["ask"]', BadField, "The field 'room' is missing."),
        (b'["ask",null]', BadField, "The field 'room' is missing."),
        (b'["ask",{"room":1}]', BadField, "The field 'room' must be a string."),
        (
            b'["ask",{"type":"idle","room":"a","text":"a"}]',
            BadField,
            "The field 'type' has a value that is not allowed.",
        ),
        (b'["ask","hello"]', BadField, BadField.message),
        (b'["ask",{"room":"a","text":"a"},{}]', BadField, "An event of this server has one object as its argument."),
        (b'["ask",{"room":"\xff","text":"a"}]', BadJson, BadJson.message),
    ],
)
def test_a_command_that_is_not_understood_is_answered(args: bytes, error: type[HubbubError], message: str) -> None:
    with pytest.raises(CommandError) as caught:
        events.decode(args, 7)
    assert type(caught.value.error) is error
    assert caught.value.error.message == message
    assert caught.value.ref == 7


@pytest.mark.parametrize(
    "args",
    [
        b"",
        b"[]",
        b"{}",
        b"[null]",
        b"[[]]",
        b"[{}]",
        b"[true]",
        b'["idle"',
        b'["idle",]',
        b'["idle",{}]x',
        b'["\\ud800"',
        b"[" * 100_000,
    ],
)
def test_what_is_no_event_breaks_the_protocol(args: bytes) -> None:
    with pytest.raises(PacketError):
        events.decode(args, 7)


def test_a_command_needs_a_ref() -> None:
    with pytest.raises(TypeError, match="ref"):
        EventDecoder(Told)
    with pytest.raises(TypeError, match="tagged"):
        EventDecoder(int)


def test_an_event_is_framed_without_touching_its_json() -> None:
    assert event_packet(b'{"type":"message","room":"a","n":[1]}') == b'2["message",{"room":"a","n":[1]}]'
    assert event_packet(b'{"type":"quiet"}') == b'2["quiet",{}]'


@given(st.text(), st.text())
def test_every_event_keeps_its_body(room: str, text: str) -> None:
    for body in (Told(room=room, text=text), Quiet(), Message(room=room, seq=1, sender="ada", ts=1, text=text)):  # type: ignore[arg-type]
        packet = socketio.decode(event_packet(msgspec.json.encode(body)))
        assert packet.data is not None
        name, rest = json.loads(packet.data)
        assert {"type": name, **rest} == msgspec.to_builtins(body)


def test_acknowledgements() -> None:
    assert ack_packet(3, b'{"ok":{}}') == b'33[{"ok":{}}]'
    assert encode_ok(21, Answer(number=4)) == b'321[{"ok":{"number":4}}]'
    refusal = socketio.decode(encode_refusal(21, UnknownRoom()))
    assert (refusal.type, refusal.id) == (socketio.PacketType.ACK, 21)
    assert json.loads(refusal.data or b"") == [
        {"error": {"code": "unknown_room", "message": UnknownRoom.message, "retryable": False}}
    ]


def test_a_refusal_without_an_acknowledgement_is_an_event() -> None:
    packet = socketio.decode(encode_refusal(None, UnknownRoom()))
    assert (packet.type, packet.id) == (socketio.PacketType.EVENT, None)
    name, body = json.loads(packet.data or b"")
    assert name == "reply"
    assert body["ref"] is None
    assert body["error"]["code"] == "unknown_room"


def outcome(decode: Callable[[bytes, int | None], Any], args: bytes, ack: int | None) -> Any:
    """The command, or what is wrong."""
    try:
        return decode(args, ack)
    except CommandError as refusal:
        return refusal.error.code, refusal.error.message, refusal.ref
    except PacketError as broken:
        return str(broken)


@given(vocabulary_events | st.binary(), st.integers(0, 20) | st.none())
@example(b'idle"', None)
@example(b'["idle",{},{}]', 1)
@example(b'["idle",{}', 1)
@example(b'  idle",{}]', 1)
def test_the_hot_path_means_what_the_general_one_means(args: bytes, ack: int | None) -> None:
    assert outcome(events.decode, args, ack) == outcome(events._decode, args, ack)


@given(st.binary())
def test_arbitrary_arguments_are_a_command_or_refused(args: bytes) -> None:
    for candidate in (args, b'["send",' + args + b"]", b'["rooms",{"ref":' + args + b"}]"):
        try:
            chat.decode(candidate, 1)
        except (CommandError, PacketError):
            continue
