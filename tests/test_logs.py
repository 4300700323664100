"""Lines for people, objects for machines."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest

from hubbub.logs import JsonFormatter, TextFormatter, peer, request_id, set_up_logging


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, levels = list(root.handlers), {name: logging.getLogger(name).level for name in ("", "uvicorn", "asyncio")}
    yield
    root.handlers[:] = handlers
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


def record(message: str, *args: object, **extra: object) -> logging.LogRecord:
    made = logging.getLogger("hubbub.test").makeRecord(
        "hubbub.test", logging.INFO, __file__, 1, message, args, None, extra=extra
    )
    made.created, made.msecs = 0.0, 7.0
    return made


def test_a_text_line_names_time_level_logger_and_fields() -> None:
    line = TextFormatter().format(record("sent %d", 3, room="general", text="two words", empty=""))
    assert line == '1970-01-01T00:00:00.007Z INFO hubbub.test: sent 3 room=general text="two words" empty=""'


def test_a_client_s_text_can_not_make_a_second_line() -> None:
    line = TextFormatter().format(record("from %s", "a\n1970 INFO forged", device="b\r\nforged"))
    assert "\n" not in line
    assert "\r" not in line
    assert "a\\n1970 INFO forged" in line


STRANGE = [chr(code) for code in (*range(32), *range(127, 160), 0xAD, 0x200B, 0x2028, 0x2029, 0xFEFF, 0xE0001, 0xD83D)]
TURNING = [chr(code) for code in (0x61C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))]


@pytest.mark.parametrize("formatter", [TextFormatter(), JsonFormatter()], ids=["text", "json"])
@pytest.mark.parametrize("char", [*STRANGE, *TURNING], ids=lambda char: f"U+{ord(char):04X}")
def test_nothing_that_does_not_show_gets_into_the_log(formatter: logging.Formatter, char: str) -> None:
    """Wherever a client's text stands: in the message, in a field, in an exception."""
    made = record("from %s", f"a{char}b", device=f"a{char}b")
    try:
        raise ValueError(f"a{char}b\n1970 INFO forged")
    except ValueError as error:
        made.exc_info = (ValueError, error, error.__traceback__)
    lines = formatter.format(made).split("\n")
    assert all(line.isprintable() for line in lines)
    assert all(line.startswith("  ") for line in lines[1:])
    assert "1970 INFO forged" in lines[-1]
    if isinstance(formatter, JsonFormatter):
        (line,) = lines
        assert json.loads(line)["message"] == f"from a{char}b"
        assert json.loads(line)["device"] == f"a{char}b"


def test_a_json_line_is_an_object_with_the_fields() -> None:
    line = JsonFormatter().format(record("sent %d", 3, room="general", where=io.StringIO))
    assert "\n" not in line
    assert json.loads(line) == {
        "ts": "1970-01-01T00:00:00.007Z",
        "level": "info",
        "logger": "hubbub.test",
        "message": "sent 3",
        "room": "general",
        "where": str(io.StringIO),
    }


def test_what_a_request_caused_carries_the_client_s_address() -> None:
    mark = peer.set("192.0.2.7")
    try:
        assert TextFormatter().format(record("hello")).endswith("hello peer=192.0.2.7")
        assert json.loads(JsonFormatter().format(record("hello", peer="::1")))["peer"] == "::1"
    finally:
        peer.reset(mark)


def test_what_a_request_caused_carries_its_id() -> None:
    mark = request_id.set("abc")
    try:
        assert json.loads(JsonFormatter().format(record("x")))["request_id"] == "abc"
        assert TextFormatter().format(record("x")).endswith("x request_id=abc")
    finally:
        request_id.reset(mark)
    assert "request_id" not in json.loads(JsonFormatter().format(record("x")))


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_traceback_is_logged_with_its_line(form: str) -> None:
    stream = io.StringIO()
    set_up_logging("info", form, stream)
    try:
        raise ZeroDivisionError("by zero")
    except ZeroDivisionError:
        logging.getLogger("hubbub.test").exception("it failed")
    text = stream.getvalue()
    assert "it failed" in text
    assert "ZeroDivisionError: by zero" in text
    assert (text.count("\n") == 1) is (form == "json")


def test_the_level_holds_for_all_and_other_people_s_chatter_stays_out() -> None:
    stream = io.StringIO()
    set_up_logging("info", "text", stream)
    for name in ("hubbub.app", "uvicorn.error", "asyncio"):
        logging.getLogger(name).debug("debug of %s", name)
        logging.getLogger(name).info("info of %s", name)
        logging.getLogger(name).error("error of %s", name)
    lines = [line.partition(": ")[2] for line in stream.getvalue().splitlines()]
    assert lines == [
        "info of hubbub.app",
        "error of hubbub.app",
        "error of uvicorn.error",
        "info of asyncio",
        "error of asyncio",
    ]


def test_a_second_set_up_replaces_the_first() -> None:
    first, second = io.StringIO(), io.StringIO()
    set_up_logging("info", "text", first)
    set_up_logging("warning", "json", second)
    logging.getLogger("hubbub.test").warning("once")
    logging.getLogger("hubbub.test").info("not at all")
    assert first.getvalue() == ""
    assert json.loads(second.getvalue())["message"] == "once"
