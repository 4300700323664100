"""What `hubbub tail` prints: events in words."""

from __future__ import annotations

from datetime import UTC

from hubbub.client.terminal import Printer
from hubbub.vocabulary import (
    Event,
    Message,
    MessageDeleted,
    MessageEdited,
    ReactionAdded,
    ReactionRemoved,
    RoomChanged,
    RoomId,
    UserName,
)

ROOM, ADA, BOB = RoomId("general"), UserName("ada"), UserName("bob")


def test_changes_are_said_with_what_they_are_about() -> None:
    printer = Printer(UTC)
    long = "a very long text that goes on and on and does not end here"
    events: list[Event] = [
        Message(ROOM, 3, ADA, 0, "helo"),
        MessageEdited(ROOM, 4, ADA, 0, 3, "hello\nworld"),
        Message(ROOM, 5, BOB, 0, long, 3),
        ReactionAdded(ROOM, 6, ADA, 0, 5, "👍"),
        ReactionRemoved(ROOM, 7, ADA, 0, 5, "👍"),
        MessageDeleted(ROOM, 8, BOB, 0, 5),
        ReactionAdded(ROOM, 9, ADA, 0, 2, "👍"),
        RoomChanged(ROOM, 10, ADA, 0, "Hall"),
    ]
    assert [printer.line(event) for event in events] == [
        "00:00:00 ada: helo",
        "00:00:00 * ada changed “helo” to: hello\n    world",
        f"00:00:00 bob to “hello…”: {long}",
        "00:00:00 * ada reacted with 👍 to “a very long text that goes on and on and…”",
        "00:00:00 * ada took back 👍 from “a very long text that goes on and on and…”",
        "00:00:00 * bob deleted “a very long text that goes on and on and…”",
        "00:00:00 * ada reacted with 👍 to message 2",
        "00:00:00 * ada called general 'Hall'",
    ]


def test_a_quote_is_harmless_and_of_the_last_thousand_messages() -> None:
    printer = Printer(UTC)
    printer.line(Message(ROOM, 1, ADA, 0, "\x1b[2Jfirst"))
    assert printer.line(MessageDeleted(ROOM, 2, ADA, 0, 1)) == "00:00:00 * ada deleted “\ufffd[2Jfirst”"
    for seq in range(3, 1_004):
        printer.line(Message(ROOM, seq, ADA, 0, f"text {seq}"))
    assert printer.line(MessageDeleted(ROOM, 2_000, ADA, 0, 3)) == "00:00:00 * ada deleted message 3"
    assert printer.line(MessageDeleted(ROOM, 2_001, ADA, 0, 4)) == "00:00:00 * ada deleted “text 4”"
