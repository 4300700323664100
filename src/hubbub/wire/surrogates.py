r"""Strings that are not Unicode: half a surrogate pair becomes U+FFFD, as everywhere on the web.

JavaScript cuts strings between UTF-16 units, and what `"😀".slice(0, 1)` leaves is a lone surrogate. JSON can write it
(`"\ud83d"`, RFC 8259 section 8.2), some MessagePack encoders write its three bytes; nothing can store it. The decoders
here are fast and refuse it. So whoever decodes what a client sent tries the fast way first, and repairs only what was
refused: other messages pay nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, TypeVar

from .rejection import UNDECODABLE, Bytes

T = TypeVar("T")

_HIGH: Final = rb"\\u[dD][89abAB][0-9a-fA-F][0-9a-fA-F]"
_LOW: Final = rb"\\u[dD][c-fC-F][0-9a-fA-F][0-9a-fA-F]"
_IN_JSON: Final = re.compile(rb"%b(?!%b)|(?<!%b)%b" % (_HIGH, _LOW, _HIGH, _LOW))

_FIXED: Final = re.compile(
    rb"""(?: [\x00-\xa0\xc0-\xc3\xe0-\xff] | [\xcc\xd0]. | [\xcd\xd1\xdc\xde].{2} | [\xca\xce\xd2\xdd\xdf].{4}
           | [\xcb\xcf\xd3].{8} | \xd4.{2} | \xd5.{3} | \xd6.{5} | \xd7.{9} | \xd8.{17} )++""",
    re.VERBOSE | re.DOTALL,
)
"""Values of MessagePack whose size does not depend on a length, and the heads of arrays and maps."""

_LENGTHS: Final = {0xC4: 1, 0xC5: 2, 0xC6: 4, 0xC7: 1, 0xC8: 2, 0xC9: 4, 0xD9: 1, 0xDA: 2, 0xDB: 4}
"""How many bytes the length takes after the first byte of a binary, an extension or a string."""

_EXTENSIONS: Final = frozenset({0xC7, 0xC8, 0xC9})
_BINARIES: Final = frozenset({0xC4, 0xC5, 0xC6})

_VALUES_MAX: Final = 4096
"""Strings, binaries and extensions that are looked at: 4 ms. A message that has more is refused as it was."""

_IN_UTF8: Final = re.compile(rb"\xed[\xa0-\xbf][\x80-\xbf]")
_REPLACEMENT: Final = "\ufffd".encode()


def decode_json(decode: Callable[[bytes], T], payload: bytes) -> T:
    """`decode` the payload, or, when it is refused, the payload without lone surrogates. Raises as `decode`."""
    try:
        return decode(payload)
    except UNDECODABLE:
        repaired = repair_json(payload)
        if repaired is None:
            raise
    return decode(repaired)


def repair_json(payload: Bytes) -> bytes | None:
    r"""The JSON text with `\ufffd` for each lone surrogate; None when there is none. Linear in the length."""
    data = bytes(payload)
    if b"\\ud" not in data and b"\\uD" not in data:
        return None
    if b"\0" in data:  # no JSON; what follows needs it as a mark
        return None
    shielded = data.replace(b"\\\\", b"\0\0")  # what follows an escaped backslash is no escape
    parts = _IN_JSON.split(shielded)
    return None if len(parts) == 1 else b"\\ufffd".join(parts).replace(b"\0\0", b"\\\\")


def repair_msgpack(payload: Bytes) -> bytes | None:
    """The MessagePack message with U+FFFD for each surrogate in its strings; None when there is none.

    The three bytes are no UTF-8 (RFC 3629 section 3). Linear in the length; binaries and extensions stay as they are.
    """
    data = bytes(payload)
    if _IN_UTF8.search(data) is None:
        return None
    repaired = bytearray(data)
    place, end, left = 0, len(data), _VALUES_MAX
    while place < end:
        if fixed := _FIXED.match(data, place):
            place = fixed.end()
            continue
        if not left:
            return None
        left -= 1
        first = data[place]
        if first in _LENGTHS:
            head = place + 1 + _LENGTHS[first]
            size = int.from_bytes(data[place + 1 : head], "big") + (first in _EXTENSIONS)
        else:
            head, size = place + 1, first & 0x1F  # a short string
        place = head + size
        if first not in _BINARIES and first not in _EXTENSIONS:
            repaired[head:place] = _IN_UTF8.sub(_REPLACEMENT, data[head:place])
    return None if repaired == data else bytes(repaired)
