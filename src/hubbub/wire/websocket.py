"""WebSocket frames and messages (RFC 6455), without input or output.

`Decoder.feed` takes bytes as they arrived, cut anywhere, and returns whole messages and control frames; `frame`
makes the bytes to send. The opening handshake is in `upgrade.py`. The caller answers a `PING` with a `PONG` of the
same payload, a `CLOSE` with `close_frame(close_code(payload))`, and closes when `Decoder.failure` is set.

A decoder between two frames holds no buffer, so that an idle connection costs only this object.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable
from enum import IntEnum
from typing import Final

from hubbub.errors import CloseCode

from .deflate import CorruptError, Deflate, TooBigError, compress, decompress


class Opcode(IntEnum):
    """RFC 6455 section 5.2."""

    CONTINUATION = 0x0
    TEXT = 0x1
    BINARY = 0x2
    CLOSE = 0x8
    PING = 0x9
    PONG = 0xA


CONTINUATION: Final = 0x0
TEXT: Final = 0x1
BINARY: Final = 0x2
CLOSE: Final = 0x8
PING: Final = 0x9
PONG: Final = 0xA

RSV1: Final = 0x40
"""Marks a compressed message, when permessage-deflate was negotiated."""

_ALL: Final = 1 << 62
_INFLATING: Final = 8  # units of work: 12 µs before the first byte comes out

Buffer = bytes | bytearray | memoryview
_utf8 = codecs.getincrementaldecoder("utf-8")


def _apply_mask_by_int(data: Buffer, mask: bytes) -> bytes:
    """XOR with the repeated mask (RFC 6455 section 5.3), as one operation on big integers."""
    size = len(data)
    repeated = (mask * (size // 4 + 1))[:size]
    return (int.from_bytes(data, "little") ^ int.from_bytes(repeated, "little")).to_bytes(size, "little")


def _choose_apply_mask() -> Callable[[Buffer, bytes], bytes]:
    try:
        from websockets.speedups import apply_mask
    except ImportError:  # no C extension for this platform
        return _apply_mask_by_int
    return apply_mask


apply_mask = _choose_apply_mask()


class Failure(Exception):
    """The peer broke the protocol; close with `code` (RFC 6455 section 7.1.7)."""

    def __init__(self, code: CloseCode, reason: str) -> None:
        self.code = code
        self.reason = reason
        super().__init__(f"{int(code)} {reason}")


class _Partial:
    """A data message of which not everything has arrived: fragments, or a frame cut by the network."""

    __slots__ = ("compressed", "data", "final", "mask", "missing", "opcode", "utf8")

    def __init__(self, opcode: int, *, compressed: bool) -> None:
        self.opcode = opcode
        self.compressed = compressed
        self.data = bytearray()
        self.utf8 = _utf8() if opcode == TEXT and not compressed else None
        self.missing = 0  # bytes of the current frame that have not arrived
        self.mask = b""
        self.final = False

    def append(self, payload: Buffer, *, end: bool) -> None:
        """Take unmasked bytes. Raises Failure as soon as they can't be UTF-8 any more (section 8.1)."""
        self.data += payload
        if self.utf8 is not None:
            try:
                self.utf8.decode(bytes(payload), end)
            except UnicodeDecodeError:
                raise Failure(CloseCode.INVALID_TEXT, "text is not UTF-8") from None


