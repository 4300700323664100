"""Which page a request comes from, and what that allows: one rule for REST, the transports over HTTP, and WebSockets.

A browser sends `Origin` with every WebSocket handshake, every request to another origin that may be read, and every
one that may change something; and `Sec-Fetch-*` with every request (to https and to localhost). No program but a
browser sends a cookie without meaning it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final
from urllib.parse import urlsplit

SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods of requests that change nothing (RFC 9110 section 9.2.1)."""

_PORTS: Final = {"http": 80, "https": 443}
_NO_CONTENT: Final = frozenset({"empty", "websocket"})
"""`Sec-Fetch-Dest` of what scripts ask for. Anything else is a page, a frame, a picture, a script."""

_ANY: Final = "*"

Place = tuple[str, str, int]
"""Scheme, host and port, in lower case."""

Headers = list[tuple[bytes, bytes]]


def place_of(origin: str) -> Place | None:
    """An origin taken apart (RFC 6454 section 4); None when it is none, such as "null"."""
    try:
        parts = urlsplit(origin)
        port = parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        return None
    if not parts.hostname or port is None or parts.path not in {"", "/"} or parts.query or parts.fragment:
        return None
    return parts.scheme, parts.hostname, port


def is_named(origin: str, allowed: Collection[str]) -> bool:
    """Whether the operator named this origin. `*` names nobody."""
    place = place_of(origin)
    return place is not None and any(place_of(one) == place for one in allowed)


def is_own(origin: str, headers: Mapping[str, str], *, secure: bool) -> bool:
    """Whether it is the one that the request itself went to."""
    place = place_of(origin)
    return place is not None and place == place_of(f"{'https' if secure else 'http'}://{headers.get('host', '')}")


def lost_scheme(headers: Mapping[str, str], *, secure: bool) -> bool:
    """Whether only the scheme keeps the origin from being our own: a proxy took the TLS away and does not say so."""
    origin = headers.get("origin", "")
    return not secure and origin.startswith("https:") and is_own(origin, headers, secure=True)


def may_read(headers: Mapping[str, str], allowed: Collection[str], *, secure: bool) -> bool:
    """Whether a request that only reads, or a WebSocket's handshake, may act with the browser's cookie.

    No page of another origin may, be it of the same site, unless the operator named it; nor does anybody by following a
    link or showing a picture. What says nothing about itself is no browser of today.

    Args:
        headers: names in lower case.
        allowed: the origins that the operator named.
        secure: whether the client came by TLS.
    """
    origin = headers.get("origin")
    if origin is not None:
        return is_own(origin, headers, secure=secure) or is_named(origin, allowed)
    site = headers.get("sec-fetch-site")
    if site is None:
        return True
    return site == "same-origin" and headers.get("sec-fetch-dest", "empty") in _NO_CONTENT


def may_write(headers: Mapping[str, str], allowed: Collection[str], *, secure: bool) -> bool:
    """The same for a request that changes something: it has to say where it comes from."""
    return ("origin" in headers or "sec-fetch-site" in headers) and may_read(headers, allowed, secure=secure)


def without_foreign_cookie(headers: dict[str, str], allowed: Collection[str], *, secure: bool) -> dict[str, str]:
    """The headers of a handshake, without a cookie that its page may not use: a token may still sign in."""
    if "cookie" not in headers or may_read(headers, allowed, secure=secure):
        return headers
    return {name: value for name, value in headers.items() if name != "cookie"}


def cors_headers(headers: Mapping[str, str], allowed: Collection[str], *, exposed: bytes = b"") -> Headers:
    """For the response to a request with these headers (Fetch Standard, CORS).

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
