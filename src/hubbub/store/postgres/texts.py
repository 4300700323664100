"""A text that PostgreSQL can hold, for every text.

PostgreSQL's `text` holds every character but U+0000. DLE (U+0010, "data link escape") never stands alone in the
database: U+0000 is stored as DLE 0, DLE itself as DLE DLE. That is reversible and one-to-one, so that unique indexes
mean the same, and a text with neither character is stored as it is.

Single values and results are translated on the connection (`encode`, `decode`). asyncpg does not apply this to the
elements of an array: whoever passes one writes `texts(...)`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_ESCAPED = re.compile("\x10(.)", re.DOTALL)


def escape(text: str) -> str:
    if "\0" in text or "\x10" in text:
        return text.replace("\x10", "\x10\x10").replace("\0", "\x100")
    return text


def unescape(stored: str) -> str:
    if "\x10" in stored:
        return _ESCAPED.sub(lambda match: "\0" if match[1] == "0" else match[1], stored)
    return stored


def texts(values: Iterable[str]) -> list[str]:
    """An array of texts as an argument of a statement."""
    return [escape(value) for value in values]


def encode(text: str) -> bytes:
    """Raises UnicodeEncodeError."""
    return escape(text).encode()


def decode(stored: bytes) -> str:
    return unescape(bytes(stored).decode())
