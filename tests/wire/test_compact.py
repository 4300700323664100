"""The compact wire: the same vocabulary in fewer bytes."""

from __future__ import annotations

import contextlib
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubbub import vocabulary
from hubbub.errors import BadJson, UnknownRoom
from hubbub.vocabulary import (
    Command,
    Done,
    EventPage,
    Join,
    Limits,
    MemberJoined,
    Message,
    Presence,
    RoomCursor,
    RoomId,
    Rooms,
    Send,
    Sent,
    Subscribe,
    UnknownEvent,
    User,
    UserName,
    Welcome,
)
from hubbub.vocabulary.keys import FIELD_KEYS, TYPE_KEYS
from hubbub.wire.compact import NativeMessagePack, Unpacker
from hubbub.wire.rejection import CommandError
from hubbub.wire.websocket import BINARY, frame

from .strategies import compact_bodies

WIRE = NativeMessagePack(Command, FIELD_KEYS, TYPE_KEYS)
UNPACKER = Unpacker(FIELD_KEYS, TYPE_KEYS)
HELLO = Message(room=RoomId("general"), seq=60000, sender=UserName("ada"), ts=1790000000000, text="hello world")


def packed(**fields: Any) -> bytes:
    """A command as a client packs it."""
    kind = TYPE_KEYS[fields.pop("type")]
    return msgspec.msgpack.encode({0: kind, **{FIELD_KEYS[name]: value for name, value in fields.items()}})


def test_a_delivered_hello_world_takes_at_most_48_bytes() -> None:
    assert len(frame(BINARY, WIRE.encode(HELLO))) <= 48


def test_the_entries_of_a_list_have_numbers_too() -> None:
    room, since = FIELD_KEYS["room"], FIELD_KEYS["since"]
    rooms = [{room: "a", since: 4, 120: "of a later version", "x": 1}, {room: "b"}]
    command = WIRE.decode(packed(type="subscribe", rooms=rooms, ref=1))
    assert command == Subscribe([RoomCursor(RoomId("a"), 4), RoomCursor(RoomId("b"))], ref=1)


@pytest.mark.parametrize("rooms", [["a"], [{0: "a"}], [{4: 1}], [[{4: "a"}]], {4: "a"}, [{4: "a"}] * 1001])
def test_a_list_that_does_not_fit_is_refused(rooms: Any) -> None:
    with pytest.raises(CommandError) as refused:
        WIRE.decode(packed(type="subscribe", rooms=rooms, ref=1))
    assert (refused.value.error.code, refused.value.ref) == ("bad_field", 1)


def test_numbers_are_unique_and_fit_into_one_byte() -> None:
    for keys in (FIELD_KEYS, TYPE_KEYS):
        assert sorted(keys.values()) == list(range(len(keys)))
        assert len(keys) < 128


def test_the_whole_vocabulary_has_numbers() -> None:
    for union in (Command, vocabulary.Event, vocabulary.Signal, vocabulary.Reply):
        for struct in get_args(union):
            assert set(struct.__struct_fields__) <= FIELD_KEYS.keys()
            tag = struct.__struct_config__.tag
            assert tag is None or tag in TYPE_KEYS


def test_commands_mean_the_same_as_on_the_json_wire() -> None:
    assert WIRE.decode(packed(type="join", room="general", since=41, ref=2)) == Join(
        room=RoomId("general"), since=41, ref=2
    )
    assert WIRE.decode(packed(type="rooms")) == Rooms()
    send = WIRE.decode(packed(type="send", room="r", text="é\0", nonce="n", ref="a"))
    assert send == Send(room=RoomId("r"), text="é\0", nonce="n", ref="a")


def test_unknown_keys_are_ignored() -> None:
    assert WIRE.decode(msgspec.msgpack.encode({0: TYPE_KEYS["rooms"], 99: "new", -1: None})) == Rooms()


def test_defaults_are_not_written_and_lists_are() -> None:
    assert msgspec.msgpack.decode(WIRE.encode(Presence(room=RoomId("r"), count=2, online=[UserName("a")]))) == {
        0: TYPE_KEYS["presence"],
        FIELD_KEYS["room"]: "r",
        FIELD_KEYS["count"]: 2,
        FIELD_KEYS["online"]: ["a"],
    }


def test_replies() -> None:
    assert msgspec.msgpack.decode(WIRE.encode_reply(7, Sent(seq=1, ts=2))) == {0: 1, 1: 7, 2: {5: 1, 7: 2}}
    assert msgspec.msgpack.decode(WIRE.encode_reply("x", Done())) == {0: 1, 1: "x", 2: {}}
    page = msgspec.msgpack.decode(WIRE.encode_reply(1, EventPage(events=[HELLO], more=False, head=60000)))
    assert page[2][FIELD_KEYS["events"]][0][FIELD_KEYS["text"]] == "hello world"
    assert msgspec.msgpack.decode(WIRE.encode_error(None, UnknownRoom())) == {
        0: 1,
        1: None,
        3: {43: "unknown_room", 44: UnknownRoom.message, 45: False},
    }


