"""The numbers of the compact wire are a part of the protocol: each is unique, and stays what it is."""

from __future__ import annotations

import pytest
from msgspec import Struct

from hubbub.vocabulary.declaration import declare
from hubbub.vocabulary.keys import FIELD_KEYS, TYPE_KEYS, collect_field_keys, collect_type_keys

GIVEN_FIELDS = [
    "type", "ref", "ok", "error", "room", "seq", "sender", "ts", "text", "nonce",
    "since", "token", "after", "before", "limit", "title", "topic", "typing", "user", "session",
    "transport", "wire", "heartbeat_seconds", "limits", "text_bytes", "frame_bytes", "count", "online", "offline",
    "unread",
    "member", "name", "admin", "since_ms", "head", "read", "repeat", "events", "more", "members",
    "rooms", "last_ts", "total", "code", "message", "retryable", "retry_after_seconds", "unnumbered", "edited_ts",
    "deleted", "reactions", "reply_to", "state", "about", "emoji", "users", "mine", "versions", "epoch",
]  # fmt: skip
"""Every name that ever had a number, by its number. Names are added at the end; one that is used no more stays."""

GIVEN_TYPES = [
    "message", "reply", "room_created", "member_joined", "member_left", "welcome", "typing", "presence", "read",
    "membership",
    "auth", "rooms", "directory", "create_room", "join", "leave", "send", "history", "members", "watch",
    "user", "unknown", "message_edited", "message_deleted", "reaction_added", "reaction_removed", "room_changed",
    "edit", "delete", "react", "unreact", "versions", "reactions", "change_room",
    "subscribe", "subscribed",
]  # fmt: skip


@pytest.mark.parametrize(
    ("keys", "given"), [(FIELD_KEYS, GIVEN_FIELDS), (TYPE_KEYS, GIVEN_TYPES)], ids=["fields", "types"]
)
def test_a_number_is_given_once_and_for_ever(keys: dict[str, int], given: list[str]) -> None:
    assert len(set(given)) == len(given)
    assert keys.items() <= {name: number for number, name in enumerate(given)}.items(), "new names go to the list's end"


@declare(number=7, keys={"colour": 3})
class Painted(Struct, tag="painted"):
    colour: str


def test_two_names_with_one_number_are_refused() -> None:
    with pytest.raises(ValueError, match="3 is the number of `ref` and of `colour`"):
        collect_field_keys([Painted], {"ref": 3})
    with pytest.raises(ValueError, match="7 is the number of `reply` and of `painted`"):
        collect_type_keys([Painted], {"reply": 7})


def test_a_name_is_declared_by_one_struct_only() -> None:
    with pytest.raises(ValueError, match="`colour` is declared twice"):
        collect_field_keys([Painted], {"colour": 4})


def test_what_has_no_number_is_named_with_the_next_free_one() -> None:
    @declare()
    class Drawn(Struct, tag="drawn"):
        width: int

    with pytest.raises(ValueError, match=r"Drawn\.width has no number: the next one is 4"):
        collect_field_keys([Painted, Drawn], {})
    with pytest.raises(ValueError, match="Drawn has no number"):
        collect_type_keys([Drawn], {})


def test_a_struct_that_is_not_declared_is_refused() -> None:
    class Bare(Struct):
        pass

    with pytest.raises(TypeError, match="Bare is not declared"):
        collect_field_keys([Bare], {})
