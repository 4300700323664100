"""Strings that JavaScript has cut in the middle of a character: U+FFFD in its place, on every wire."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubbub.http.body import decode_body
from hubbub.realtime import VocabularyCodec
from hubbub.toolkit.events import Answer, Event, EventCodec
from hubbub.vocabulary import Command
from hubbub.vocabulary.keys import FIELD_KEYS, TYPE_KEYS
from hubbub.wire import CommandError, socketio
from hubbub.wire.engineio import PacketError
from hubbub.wire.socketio_binary import Assembler
from hubbub.wire.surrogates import decode_json, repair_json, repair_msgpack

from .vocabulary import Told

chat = VocabularyCodec(Command, FIELD_KEYS, TYPE_KEYS)
events = EventCodec()

# what makes a string hard: halves, pairs, and backslashes in front of what looks like an escape
units = st.sampled_from(
    ["\ud83d", "\ude00", "\ud83d\ude00", "\udbff", "\udfff", "\\", "\\ud83d", '"', "\n", "\x00", "u"]
)
texts = st.lists(units | st.text(max_size=3), max_size=8).map("".join)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)


def well_formed(text: str) -> str:
    """What JavaScript's `toWellFormed` makes of it."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def in_unicode(value: Any) -> Any:
    if isinstance(value, str):
        return well_formed(value)
    if isinstance(value, list):
        return [in_unicode(item) for item in value]
    if isinstance(value, dict):
        return {well_formed(key): in_unicode(item) for key, item in value.items()}
    return value


def packed(text: str) -> bytes:
    """A MessagePack string as an encoder in JavaScript writes it that does not look at surrogates."""
    joined = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
    data = joined.encode("utf-8", "surrogatepass")
    if len(data) < 32:
        return bytes([0xA0 | len(data)]) + data
    return b"\xda" + len(data).to_bytes(2, "big") + data


@given(json_values, st.booleans())
def test_any_json_is_read_with_replacements_and_pairs_stay_pairs(value: Any, upper: bool) -> None:
    payload = json.dumps(value).encode()
    if upper:
        payload = payload.replace(b"\\ud", b"\\uD")
    assert decode_json(msgspec.json.decode, payload) == in_unicode(json.loads(payload))


@given(texts, texts.map(lambda text: "n" + text[:20]), st.integers(0, 2**53 - 1))
def test_native_json_keeps_ref_and_text(text: str, nonce: str, ref: int) -> None:
    body = {"type": "send", "ref": ref, "room": "a", "text": text, "nonce": nonce}
    command = chat.natives[0].decode(json.dumps(body).encode())
    assert (command.ref, command.text, command.nonce) == (ref, well_formed(text), well_formed(nonce))


@given(texts)
def test_a_wrong_command_is_refused_with_its_ref(text: str) -> None:
    with pytest.raises(CommandError) as caught:
        chat.natives[0].decode(json.dumps({"type": "send", "ref": 7, "room": 1, "text": text}).encode())
    assert (caught.value.error.code, caught.value.ref) == ("bad_field", 7)


@given(texts)
def test_the_compact_wire(text: str) -> None:
    keys = FIELD_KEYS
    head = b"\x85" + bytes([keys["type"], TYPE_KEYS["send"], keys["ref"], 5, keys["room"]]) + b"\xa1a"
    body = bytes([keys["nonce"]]) + packed("\ude00") + bytes([keys["text"]]) + packed(text)
    command = chat.natives[1].decode(head + body)
    assert (command.ref, command.text, command.nonce) == (5, well_formed(text), "\ufffd")


@given(texts, st.integers(0, 99))
def test_socketio_commands(text: str, ack: int) -> None:
    args = json.dumps(["send", {"room": "a", "text": text, "nonce": "n"}])
    command = chat.event(socketio.decode(f"2{ack}{args}".encode()))
    assert (command.ref, command.text) == (ack, well_formed(text))


@given(st.lists(json_values, max_size=3), st.integers(0, 99))
def test_the_toolkit_over_socketio(args: list[Any], ack: int) -> None:
    told = f"{ack}{json.dumps(['echo', *args])}".encode()
    assert events.event(socketio.decode(b"2" + told)) == Event("echo", in_unicode(args), ack)
    answered = socketio.decode(f"3{ack}{json.dumps(args)}".encode())
    assert events.ack(answered) == Answer(ack, in_unicode(args))


@given(st.lists(json_values, max_size=3))
def test_the_toolkit_over_raw_websockets(args: list[Any]) -> None:
    said = json.dumps({"type": "echo", "ref": "r", "args": args}).encode()
    assert events.natives[0].decode(said) == Event("echo", in_unicode(args), "r")


