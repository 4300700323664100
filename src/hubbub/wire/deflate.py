"""permessage-deflate (RFC 7692) without context takeover, without input or output.

Each message is compressed by itself, in both directions. So a message to a room is compressed once for all of its
members, and an idle connection owns no compression state (with takeover it would be 300 KB).
"""

from __future__ import annotations

import zlib
from typing import Final, NamedTuple

from .upgrade import Request

NAME: Final = "permessage-deflate"

_TAIL: Final = b"\x00\x00\xff\xff"
_WINDOW_BITS: Final = 15
_OUR_WINDOWS: Final = {str(bits): bits for bits in range(9, 16)}
"""Those that we can keep within. zlib makes none of 8 bits, and section 7.1.2.1 lets a server decline."""
_THEIR_WINDOWS: Final = frozenset(map(str, range(8, 16)))


class Deflate(NamedTuple):
    """What a client and the server agreed on. Clients with equal agreements can be sent the same bytes.

    Attributes:
        window_bits: our window has 2 to this power bytes, 9 to 15.
    """

    window_bits: int = _WINDOW_BITS

    @property
    def response(self) -> str:
        """The value of the answer's Sec-WebSocket-Extensions."""
        window = "" if self.window_bits == _WINDOW_BITS else f"; server_max_window_bits={self.window_bits}"
        return f"{NAME}; server_no_context_takeover; client_no_context_takeover{window}"


class TooBigError(Exception):
    """The message inflates to more than the limit."""


class CorruptError(Exception):
    """This is no compressed message."""


def negotiate(request: Request) -> Deflate | None:
    """The first of the client's offers that can be accepted (RFC 7692 section 5); None: there is none."""
    for offer in request.headers.get("sec-websocket-extensions", "").split(","):
        name, *parameters = (part.strip(" \t") for part in offer.split(";"))
        if name == NAME and (agreed := _accepted(parameters)) is not None:
            return agreed
    return None


def _accepted(parameters: list[str]) -> Deflate | None:
    window_bits = _WINDOW_BITS
    seen: set[str] = set()
    for parameter in parameters:
        name, has_value, value = (part.strip(" \t") for part in parameter.partition("="))
        value = value.strip('"')
        if name in seen:
            return None
        seen.add(name)
        if name in {"server_no_context_takeover", "client_no_context_takeover"}:
            if has_value:
                return None
        elif name == "server_max_window_bits":
            if value not in _OUR_WINDOWS:
                return None
            window_bits = _OUR_WINDOWS[value]
        elif name == "client_max_window_bits":
            if has_value and value not in _THEIR_WINDOWS:
                return None
        else:
            return None
    return Deflate(window_bits)


def compress(payload: bytes, window_bits: int = _WINDOW_BITS) -> bytes:
    """The payload of a frame whose RSV1 bit is set (section 7.2.1)."""
    compressor = zlib.compressobj(zlib.Z_DEFAULT_COMPRESSION, zlib.DEFLATED, -window_bits)
    return (compressor.compress(payload) + compressor.flush(zlib.Z_SYNC_FLUSH)).removesuffix(_TAIL)


def decompress(payload: bytes, limit_bytes: int) -> bytes:
    """The message of compressed frames (section 7.2.2). Never holds more than the limit.

    Raises:
        TooBigError: it inflates to more than `limit_bytes`.
        CorruptError: it can't be inflated.
    """
    inflater = zlib.decompressobj(-_WINDOW_BITS)
    try:
        data = inflater.decompress(payload + _TAIL, limit_bytes + 1)
    except zlib.error:
        raise CorruptError from None
    if len(data) > limit_bytes:
        raise TooBigError
    return data
