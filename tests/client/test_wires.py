"""Both wires say the same."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from hubbub.client.frames import ReplyFrame, Unknown
from hubbub.client.wires import COMPACT, JSON
from hubbub.errors import TextTooLong
from hubbub.realtime.protocols.codec import JsonWire, MessagePackWire
from hubbub.vocabulary import (
    Command,
    EventPage,
    Join,
    Limits,
    Message,
    Presence,
    RoomCursor,
    RoomId,
    Sent,
    Subscribe,
    UnknownEvent,
    User,
    UserName,
    Watch,
    Welcome,
)
from hubbub.vocabulary.keys import FIELD_KEYS, TYPE_KEYS

SERVER = MessagePackWire(Command, FIELD_KEYS, TYPE_KEYS)
HELLO = Message(RoomId("tea"), 7, UserName("ada"), 1_790_000_000_000, "hello")

SUBSCRIBE = Subscribe([RoomCursor(RoomId("tea"), 5), RoomCursor(RoomId("milk"))], ref=3)


@pytest.mark.parametrize("command", [Join(RoomId("tea"), 0, ref=1), Watch(None, ref=2), SUBSCRIBE])
def test_the_server_understands_both(command: Command) -> None:
    assert SERVER.decode(COMPACT.encode(command)) == command
    assert JsonWire(Command).decode(JSON.encode(command)) == command


@pytest.mark.parametrize(
    "body",
    [
        HELLO,
        Presence(RoomId("tea"), 2, [UserName("ada")]),
        Welcome(User(UserName("ada")), "s", "websocket", "native.msgpack", 25.0, Limits(1, 2)),
    ],
)
def test_events_and_signals(body: msgspec.Struct) -> None:
    packed = super(MessagePackWire, SERVER).encode(body)
    assert COMPACT.decode(packed) == JSON.decode(msgspec.json.encode(body)) == body


def test_replies_keep_their_ok_for_who_asked() -> None:
    reply = COMPACT.decode(SERVER.encode_reply(3, EventPage([HELLO], more=False, head=7)))
    assert isinstance(reply, ReplyFrame)
    assert isinstance(reply.ok, msgspec.Raw)
    assert msgspec.json.decode(reply.ok, type=EventPage).events == [HELLO]
    sent = COMPACT.decode(SERVER.encode_reply(4, Sent(1, 2)))
    assert isinstance(sent, ReplyFrame)
    assert (sent.ref, sent.ok, sent.error) == (4, msgspec.Raw(b'{"seq":1,"ts":2}'), None)


def test_errors() -> None:
    reply = COMPACT.decode(SERVER.encode_error(None, TextTooLong()))
    assert isinstance(reply, ReplyFrame)
    assert reply.ok is msgspec.UNSET
    assert reply.error is not None
    assert (reply.ref, reply.error.code) == (None, "text_too_long")


@pytest.mark.parametrize(
    ("packed", "expected"),
    [
        ({0: 99, 4: "tea", 5: 8, 6: "bob", 7: 1}, UnknownEvent(RoomId("tea"), 8, UserName("bob"), 1)),
        ({0: TYPE_KEYS["message"], 4: "tea", 5: 8}, Unknown("message")),
        ({0: TYPE_KEYS["message"], 4: 9}, Unknown("message")),
        ({0: 99, 4: 9}, Unknown()),
        ({0: TYPE_KEYS["reply"], 3: "no"}, Unknown("reply")),
        ({0: TYPE_KEYS["send"], 4: "tea", 8: "hi"}, Unknown("send")),
        ([1], Unknown()),
    ],
)
def test_what_is_not_known(packed: Any, expected: Unknown | UnknownEvent) -> None:
    assert COMPACT.decode(msgspec.msgpack.encode(packed)) == expected
