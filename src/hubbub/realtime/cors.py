"""Letting pages of other origins use the HTTP transports, when the operator allowed it (Fetch Standard, CORS)."""

from __future__ import annotations

from collections.abc import Collection

Headers = list[tuple[bytes, bytes]]


def cors_headers(headers: dict[str, str], allowed: Collection[str]) -> Headers:
    """For the response to a request with these headers. `allowed`: origins; "*": any."""
    origin = headers.get("origin")
    if origin is None or not allowed:
        return []
    if origin in allowed or "*" in allowed:
        return [
            (b"access-control-allow-origin", origin.encode("latin-1")),
            (b"access-control-allow-credentials", b"true"),
            (b"vary", b"Origin"),
        ]
    return [(b"vary", b"Origin")]


def preflight_headers(headers: dict[str, str], methods: bytes) -> Headers:
    """What an OPTIONS request asks for."""
    asked = headers.get("access-control-request-headers", "content-type")
    return [
        (b"access-control-allow-methods", methods),
        (b"access-control-allow-headers", asked.encode("latin-1")),
        (b"access-control-max-age", b"600"),
    ]
