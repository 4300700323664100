"""The native JSON wire: commands in; replies, events and signals out."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubbub.errors import BadField, BadJson, HubbubError, UnknownCommand, UnknownRoom
from hubbub.vocabulary import Command, Join, RoomId, Send
from hubbub.wire import CommandError, NativeJson

from .strategies import command_bodies
from .vocabulary import Answer, Ask, Commands, Idle, Quiet, Told

wire = NativeJson(Commands)
chat = NativeJson(Command)


def refused(payload: bytes, by: NativeJson = wire) -> CommandError:
    with pytest.raises(CommandError) as caught:
        by.decode(payload)
    return caught.value


def test_a_command_becomes_its_struct() -> None:
    assert wire.decode(b'{"type":"ask","ref":7,"room":"a","text":"hi"}') == Ask(room="a", text="hi", ref=7)
    assert wire.decode(b'{"type":"idle"}') == Idle()
    assert chat.decode(b'{"type":"join","room":"general","since":41,"ref":"x"}') == Join(
        room=RoomId("general"), since=41, ref="x"
    )


def test_fields_that_nobody_knows_are_ignored() -> None:
    assert wire.decode(b'{"later":{"a":[1]},"type":"idle","ref":1}') == Idle(ref=1)


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_any_buffer_is_read(kind: Any) -> None:
    assert wire.decode(kind(b'{"type":"idle","ref":1}')) == Idle(ref=1)


def test_a_vocabulary_of_one_command_works() -> None:
    assert NativeJson(Idle).decode(b'{"type":"idle"}') == Idle()


@pytest.mark.parametrize(
    ("payload", "error", "ref"),
    [
        (b"", BadJson, None),
        (b"hello", BadJson, None),
        (b"[]", BadJson, None),
        (b"null", BadJson, None),
        (b'"idle"', BadJson, None),
        (b'{"type":"idle","ref":1', BadJson, None),
        (b'{"type":"idle","ref":1} x', BadJson, None),
        (b'{"type":"idle","ref":1}\x00', BadJson, None),
        (b'\xef\xbb\xbf{"type":"idle"}', BadJson, None),
        (b"{}", BadField, None),
        (b'{"ref":5}', BadField, 5),
        (b'{"type":"nope","ref":5}', UnknownCommand, 5),
        (b'{"type":"nope"}', UnknownCommand, None),
        (b'{"type":null,"ref":5}', BadField, 5),
        (b'{"type":7,"ref":5}', BadField, 5),
        (b'{"type":"\\ud800","ref":5}', UnknownCommand, 5),
        (b'{"type":"ask","ref":"r1","room":"a"}', BadField, "r1"),
        (b'{"type":"ask","room":"a","text":1,"ref":2}', BadField, 2),
        (b'{"type":"ask","room":7,"text":"\\udc00","ref":2}', BadField, 2),
        (b'{"type":"ask","room":"a","text":"\\udc00","ref":2', BadJson, None),
        (b'{"type":"ask","room":"a","text":"\xff","ref":2}', BadJson, 2),
        (b'{"type":"idle","ref":1.5}', BadField, None),
        (b'{"type":"idle","ref":true}', BadField, None),
        (b'{"type":"idle","ref":[1]}', BadField, None),
        (b'{"type":"nope","ref":null}', UnknownCommand, None),
        (b'{"type":"nope","ref":9007199254740991}', UnknownCommand, 9007199254740991),
        (b'{"type":"nope","ref":9007199254740992}', UnknownCommand, None),
        (b'{"type":"nope","ref":-9007199254740992}', UnknownCommand, None),
        (b'{"type":"nope","ref":' + b"9" * 5000 + b"}", UnknownCommand, None),
        (b'{"type":"nope","ref":"' + b"r" * 64 + b'"}', UnknownCommand, "r" * 64),
        (b'{"type":"nope","ref":"' + b"r" * 65 + b'"}', UnknownCommand, None),
        (b'{"type":"idle","type":"ask","ref":3}', BadField, 3),
        (b'{"type":"idle","x":' + b"[" * 100_000 + b"]" * 100_000 + b"}", BadJson, None),
        (b'{"a":' * 20_000 + b"1" + b"}" * 20_000, BadJson, None),
        (b"[" * 100_000, BadJson, None),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_what_is_no_command_is_refused_with_the_ref_if_it_can_be_read(
    payload: bytes, error: type[HubbubError], ref: int | str | None
) -> None:
    found = refused(payload)
    assert type(found.error) is error
    assert found.ref == ref


def test_the_message_names_the_field_and_not_the_library() -> None:
    assert refused(b'{"type":"ask","room":1,"text":"a"}').error.message == "The field 'room' must be a string."
    assert refused(b"{}").error.message == "The field 'type' is missing."
    assert refused(b'{"type":[]}').error.message == "The field 'type' must be a string."


def test_of_a_repeated_field_the_last_one_counts() -> None:
    assert wire.decode(b'{"type":"idle","ref":1,"ref":2}') == Idle(ref=2)


def test_nul_and_every_other_character_pass_in_a_string() -> None:
    text = "\x00\x1e\u2028\U0001f600"
    payload = json.dumps({"type": "send", "room": "a", "text": text, "nonce": "n"}).encode()
    assert chat.decode(payload) == Send(room=RoomId("a"), text=text, nonce="n")


@pytest.mark.parametrize("number", [b"-1", b"9007199254740992", b"1" * 30, b"1e3", b"0.5"])
def test_a_seq_that_no_log_can_hold_is_refused(number: bytes) -> None:
    found = refused(b'{"type":"read","room":"a","ref":1,"seq":' + number + b"}", chat)
    assert isinstance(found.error, BadField)
    assert "'seq'" in found.error.message
    assert found.ref == 1


def test_a_reply_carries_the_ref_and_the_body() -> None:
    assert wire.encode_reply(7, Answer(number=1)) == b'{"type":"reply","ref":7,"ok":{"number":1}}'
    assert wire.encode_reply('a"b', Answer(number=1)) == b'{"type":"reply","ref":"a\\"b","ok":{"number":1}}'


def test_a_refusal_carries_the_code() -> None:
    expected = {"code": "unknown_room", "message": UnknownRoom.message, "retryable": False}
    for ref in (7, "x", None):
        assert msgspec.json.decode(wire.encode_error(ref, UnknownRoom())) == {
            "type": "reply",
            "ref": ref,
            "error": expected,
        }


def test_an_event_begins_with_its_type_and_omits_defaults() -> None:
    assert wire.encode(Told(room="a")) == b'{"type":"told","room":"a"}'
    assert wire.encode(Quiet()) == b'{"type":"quiet"}'


@given(
    room=st.text(),
    text=st.text(min_size=1, max_size=8),
    ref=st.integers(-(2**53) + 1, 2**53 - 1) | st.text(max_size=64),
)
def test_every_command_survives_the_wire(room: str, text: str, ref: int | str) -> None:
    command = Ask(room=room, text=text, ref=ref)
    assert wire.decode(msgspec.json.encode(command)) == command


@given(st.binary())
def test_arbitrary_bytes_are_a_command_or_refused(payload: bytes) -> None:
    try:
        chat.decode(payload)
    except CommandError as refusal:
        chat.encode_error(refusal.ref, refusal.error)


@given(command_bodies, st.booleans())
def test_arbitrary_objects_are_a_command_or_refused_with_their_ref(body: dict[str, Any], spaced: bool) -> None:
    payload = json.dumps(body, indent=1 if spaced else None).encode("utf-8", "surrogatepass")
    ref: Any
    try:
        ref = chat.decode(payload).ref
    except CommandError as refusal:
        ref = refusal.ref
        known = refusal.ref is not None
    else:
        known = True
    assert ref == body.get("ref") or not known
