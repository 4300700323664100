"""Values as bytes that sort as the values do, in every engine: of a key, and of an index over several fields.

Each value is told by a first byte of its kind and by its own end, so that the bytes of (a, b) begin with those of
(a,), and no other tuple's do. It is FoundationDB's tuple layer, with integers of a fixed size.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, TypeAlias

from hubbub.errors import NOT_UNICODE, BadField

Value: TypeAlias = str | int | bytes

LONGEST_BYTES: Final = 1_024
"""The longest key, and the longest value of an index. With a key behind the value PostgreSQL can index 2,700 bytes."""

_INTEGER, _TEXT, _BYTES = b"\x01", b"\x02", b"\x03"
_END: Final = b"\0"
_SIGN: Final = 1 << 63


def encode(values: Iterable[Value]) -> bytes:
    """Texts sort by code point, integers (64 bits, signed) by size.

    Raises:
        BadField: too long, an integer of more than 64 bits, or a text that is not Unicode.
    """
    try:
        encoded = b"".join([_encode(value) for value in values])
    except UnicodeEncodeError:
        raise BadField(NOT_UNICODE) from None
    except OverflowError:
        raise BadField("A number is too large.") from None
    if len(encoded) > LONGEST_BYTES:
        raise BadField("A text is too long.")
    return encoded


def beyond(prefix: bytes) -> bytes:
    """Greater than all that begins with `prefix`, and not greater than anything else that is."""
    return prefix + b"\xff"


def after(encoded: bytes) -> bytes:
    """The next one there can be."""
    return encoded + b"\0"


def _encode(value: Value) -> bytes:
    if isinstance(value, str):
        return _TEXT + _ended(value.encode())
    if isinstance(value, int):
        return _INTEGER + (value + _SIGN).to_bytes(8, "big")
    return _BYTES + _ended(value)


def _ended(content: bytes) -> bytes:
    """The end sorts before all that may follow; a zero inside is told from it by the byte behind it."""
    return content.replace(_END, b"\0\xff") + _END
