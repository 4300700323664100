"""An event of a later version's kind, as this version passes it on."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubbub.vocabulary import Event, RoomId, UnknownEvent, UserName

PLACE = {"room": "tea", "seq": 7, "sender": "ada", "ts": 1_790_000_000_000}
POLL = {"type": "poll_opened", **PLACE, "class": "Which?", "options": [{"name": "x", "votes": 2}], "open": True}


def test_it_is_encoded_as_the_object_that_it_came_as() -> None:
    event = UnknownEvent.read(POLL)
    assert (event.room, event.seq, event.sender, event.ts) == ("tea", 7, "ada", 1_790_000_000_000)
    assert event.type == "poll_opened"
    assert msgspec.json.decode(msgspec.json.encode(event)) == POLL
    assert msgspec.msgpack.decode(msgspec.msgpack.encode([event])) == [POLL]
    assert msgspec.json.encode(event).startswith(b'{"type":"poll_opened",')


def test_the_place_is_what_the_log_says() -> None:
    event = UnknownEvent.of(RoomId("den"), 9, UserName("bob"), 5, {**POLL, "seq": 1})
    assert msgspec.to_builtins(event) == {**POLL, "room": "den", "seq": 9, "sender": "bob", "ts": 5}


def test_two_of_one_kind_are_compared_by_their_fields() -> None:
    assert UnknownEvent.read(POLL) == UnknownEvent.read(dict(POLL))
    assert UnknownEvent.read(POLL) != UnknownEvent.read({**POLL, "open": False})


@pytest.mark.parametrize("missing", sorted(PLACE))
def test_what_has_no_place_in_a_log_is_no_event(missing: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        UnknownEvent.read({name: value for name, value in POLL.items() if name != missing})


def nested(depth: int) -> list[Any]:
    return [nested(depth - 1)] if depth else []


@pytest.mark.parametrize(
    "odd",
    [
        {"type": 7},
        {"type": "Reply"},
        {"type": "x" * 65},
        {'a"b': 1},
        {"n": 2**63},
        {"n": b"bytes"},
        {"n": {1: 2}},
        {"n": nested(16)},
        {f"n{number}": 1 for number in range(65)},
    ],
)
def test_what_not_every_wire_can_carry_keeps_its_place_only(odd: dict[str, Any]) -> None:
    event = UnknownEvent.read({**POLL, **odd})
    assert msgspec.to_builtins(event) == {"type": "unknown", **PLACE}
    assert msgspec.json.decode(msgspec.json.encode(event), type=Event) == event


def test_how_many_shapes_are_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hubbub.vocabulary.unknown._shapes", {})
    kinds = [UnknownEvent.read({"type": f"kind_{number}", **PLACE}).type for number in range(1_010)]
    assert kinds == [f"kind_{number}" for number in range(1_000)] + ["unknown"] * 10
    assert UnknownEvent.read({"type": "kind_3", **PLACE}).type == "kind_3"


names = st.from_regex(r"[a-z][a-z0-9_]{0,5}", fullmatch=True).filter(lambda name: name not in {"type", *PLACE})
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(names, values, max_size=4))
def test_any_further_fields_come_through(fields: dict[str, Any]) -> None:
    named = {"type": "later", **PLACE, **fields}
    assert msgspec.json.decode(msgspec.json.encode(UnknownEvent.read(named))) == named
