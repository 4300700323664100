"""The tables of docs/protocol.md."""

from __future__ import annotations

import pytest

from hubbub.vocabulary import Action, Role
from hubbub.vocabulary.describe.reference import fill, tables

MAY = dict.fromkeys(Action, frozenset({Role.ADMINISTRATOR, Role.MEMBER})) | {Action.SIGN_IN: frozenset({Role.STRANGER})}
TABLES = {name: make() for name, make in tables(MAY).items()}


def rows(name: str) -> list[str]:
    return [line for line in TABLES[name].splitlines() if line.startswith("| ")][2:]


def test_a_command_has_its_fields_reply_roles_units_and_operation() -> None:
    history = "`room`, `before` (null), `after` (null), `limit` (50)"
    assert (
        f"| [`history`](#history) | {history} | `EventPage` | administrator, member | 50 | GET /rooms/{{room}}/events |"
    ) in rows("commands")
    assert "| [`auth`](#auth) | `token`, `rooms` ([]) | `Subscribed` | anybody | 100, 20 for each room |  |" in rows(
        "commands"
    )
    send = next(row for row in rows("commands") if "`send`" in row)
    assert "administrator, member, who has joined it here | 15 for each KiB of `text` |" in send


def test_replies_come_with_what_is_inside_them() -> None:
    assert "| `Done` |  | It happened; there is nothing to add. |" in rows("replies")
    assert any(row.startswith('| `Member` | `name`, `title` (""), `online` (false)') for row in rows("replies"))


def test_events_tell_what_is_not_in_every_event() -> None:
    assert rows("events")[0] == '| `room_created` | `title` (""), `topic` ("") | The first entry of every log. |'
    assert "`online` ([])" in next(row for row in rows("signals") if "`presence`" in row)


def test_numbers_stand_in_lines_of_a_readable_length() -> None:
    assert TABLES["keys"].startswith("Field names: 0 `type`, 1 `ref`,")
    assert "\nTypes: 0 `message`," in TABLES["keys"]
    assert all(len(line) <= 120 for line in TABLES["keys"].splitlines())


def test_what_stands_between_the_markers_is_written_anew() -> None:
    page = "a\n<!-- x: made -->\nold\n<!-- end of x -->\nb\n"
    filled = fill(page, {"x": lambda: "new\n"})
    assert filled == "a\n<!-- x: made -->\n\nnew\n\n<!-- end of x -->\nb\n"
    assert fill(filled, {"x": lambda: "new\n"}) == filled


@pytest.mark.parametrize("page", ["", "<!-- x: made -->\n", "<!-- x: a -->\n<!-- end of x -->\n<!-- x: a -->\n"])
def test_a_page_without_the_markers_is_refused(page: str) -> None:
    with pytest.raises(ValueError, match="the markers of x"):
        fill(page, {"x": lambda: "new\n"})
