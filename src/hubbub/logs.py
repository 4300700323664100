"""Structured logs: lines for people or JSON objects for machines, with the id of the HTTP request that caused them.

What never appears in a log: tokens, cookies, passwords, texts of messages, query strings. Log fields, not sentences
with values in them: `logger.info("started", extra={"port": 8000})`.
"""

from __future__ import annotations

import json
import logging
import sys
import time
from contextvars import ContextVar
from typing import Final, TextIO

import msgspec

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)
"""The id of the HTTP request that this task answers."""

peer: ContextVar[str | None] = ContextVar("peer", default=None)
"""The address of the client whose request this task answers."""

_PLAIN: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}
"""What every record has; anything beyond it was given as `extra`."""

LEVELS: Final = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
}


def _extras(record: logging.LogRecord) -> dict[str, object]:
    found = {key: value for key, value in vars(record).items() if key not in _PLAIN}
    if (current := request_id.get()) is not None:
        found.setdefault("request_id", current)
    if (address := peer.get()) is not None:
        found.setdefault("peer", address)
    return found


class TextFormatter(logging.Formatter):
    """`2030-01-31T12:00:00.000Z INFO hubbub.app: started port=8000`."""

    def format(self, record: logging.LogRecord) -> str:
        extras = "".join(f" {key}={_short(value)}" for key, value in _extras(record).items())
        line = f"{_instant(record)} {record.levelname} {record.name}: {_one_line(record.getMessage())}{extras}"
        if record.exc_info:
            # indented: an exception's text may be a client's, and hold what looks like another line of the log
            line += "".join(f"\n  {_one_line(part)}" for part in self.formatException(record.exc_info).split("\n"))
        return line


class JsonFormatter(logging.Formatter):
    """One JSON object per line: `ts`, `level`, `logger`, `message`, what `extra` held, `exception` (a traceback)."""

    def format(self, record: logging.LogRecord) -> str:
        entry: dict[str, object] = {
            "ts": _instant(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **_extras(record),
        }
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        return _json(entry)


def set_up_logging(level: str, form: str, stream: TextIO | None = None) -> None:
    """Send everything that the process logs to `stream` (default: standard error). `form`: "text" or "json"."""
    handler = logging.StreamHandler(stream if stream is not None else sys.stderr)
    handler.setFormatter(JsonFormatter() if form == "json" else TextFormatter())
    root = logging.getLogger()
    for old in list(root.handlers):
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(LEVELS[level])
    # uvicorn's "Started server process" and the like; its errors pass
    for name in ("uvicorn", "uvicorn.error"):  # uvicorn's own set-up, if it ran in this process, keeps them to itself
        logging.getLogger(name).setLevel(max(LEVELS[level], logging.WARNING))
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True
    logging.getLogger("asyncio").setLevel(max(LEVELS[level], logging.INFO))


def _instant(record: logging.LogRecord) -> str:
    seconds = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
    return f"{seconds}.{int(record.msecs):03d}Z"


def _one_line(text: str) -> str:
    """A client's text must not look like another line of the log, nor turn the line around.

    What is not printable is escaped (Unicode categories C and Z but the blank): control characters, bidirectional ones,
    those that separate lines, halves of surrogate pairs.
    """
    return text if text.isprintable() else "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)


def _short(value: object) -> str:
    text = str(value)
    return text if text and text.isprintable() and " " not in text else _json(text)


def _json(value: object) -> str:
    """JSON without anything that is not printable: there are escapes for all of it."""
    try:
        text = msgspec.json.encode(value, enc_hook=str).decode()
    except UnicodeEncodeError:  # half of a surrogate pair
        text = json.dumps(value, default=str, ensure_ascii=True)
    return (
        text if text.isprintable() else "".join(char if char.isprintable() else json.dumps(char)[1:-1] for char in text)
    )
