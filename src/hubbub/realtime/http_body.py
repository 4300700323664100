"""Reading requests of the HTTP transports."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]


class ClientGone(Exception):
    """The client hung up in the middle of its request."""


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
