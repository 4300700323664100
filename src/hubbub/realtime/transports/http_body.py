"""Reading requests of the HTTP transports."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]


class ClientGone(Exception):
    """The client hung up in the middle of its request."""


def headers_of(scope: MutableMapping[str, Any]) -> dict[str, str]:
    """Names in lower case; repeated headers joined by ", " (RFC 9110 section 5.3), as of a WebSocket's handshake."""
    found: dict[str, str] = {}
    for name, value in scope["headers"]:
        key, text = name.decode("latin-1"), value.decode("latin-1")
        found[key] = f"{found[key]}, {text}" if key in found else text
    return found


async def read_body(headers: dict[str, str], receive: Receive, limit_bytes: int) -> bytes | None:
    """The request's body; None when it is longer than allowed. Raises ClientGone."""
    length = headers.get("content-length", "")
    if length.isdecimal() and int(length) > limit_bytes:
        return None
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        chunk: bytes = message.get("body", b"")
        size += len(chunk)
        if size > limit_bytes:
            return None
        chunks.append(chunk)
        if not message.get("more_body"):
            return b"".join(chunks)


async def hangup(receive: Receive) -> None:
    """Return when the client has gone."""
    while (await receive())["type"] != "http.disconnect":
        pass