class Decoder:
    """Bytes in; messages and control frames out.

    Args:
        limit_bytes: the longest message accepted; a longer one fails with 1009 before it is buffered.
        masked: True on a server (clients must mask), False on a client (servers must not). Section 5.1.
        deflate: permessage-deflate was negotiated: RSV1 marks compressed messages (RFC 7692 section 6).

    Attributes:
        failure: set once when the peer broke the protocol; nothing is decoded after it, nor after a CLOSE.
        spent: what the last `feed` did, in units of work (see there).
        waiting: the last `feed` stopped before its end: there is more to decode.
    """

    __slots__ = ("_carry", "_deflate", "_ended", "_limit_bytes", "_masked", "_partial", "failure", "spent", "waiting")

    def __init__(self, limit_bytes: int, *, masked: bool = True, deflate: bool = False) -> None:
        self._limit_bytes = limit_bytes
        self._masked = masked
        self._deflate = deflate
        self._carry: bytes = b""  # a cut frame header or control frame, at most 131 bytes; or what `waiting` means
        self._partial: _Partial | None = None
        self._ended = False  # by a CLOSE or a failure
        self.failure: Failure | None = None
        self.spent = 0
        self.waiting = False

    def feed(self, data: Buffer, units: int = _ALL) -> list[tuple[int, bytes]]:
        """Decode what arrived.

        Args:
            data: the bytes; they are not kept, the caller may reuse its buffer. Empty: go on where `waiting` said so.
            units: stop when so much work is done, and copy the rest aside. A frame is one unit, each KiB of it one
                more, and an inflated message eight and one for each KiB.

        Returns:
            `(opcode, payload)` in order: TEXT (checked to be UTF-8) and BINARY messages put together from their
            fragments, CLOSE, PING and PONG. What stood before a violation is returned, then `failure` is set.
        """
        out: list[tuple[int, bytes]] = []
        self.spent = 0
        self.waiting = False
        if self._ended:
            return out
        if self._carry:
            data = self._carry + data if data else self._carry
            self._carry = b""
        view = data if isinstance(data, memoryview) else memoryview(data)
        try:
            self._decode(view, out, units)
        except Failure as failure:
            # a new one, because the frames in the traceback hold views of the caller's buffer
            self.failure = Failure(failure.code, failure.reason)
            self._end()
        return out

    def _end(self) -> None:
        self._ended = True
        self._partial = None
        self._carry = b""

    @property
    def held_bytes(self) -> int:
        """What has arrived of a message whose end has not."""
        return 0 if self._partial is None else len(self._partial.data)

    def keep(self, data: Buffer) -> None:
        """Take bytes that arrived, to be decoded by the next `feed`."""
        if not self._ended:
            self._carry += bytes(data)
            self.waiting = True

    def _decode(self, view: memoryview, out: list[tuple[int, bytes]], units: int) -> None:
        position, end = 0, len(view)
        while position < end:
            if self.spent >= units:
                self._carry = bytes(view[position:])
                self.waiting = True
                return
            partial = self._partial
            if partial is not None and partial.missing:
                position = self._continue(partial, view, position, out)
                continue
            start = position
            if end - position < 2:
                self._carry = bytes(view[start:])
                return
            first, second = view[position], view[position + 1]
            size = second & 0x7F
            head = 2 if size < 126 else 4 if size == 126 else 10
            self._check_header(first, second, size)
            mask_bytes = 4 if self._masked else 0
            if end - position < head + mask_bytes:
                self._carry = bytes(view[start:])
                return
            if head == 4:
                size = view[position + 2] << 8 | view[position + 3]
            elif head == 10:
                size = int.from_bytes(view[position + 2 : position + 10], "big")
                if size >> 63:
                    raise Failure(CloseCode.PROTOCOL_ERROR, "length with the highest bit set")
            self.spent += 1 + (size >> 10)
            position += head
            mask = bytes(view[position : position + mask_bytes])
            position += mask_bytes
            opcode = first & 0x0F
            if opcode >= CLOSE:
                if end - position < size:
                    self._carry = bytes(view[start:])
                    return
                out.append((opcode, self._control(opcode, self._unmask(view[position : position + size], mask))))
                position += size
                if opcode == CLOSE:
                    self._end()  # section 5.5.1: nothing counts after it
                    return
                continue
            if first & 0xC0 == 0x80 and opcode and end - position >= size:
                # the usual case: a whole message in one frame
                if size > self._limit_bytes:
                    raise Failure(CloseCode.TOO_BIG, "message too big")
                payload = self._unmask(view[position : position + size], mask)
                if opcode == TEXT and not payload.isascii():
                    _check_utf8(payload)
                out.append((opcode, payload))
                position += size
                continue
            self._begin(first, size, mask)
            if not size:
                self._end_of_frame(out)

    def _check_header(self, first: int, second: int, size: int) -> None:
        """What the first two bytes alone can violate (sections 5.2, 5.4 and 5.5)."""
        opcode = first & 0x0F
        if first & 0x70 and not (self._deflate and first & 0x70 == RSV1 and opcode in {TEXT, BINARY}):
            raise Failure(CloseCode.PROTOCOL_ERROR, "reserved bits set")
        if (second >= 0x80) is not self._masked:
            raise Failure(CloseCode.PROTOCOL_ERROR, "frame not masked" if self._masked else "frame masked")
        if opcode >= CLOSE:
            if opcode > PONG:
                raise Failure(CloseCode.PROTOCOL_ERROR, "reserved opcode")
            if not first & 0x80 or size > 125:
                raise Failure(CloseCode.PROTOCOL_ERROR, "control frame fragmented or too long")
        elif opcode > BINARY:
            raise Failure(CloseCode.PROTOCOL_ERROR, "reserved opcode")
        elif (opcode == CONTINUATION) is (self._partial is None):
            raise Failure(CloseCode.PROTOCOL_ERROR, "fragment out of order")

    def _begin(self, first: int, size: int, mask: bytes) -> None:
        """Start a data frame whose message is not complete with it, or which has not arrived completely."""
        partial = self._partial
        if partial is None:
            partial = self._partial = _Partial(first & 0x0F, compressed=bool(first & RSV1))
        if len(partial.data) + size > self._limit_bytes:
            raise Failure(CloseCode.TOO_BIG, "message too big")
        partial.missing = size
        partial.mask = mask
        partial.final = first >= 0x80

    def _continue(self, partial: _Partial, view: memoryview, position: int, out: list[tuple[int, bytes]]) -> int:
        chunk = view[position : position + partial.missing]
        partial.missing -= len(chunk)
        partial.append(self._unmask(chunk, partial.mask), end=partial.final and not partial.missing)
        if partial.missing:
            if self._masked:
                turn = len(chunk) & 3
                partial.mask = partial.mask[turn:] + partial.mask[:turn]
        else:
            self._end_of_frame(out)
        return position + len(chunk)

    def _end_of_frame(self, out: list[tuple[int, bytes]]) -> None:
        partial = self._partial
        if partial is not None and partial.final:
            partial.append(b"", end=True)
            data = bytes(partial.data)
            out.append((partial.opcode, self._inflate(partial.opcode, data) if partial.compressed else data))
            self._partial = None

    def _inflate(self, opcode: int, data: bytes) -> bytes:
        try:
            data = decompress(data, self._limit_bytes)
        except TooBigError:
            raise Failure(CloseCode.TOO_BIG, "message too big") from None
        except CorruptError:
            raise Failure(CloseCode.INVALID_TEXT, "bad compressed data") from None
        self.spent += _INFLATING + (len(data) >> 10)
        if opcode == TEXT:
            _check_utf8(data)
        return data

    def _unmask(self, payload: memoryview, mask: bytes) -> bytes:
        return apply_mask(payload, mask) if mask else bytes(payload)

    @staticmethod
    def _control(opcode: int, payload: bytes) -> bytes:
        if opcode == CLOSE and payload:
            if len(payload) == 1 or not _may_arrive(int.from_bytes(payload[:2], "big")):
                raise Failure(CloseCode.PROTOCOL_ERROR, "bad close code")
            _check_utf8(payload[2:])
        return payload


