"""What the checker's Socket.IO client writes and reads."""

from __future__ import annotations

import pytest
from msgspec import Raw

from hubbub.client.frames import ReplyFrame, Unknown
from hubbub.verify.socketio import WIRE
from hubbub.vocabulary import Join, Message, RoomId, UserName


def test_a_command_is_an_event_that_wants_an_answer() -> None:
    assert WIRE.encode(Join(RoomId("general"), 5, 12)) == b'212["join",{"room":"general","since":5}]'


def test_events_and_answers_are_the_native_wires_objects() -> None:
    event = b'2["message",{"room":"general","seq":3,"sender":"ada","ts":9,"text":"hi"}]'

    assert WIRE.decode(event) == Message(RoomId("general"), 3, UserName("ada"), 9, "hi")
    assert WIRE.decode(b'37[{"ok":{"seq":3}}]') == ReplyFrame(7, Raw(b'{"seq":3}'))
    assert WIRE.decode(b'2["later",{"room":"general","seq":4}]') == Unknown("later")


@pytest.mark.parametrize("packet", [b"", b"1", b"x", b"2", b"2[]", b"2[1,2]", b"37[]", b'0{"sid":"a"}', b"2[\xff]"])
def test_what_means_nothing_to_a_chat_is_nothing(packet: bytes) -> None:
    assert WIRE.decode(packet) == Unknown()
