"""The opening handshake of a WebSocket (RFC 6455 section 4), a server's side, without input or output."""

from __future__ import annotations

import binascii
import hashlib
from base64 import b64decode, b64encode
from collections.abc import Sequence
from http import HTTPStatus

from msgspec import Struct

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_TOKEN = frozenset("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")


class Request(Struct, frozen=True):
    """The head of an HTTP/1.1 request.

    Attributes:
        target: path and query as they stood in the request line.
        headers: names in lower case; the values of a repeated header joined by ", " (RFC 9110 section 5.3).
    """

    method: str
    target: str
    version: str
    headers: dict[str, str]


class Refusal(Exception):
    """Not a handshake that can be accepted. `response` is the whole HTTP answer; the connection closes after it."""

    def __init__(self, status: HTTPStatus, text: str, headers: Sequence[tuple[str, str]] = ()) -> None:
        self.status = status
        body = text.encode() + b"\n"
        lines = [
            f"HTTP/1.1 {int(status)} {status.phrase}",
            "Content-Type: text/plain; charset=utf-8",
            f"Content-Length: {len(body)}",
            "Connection: close",
            *(f"{name}: {value}" for name, value in headers),
        ]
        self.response = "\r\n".join(lines).encode() + b"\r\n\r\n" + body
        super().__init__(f"{int(status)} {text}")


def parse_request(head: bytes) -> Request:
    """Parse a request's head, given without the empty line that ends it. Raises Refusal (400)."""
    try:
        first, *rest = head.decode("latin-1").split("\r\n")
        method, target, version = first.split(" ")
    except ValueError:
        raise Refusal(HTTPStatus.BAD_REQUEST, "bad request line") from None
    headers: dict[str, str] = {}
    for line in rest:
        name, colon, value = line.partition(":")
        if not colon or not name or not _TOKEN.issuperset(name):
            raise Refusal(HTTPStatus.BAD_REQUEST, "bad header")
        name, value = name.lower(), value.strip(" \t")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return Request(method, target, version, headers)


def tokens(value: str) -> list[str]:
    """The elements of a comma-separated header value, in lower case."""
    return [token.strip(" \t").lower() for token in value.split(",") if token.strip(" \t")]


def wants_upgrade(request: Request) -> bool:
    """Whether this request asks for a WebSocket at all (sound or not)."""
    return "websocket" in tokens(request.headers.get("upgrade", ""))


def accept(
    request: Request,
    subprotocols: Sequence[str] = (),
    *,
    extensions: str | None = None,
    headers: Sequence[tuple[str, str]] = (),
) -> tuple[bytes, str | None]:
    """Check the handshake (section 4.2.1) and make the answer (section 4.2.2).

    Args:
        request: what the client sent.
        subprotocols: those that this endpoint speaks; the client's first known one is chosen.
        extensions: the negotiated ones, as the answer names them; None: none.
        headers: further ones for the answer.

    Returns:
        The 101 response, and the chosen subprotocol or None.

    Raises:
        Refusal: 400, 405, or 426 with the version that we speak.
    """
    given = request.headers
    if request.method != "GET":
        raise Refusal(HTTPStatus.METHOD_NOT_ALLOWED, "a WebSocket begins with GET", [("Allow", "GET")])
    if request.version != "HTTP/1.1":
        raise Refusal(HTTPStatus.BAD_REQUEST, "a WebSocket needs HTTP/1.1")
    if not wants_upgrade(request) or "upgrade" not in tokens(given.get("connection", "")):
        raise Refusal(HTTPStatus.UPGRADE_REQUIRED, "a WebSocket is expected here", [("Upgrade", "websocket")])
    if not given.get("host"):
        raise Refusal(HTTPStatus.BAD_REQUEST, "Host is missing")
    if given.get("sec-websocket-version") != "13":
        raise Refusal(
            HTTPStatus.UPGRADE_REQUIRED,
            "WebSocket version 13 is needed",
            [("Sec-WebSocket-Version", "13"), ("Upgrade", "websocket")],
        )
    key = given.get("sec-websocket-key", "")
    if not _sound_key(key):
        raise Refusal(HTTPStatus.BAD_REQUEST, "Sec-WebSocket-Key is not 16 bytes in base64")
    offered = [p.strip(" \t") for p in given.get("sec-websocket-protocol", "").split(",")]
    chosen = next((p for p in offered if p in subprotocols), None)
    lines = [
        "HTTP/1.1 101 Switching Protocols",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Accept: {accept_value(key)}",
    ]
    if chosen is not None:
        lines.append(f"Sec-WebSocket-Protocol: {chosen}")
    if extensions is not None:
        lines.append(f"Sec-WebSocket-Extensions: {extensions}")
    lines += [f"{name}: {value}" for name, value in headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n", chosen


def accept_value(key: str) -> str:
    """The proof that the server understood the handshake (section 4.2.2, step 5.4)."""
    return b64encode(hashlib.sha1(key.encode("latin-1") + _GUID, usedforsecurity=False).digest()).decode()


def _sound_key(key: str) -> bool:
    try:
        return len(b64decode(key, validate=True)) == 16
    except (binascii.Error, ValueError):
        return False
