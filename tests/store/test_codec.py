"""What a row of the log means."""

from __future__ import annotations

import msgspec
import pytest

from hubbub.store.codec import ROOM_CREATED, event_of
from hubbub.vocabulary import RoomCreated, RoomId, UnknownEvent, UserName

ROOM = RoomId("tea")
ADA = UserName("ada")


def test_a_kind_of_a_later_version_is_passed_on_with_its_type_and_fields() -> None:
    body = '{"type":"poll_opened","question":"Which?","options":["x","y"]}'
    event = event_of(ROOM, (7, 4_711, ADA, 5, 3, body))
    assert isinstance(event, UnknownEvent)
    assert msgspec.to_builtins(event) == {
        "type": "poll_opened",
        "room": "tea",
        "seq": 7,
        "sender": "ada",
        "ts": 5,
        "question": "Which?",
        "options": ["x", "y"],
        "about": 3,
    }


DEEP = '{"type":"later","n":' + "[" * 2_000


@pytest.mark.parametrize("body", ["", "hello", "[1]", '{"type":5}', "{", DEEP, '"\\ud800"'])
def test_a_row_that_cant_be_read_keeps_its_place(body: str) -> None:
    assert event_of(ROOM, (7, 4_711, ADA, 5, None, body)) == UnknownEvent(ROOM, 7, ADA, 5)


def test_a_known_row_that_cant_be_read_keeps_its_place() -> None:
    created = event_of(ROOM, (1, ROOM_CREATED, ADA, 5, None, '{"title":"Tea","topic":""}'))
    assert created == RoomCreated(ROOM, 1, ADA, 5, "Tea")
    assert event_of(ROOM, (1, ROOM_CREATED, ADA, 5, None, '{"title":"Tea"')) == UnknownEvent(ROOM, 1, ADA, 5)
