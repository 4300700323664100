"""Is what was asked for well-formed? Whether it is allowed stands in `chat/access.py`."""

from __future__ import annotations

import re

from hubbub.errors import BadField, TextEmpty, TextTooLong
from hubbub.identity.texts import has_visible
from hubbub.vocabulary.types import ROOM_PATTERN

_ROOM_ID = re.compile(ROOM_PATTERN)


def check_text(text: str, limit_bytes: int) -> None:
    """A message's text.

    Raises:
        TextEmpty: nothing in it is visible.
        TextTooLong: more than `limit_bytes` in UTF-8.
        BadField: it is not Unicode.
    """
    if not text or not ("!" <= text[0] <= "~" or has_visible(text)):
        raise TextEmpty
    # isascii is a flag of the string, not a scan
    size = len(text) if text.isascii() else _utf8_bytes(text, "text")
    if size > limit_bytes:
        raise TextTooLong(f"The text is too long: {size} bytes, at most {limit_bytes} are allowed.")


def check_nonce(nonce: str) -> None:
    """Raises BadField when it is not Unicode. Its length is the parser's to check."""
    if not nonce.isascii():
        _utf8_bytes(nonce, "nonce")


def check_room_id(room: str) -> None:
    """Raises BadField when no room may have this id."""
    if _ROOM_ID.fullmatch(room) is None:
        raise BadField(
            "A room's id has 1 to 64 characters: lower-case letters, digits, '_' and '-', a letter or digit first."
        )


def _utf8_bytes(value: str, field: str) -> int:
    try:
        return len(value.encode())
    except UnicodeEncodeError:
        raise BadField(f"The field '{field}' holds a lone surrogate: it is not Unicode.") from None
