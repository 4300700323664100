"""permessage-deflate (RFC 7692) without context takeover, without input or output.

Each message is compressed by itself, in both directions. So a message to a room is compressed once for all of its
members, and an idle connection owns no compression state (with takeover it would be 300 KB).
"""

from __future__ import annotations

import zlib
from typing import Final

from .upgrade import Request

NAME: Final = "permessage-deflate"
RESPONSE: Final = f"{NAME}; server_no_context_takeover; client_no_context_takeover"

_TAIL: Final = b"\x00\x00\xff\xff"
_WINDOW_BITS: Final = 15

SMALLEST_BYTES: Final = 64
"""Shorter messages are sent as they are: compression would hardly make them smaller."""


class TooBigError(Exception):
    """The message inflates to more than the limit."""


class CorruptError(Exception):
    """This is no compressed message."""


def negotiate(request: Request) -> bool:
    """Whether one of the client's offers can be accepted; the answer is then `RESPONSE` (RFC 7692 section 5).

    An offer that asks for a smaller window of ours is declined: members of a room share the compressed bytes.
    """
    for offer in request.headers.get("sec-websocket-extensions", "").split(","):
        name, *parameters = (part.strip(" \t") for part in offer.split(";"))
        if name == NAME and _acceptable(parameters):
            return True
    return False


def _acceptable(parameters: list[str]) -> bool:
    seen: set[str] = set()
    for parameter in parameters:
        name, has_value, value = (part.strip(" \t") for part in parameter.partition("="))
        value = value.strip('"')
        if name in seen:
            return False
        seen.add(name)
        if name in {"server_no_context_takeover", "client_no_context_takeover"}:
            if has_value:
                return False
        elif name == "server_max_window_bits":
            if value != str(_WINDOW_BITS):
                return False
        elif name == "client_max_window_bits":
            if has_value and value not in {str(bits) for bits in range(8, 16)}:
                return False
        else:
            return False
    return True


def compress(payload: bytes) -> bytes:
    """The payload of a frame whose RSV1 bit is set (section 7.2.1)."""
    compressor = zlib.compressobj(zlib.Z_DEFAULT_COMPRESSION, zlib.DEFLATED, -_WINDOW_BITS)
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