@given(texts)
def test_the_toolkit_over_messagepack(text: str) -> None:
    said = b"\x83" + packed("type") + packed("echo") + packed("ref") + b"\x05" + packed("args")
    binary = b"\xc4\x03\xed\xa0\xbd"  # the same three bytes where they are no text
    assert events.natives[1].decode(said + b"\x92" + packed(text) + binary) == Event(
        "echo", [well_formed(text), b"\xed\xa0\xbd"], 5
    )


@given(texts)
def test_binary_packets_and_credentials(text: str) -> None:
    assembler = Assembler(attachments_max=1, bytes_max=10)
    head = json.dumps(["x", text, {"_placeholder": True, "num": 0}])
    assembler.begin(socketio.decode(f"51-{head}".encode()))
    whole = assembler.attach(b"b")
    assert whole is not None
    assert whole.args == ["x", well_formed(text), b"b"]
    auth = socketio.connect_auth(socketio.decode(b"0" + json.dumps({"token": text}).encode()))
    assert auth == {"token": well_formed(text)}


@given(texts)
def test_bodies_of_requests(text: str) -> None:
    body = json.dumps({"type": "told", "room": "a", "text": text}).encode()
    assert decode_body(body, Told) == Told(room="a", text=well_formed(text))


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b'"\\\\ud83d"',
        b'"\\ud83d\\ude00"',
        b'"\\ud8',
        b'"\\ud8zz"',
        b'"\\ud83d\0',
        b"\\u",
        "ü".encode(),
        b'"\\u00e4"',
    ],
)
def test_what_has_no_lone_surrogate_is_not_touched(payload: bytes) -> None:
    assert repair_json(payload) is None


@pytest.mark.parametrize(
    ("payload", "repaired"),
    [
        (b"\xa3\xed\xa0\xbd", b"\xa3\xef\xbf\xbd"),
        (b"\xd9\x03\xed\xa0\xbd\xc0", b"\xd9\x03\xef\xbf\xbd\xc0"),
        (b"\xdb\x00\x00\x00\x03\xed\xb0\x80", b"\xdb\x00\x00\x00\x03\xef\xbf\xbd"),
        (b"\xc4\x03\xed\xa0\xbd", None),
        (b"\xc7\x03\x01\xed\xa0\xbd\xc0", None),
        (b"\xce\xed\xa0\xbd\x00", None),
        (b"\xd9", None),
        (b"\xa9\xed\xa0\xbd", b"\xa9\xef\xbf\xbd"),  # cut off: the decoder says so
        (b"\xdb\xff\xff\xff\xff\xed\xa0\xbd", b"\xdb\xff\xff\xff\xff\xef\xbf\xbd"),
    ],
)
def test_only_the_strings_of_a_message_are_repaired(payload: bytes, repaired: bytes | None) -> None:
    assert repair_msgpack(payload) == repaired


def test_no_message_costs_more_than_a_few_thousand_looks() -> None:
    values = 4000
    assert repair_msgpack(b"\xdd\xff" + b"\xa1a" * values + b"\xa3\xed\xa0\xbd") is not None
    assert repair_msgpack(b"\xdd\xff" + b"\xa1a" * 10 * values + b"\xa3\xed\xa0\xbd") is None


@given(st.binary() | st.lists(st.sampled_from([b"\xed\xa0\xbd", b"\xa3", b"\xc4\x03", b"\xdb\0\0"])).map(b"".join))
def test_any_bytes_keep_their_length(payload: bytes) -> None:
    repaired = repair_msgpack(payload)
    assert repaired is None or len(repaired) == len(payload)


def test_what_is_wrong_after_all_is_refused_by_each_wire() -> None:
    for payload in (b'{"type":5,"ref":3,"args":"\\ud83d"}', b'{"type":5,"ref":3}'):
        with pytest.raises(CommandError) as caught:
            events.natives[0].decode(payload)
        assert (caught.value.error.code, caught.value.ref) == ("bad_field", 3)
    with pytest.raises(CommandError) as caught:
        events.natives[1].decode(b"\x81" + packed("type") + b"\x92" + packed("\ud83d"))
    assert caught.value.error.code == "bad_field"
    with pytest.raises(CommandError):
        chat.natives[1].decode(b"\x82\x00" + packed("\ud83d"))
    with pytest.raises(PacketError):
        events.event(socketio.decode(b'2["\\ud83d"'))
