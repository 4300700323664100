"""A client's WebSocket frames, built as fast as Python can: RFC 6455 section 5.2, masked as section 5.3 asks."""

from __future__ import annotations

import os
import struct

DIGITS = 19
"""Width of a time stamp in a template: nanoseconds of the monotonic clock."""


def head(opcode: int, length: int) -> bytes:
    """The first bytes of an unfragmented, masked frame, up to the masking key."""
    if length < 126:
        return bytes((0x80 | opcode, 0x80 | length))
    if length < 65536:
        return struct.pack("!BBH", 0x80 | opcode, 0x80 | 126, length)
    return struct.pack("!BBQ", 0x80 | opcode, 0x80 | 127, length)


class Masker:
    """Makes frames with one masking key. The key should be new for each frame; for a load on loopback it need not."""

    def __init__(self, key: bytes | None = None) -> None:
        self._key = key or os.urandom(4)

    def frame(self, payload: bytes, opcode: int = 1) -> bytes:
        """One frame."""
        length = len(payload)
        return head(opcode, length) + self._key + self._mask(payload, self._stream(length))

    def template(self, text: bytes, opcode: int = 1) -> Template:
        """Frames that differ in their time stamps only; each `%019d` of `text` is replaced by one. `%%` is a `%`."""
        return Template(self, text, opcode)

    def _stream(self, length: int) -> int:
        return int.from_bytes((self._key * (length // 4 + 1))[:length], "little")

    @staticmethod
    def _mask(payload: bytes, stream: int) -> bytes:
        return (int.from_bytes(payload, "little") ^ stream).to_bytes(len(payload), "little")


class Template:
    """See `Masker.template`. One frame costs about 1 µs."""

    __slots__ = ("_head", "_length", "_slots", "_stream", "_text")

    def __init__(self, masker: Masker, text: bytes, opcode: int) -> None:
        self._text = text
        self._slots = text.count(b"%019d")
        self._length = len(text % ((0,) * self._slots))
        self._head = head(opcode, self._length) + masker._key  # noqa: SLF001  its own product
        self._stream = masker._stream(self._length)  # noqa: SLF001

    def frame(self, stamp: int) -> bytes:
        """The frame with this time stamp."""
        payload = self._text % ((stamp,) * self._slots)
        return self._head + (int.from_bytes(payload, "little") ^ self._stream).to_bytes(self._length, "little")
