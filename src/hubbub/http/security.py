"""Headers that tell browsers what our pages may do."""

from __future__ import annotations

from typing import Final

_CONTENT_POLICY: Final = (
    "default-src 'self'; connect-src 'self' ws: wss:; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
"""No inline script and no inline style; WebSockets to any host, because older browsers don't count them to 'self'."""

PAGE_HEADERS: Final[list[tuple[bytes, bytes]]] = [
    (b"content-security-policy", _CONTENT_POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
]
"""For the browser app and every other page."""

DATA_HEADERS: Final[list[tuple[bytes, bytes]]] = [
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-store"),
]
"""For the API: data of one user, never to be shown as a page or kept by a cache."""

POLLING_HEADERS: Final[list[tuple[bytes, bytes]]] = [(b"x-content-type-options", b"nosniff")]
"""For long-polling, where every byte is sent with every message."""