@pytest.mark.parametrize(
    ("payload", "code", "ref"),
    [
        (b"", "bad_json", None),
        (b"\xc1", "bad_json", None),
        (msgspec.msgpack.encode([1]), "bad_json", None),
        (msgspec.msgpack.encode({"type": "join"}), "bad_json", None),
        (msgspec.msgpack.encode({1: 5}), "unknown_command", 5),
        (msgspec.msgpack.encode({0: 0, 1: 5}), "unknown_command", 5),
        (msgspec.msgpack.encode({0: "join", 1: "x"}), "unknown_command", "x"),
        (packed(type="join", ref=3), "bad_field", 3),
        (packed(type="join", room=7, ref="y" * 65), "bad_field", None),
        (packed(type="join", room="r", since=-1, ref=2**60), "bad_field", None),
        (packed(type="join", room=7, ref=True), "bad_field", None),
        (packed(type="join", room=7, ref=1.5), "bad_field", None),
        (b"\x81\x00" + b"\x91" * 60_000 + b"\xc0", "bad_json", None),
    ],
)
def test_what_is_no_command_is_answered(payload: bytes, code: str, ref: int | str | None) -> None:
    with pytest.raises(CommandError) as rejected:
        WIRE.decode(payload)
    assert (rejected.value.error.code, rejected.value.ref) == (code, ref)


@given(st.binary(max_size=200))
def test_arbitrary_bytes_raise_nothing_else(payload: bytes) -> None:
    with contextlib.suppress(CommandError):
        WIRE.decode(payload)


@given(compact_bodies)
def test_arbitrary_maps_raise_nothing_else(value: dict[int, Any]) -> None:
    with contextlib.suppress(CommandError):
        WIRE.decode(msgspec.msgpack.encode(value))


# the client's side


def as_json(data: bytes) -> Any:
    """What a client of the JSON wire gets."""
    return msgspec.json.decode(data)


@pytest.mark.parametrize(
    "body",
    [
        HELLO,
        Presence(room=RoomId("r"), count=2, online=[UserName("a"), UserName("b")]),
        Welcome(User(UserName("ada"), admin=True), "s1", "websocket", "native.msgpack", 25.0, Limits(1, 2)),
        Rooms(ref=1),
    ],
)
def test_a_client_reads_the_objects_of_the_json_wire(body: msgspec.Struct) -> None:
    assert UNPACKER.unpack(WIRE.encode(body)) == as_json(msgspec.json.encode(body))


def test_a_client_reads_replies() -> None:
    page = EventPage(events=[HELLO, MemberJoined(RoomId("r"), 1, UserName("ada"), 0)], more=False, head=60000)
    assert UNPACKER.unpack(WIRE.encode_reply(3, page)) == {
        "type": "reply",
        "ref": 3,
        "ok": as_json(msgspec.json.encode(page)),
    }
    assert UNPACKER.unpack(WIRE.encode_error(None, UnknownRoom())) == {
        "type": "reply",
        "ref": None,
        "error": {"code": "unknown_room", "message": UnknownRoom.message, "retryable": False},
    }


def test_a_client_leaves_out_what_has_no_name() -> None:
    newer = {0: 99, FIELD_KEYS["room"]: "r", FIELD_KEYS["seq"]: 7, 99: {1: 2}, -3: "x"}
    assert UNPACKER.unpack(msgspec.msgpack.encode(newer)) == {"room": "r", "seq": 7}
    assert UNPACKER.unpack(msgspec.msgpack.encode({0: [1], 2: {8: 1, 99: 2}})) == {"ok": {"text": 1}}


def test_an_event_of_a_later_version_is_read_as_it_was() -> None:
    later = {
        "type": "poll_opened",
        "room": "r",
        "seq": 7,
        "sender": "ada",
        "ts": 5,
        "text": "Which?",
        "options": [{"type": "x", "votes": [1]}, None],
    }
    event = UnknownEvent.read(later)
    assert msgspec.msgpack.decode(WIRE.encode(event)) == {
        0: "poll_opened",
        4: "r",
        5: 7,
        6: "ada",
        7: 5,
        8: "Which?",
        FIELD_KEYS["unnumbered"]: {"options": later["options"]},
    }
    assert UNPACKER.unpack(WIRE.encode(event)) == later
    page = WIRE.encode_reply(3, EventPage(events=[HELLO, event], more=False, head=7))
    assert UNPACKER.unpack(page)["ok"]["events"][1] == later


def test_a_command_whose_field_has_no_number_is_a_mistake() -> None:
    with pytest.raises(KeyError, match="since"):
        NativeMessagePack(Command, {name: key for name, key in FIELD_KEYS.items() if name != "since"}, TYPE_KEYS)
    with pytest.raises(KeyError, match="join"):
        NativeMessagePack(Command, FIELD_KEYS, {name: key for name, key in TYPE_KEYS.items() if name != "join"})


def test_what_is_written_by_name_never_hides_what_has_a_number() -> None:
    packed_event = {0: TYPE_KEYS["message"], 4: "r", 5: 7, 47: {"room": "other", "type": "reply", "more": 1}}
    assert UNPACKER.unpack(msgspec.msgpack.encode(packed_event)) == {
        "type": "message",
        "room": "r",
        "seq": 7,
        "more": 1,
    }
    assert UNPACKER.unpack(msgspec.msgpack.encode({47: 5})) == {"unnumbered": 5}


@given(st.binary(max_size=200))
def test_a_client_meets_arbitrary_bytes(payload: bytes) -> None:
    with contextlib.suppress(BadJson):
        UNPACKER.unpack(payload)


@pytest.mark.parametrize("depth", [100, 400, 900, 5000, 60_000])
def test_a_client_meets_deep_nesting(depth: int) -> None:
    with contextlib.suppress(BadJson):
        UNPACKER.unpack(b"\x81\x02" + b"\x91" * depth + b"\xc0")