def _check_utf8(payload: bytes) -> None:
    try:
        payload.decode()
    except UnicodeDecodeError:
        raise Failure(CloseCode.INVALID_TEXT, "text is not UTF-8") from None


def _may_arrive(code: int) -> bool:
    """Close codes that an endpoint may send (section 7.4 and IANA's registry)."""
    return 3000 <= code <= 4999 or (1000 <= code <= 1014 and code not in {1004, 1005, 1006})


def frame(opcode: int, payload: bytes, *, final: bool = True) -> bytes:
    """A server's frame: unmasked (section 5.1)."""
    return header(opcode, len(payload), final=final) + payload


Framer = Callable[[int, bytes], bytes]
"""Makes a frame of an opcode and a whole message."""


def framer(deflate: Deflate | None, from_bytes: int) -> Framer:
    """How messages to a client become frames.

    Args:
        deflate: what was agreed on; None: nothing is compressed.
        from_bytes: shorter payloads are sent as they are, which RFC 7692 section 6 leaves to the sender.
    """
    if deflate is None:
        return frame
    bits = deflate.window_bits

    def compressed(opcode: int, payload: bytes) -> bytes:
        if len(payload) < from_bytes:
            return frame(opcode, payload)
        return frame(opcode | RSV1, compress(payload, bits))

    return compressed


def header(opcode: int, size: int, *, final: bool = True) -> bytes:
    """The header of an unmasked frame with a payload of `size` bytes (section 5.2)."""
    first = opcode | 0x80 if final else opcode
    if size < 126:
        return bytes((first, size))
    if size < 65536:
        return bytes((first, 126, size >> 8, size & 0xFF))
    return bytes((first, 127)) + size.to_bytes(8, "big")


def masked_frame(opcode: int, payload: bytes, mask: bytes, *, final: bool = True) -> bytes:
    """A client's frame. `mask`: 4 unpredictable bytes (section 5.3)."""
    head = bytearray(header(opcode, len(payload), final=final))
    head[1] |= 0x80
    return bytes(head) + mask + apply_mask(payload, mask)


def close_frame(code: int | None, reason: str = "") -> bytes:
    """A close frame; None: without a code. The reason is cut to 123 bytes of whole characters (section 5.5.1)."""
    if code is None:
        return frame(CLOSE, b"")
    text = reason.encode()[:123].decode(errors="ignore").encode()
    return frame(CLOSE, code.to_bytes(2, "big") + text)


def ends_with_close(data: Buffer) -> bool:
    """Whether a client's close frame stands at the end, where the boundaries of frames are not known any more.

    It may be taken for one by chance; nobody may rely on what it says.
    """
    for size in range(min(125, len(data) - 6) + 1):
        if data[-6 - size] == 0x80 | CLOSE and data[-5 - size] == 0x80 | size:
            return True
    return False


def close_code(payload: bytes) -> int | None:
    """The code in a received close frame's payload; None when it has none (1005, section 7.1.5)."""
    return int.from_bytes(payload[:2], "big") if payload else None
