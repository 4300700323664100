"""Pages of other origins that may use HTTP, as the operator allowed it (Fetch Standard, CORS): one rule for all."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

from .origins import is_named

Headers = list[tuple[bytes, bytes]]

_ANY: Final = "*"


def cors_headers(headers: Mapping[str, str], allowed: Collection[str], *, exposed: bytes = b"") -> Headers:
    """For the response to a request with these headers.

    Cookies are for named origins only: with `*` any page may ask, but as nobody.

    Args:
        headers: names in lower case.
        allowed: origins; "*": any.
        exposed: response headers that the page may read, a list.
    """
    origin = headers.get("origin")
    if origin is None or not allowed:
        return []
    if is_named(origin, allowed):
        found = [
            (b"access-control-allow-origin", origin.encode("latin-1")),
            (b"access-control-allow-credentials", b"true"),
        ]
    elif _ANY in allowed:
        found = [(b"access-control-allow-origin", b"*")]
    else:
        return [(b"vary", b"Origin")]
    if exposed:
        found.append((b"access-control-expose-headers", exposed))
    return [*found, (b"vary", b"Origin")]


def preflight_headers(headers: Mapping[str, str], methods: bytes) -> Headers:
    """What an OPTIONS request asks for, beside `cors_headers`, without which a browser does not look at these."""
    asked = headers.get("access-control-request-headers", "content-type")
    return [
        (b"access-control-allow-methods", methods),
        (b"access-control-allow-headers", asked.encode("latin-1")),
        (b"access-control-max-age", b"600"),
    ]
