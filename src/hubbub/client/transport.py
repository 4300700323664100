"""The seam between a client and the ways to a server: WebSocket, Server-Sent Events, long-polling."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from enum import StrEnum
from typing import Final, Protocol
from urllib.parse import urlsplit, urlunsplit

from msgspec import Struct

from hubbub.errors import CloseCode, HubbubError, Unauthenticated

from .failures import ConnectionLost, Rejected, come_back
from .wires import Wire

MESSAGE_BYTES: Final = 32 * 2**20
"""The longest message of a server: a page of 200 messages of 16 KB, every character escaped, is 20 MB."""

ABNORMAL: Final = 1006
"""RFC 6455 section 7.1.5: the connection broke off without a close code."""

_SOCKET_PATH: Final = "/ws"
_TRY_LATER: Final = frozenset({408, 425, 429})


class TransportName(StrEnum):
    """The best one first."""

    WEBSOCKET = "websocket"
    SSE = "sse"
    POLLING = "polling"


class Obstacle(StrEnum):
    """Why a transport does not work here, although something is at the server's address."""

    REFUSED = "refused"
    """It was not opened: something answered otherwise, or broke it off."""

    SILENT = "silent"
    """It was opened and swallows what passes, or holds it back; or nothing answered in time."""


class Ending(Struct, frozen=True):
    """How a connection, or the attempt to make one, ended.

    Attributes:
        again: the client should come back by itself.
        restart: the server, which restarts, asked it to.
    """

    error: HubbubError
    again: bool
    obstacle: Obstacle | None = None
    restart: bool = False


class Refused(Exception):
    """No connection was made. Without an obstacle another transport would fare no better."""

    def __init__(self, error: HubbubError, *, again: bool = True, obstacle: Obstacle | None = None) -> None:
        self.ending = Ending(error, again, obstacle)
        super().__init__(error.message)


class Place(Struct, frozen=True):
    """Where a server is, and how it is reached.

    Attributes:
        socket: the WebSocket's address.
        http: what the paths of its HTTP transports are put behind, without a slash at the end.
        query: of the opening request, with its "?"; or empty.
        tls: None: it is not https.
        keepalive_seconds: a connection without a sign of life for so long counts as lost; the transports over HTTP
            take twice the server's heartbeat instead, for they can't ask for one.
    """

    socket: str
    http: str
    query: str
    tls: ssl.SSLContext | None
    keepalive_seconds: float


def place(url: str, tls: ssl.SSLContext | None = None, keepalive_seconds: float = 20.0) -> Place:
    """A server's addresses: `http://host` and `ws://host/ws` name the same.

    Raises:
        ValueError: it is no http, https, ws or wss URL.
    """
    parts = urlsplit(url)
    secure = {"http": False, "https": True, "ws": False, "wss": True}.get(parts.scheme)
    if secure is None or not parts.hostname:
        raise ValueError(f"not a server's URL: {url!r} (expected http://HOST or https://HOST)")
    base = parts.path.rstrip("/").removesuffix(_SOCKET_PATH)
    socket = urlunsplit(("wss" if secure else "ws", parts.netloc, base + _SOCKET_PATH, parts.query, ""))
    http = urlunsplit(("https" if secure else "http", parts.netloc, base, "", ""))
    context = (tls or ssl.create_default_context()) if secure else None
    return Place(socket, http, f"?{parts.query}" if parts.query else "", context, keepalive_seconds)


class Transport(Protocol):
    """One open connection to the server, over which the first frame has come. It is signed in.

    Attributes:
        name: which kind.
        wire: how commands and frames are written here.
        first: the first frame; `run` gives it, too.
    """

    name: TransportName
    wire: Wire
    first: bytes | None

    def post(self, frame: bytes) -> None:
        """Send a command after those posted before; never waits. What is posted to an ended connection is lost."""
        ...

    def expect(self, heartbeat_seconds: float, frame_bytes: int) -> None:
        """The server gives a sign of life this often, and takes so many bytes at once."""
        ...

    async def run(self, receive: Callable[[bytes], None]) -> Ending:
        """Hand each frame to `receive`, in order, until the connection ends."""
        ...

    def sockets(self) -> list[asyncio.BaseTransport]:
        """The TCP connections that it uses now: for tools that break or hold them to see what happens."""
        ...

    async def close(self) -> None:
        """Write out what was posted, then say goodbye. Never raises; harmless when the connection has ended."""
        ...


def closed(code: int, reason: str) -> Ending:
    """The server ended the connection with this code, or it broke off (1006)."""
    error = ConnectionLost(f"The connection was closed ({code}{f': {reason}' if reason else ''}).")
    return Ending(error, again=come_back(code), restart=code == CloseCode.SERVER_RESTART)


def refused(status: int, what: str) -> Refused:
    """Something answered with this HTTP status instead of opening `what`."""
    if status in {401, 403}:
        error: HubbubError = Unauthenticated(f"The server refused the connection (HTTP {status}).")
        return Refused(error, again=False, obstacle=Obstacle.REFUSED)
    again = status < 400 or status >= 500 or status in _TRY_LATER  # below 400: a network's page for signing in to it
    return Refused(Rejected(f"The server refused {what} (HTTP {status})."), again=again, obstacle=Obstacle.REFUSED)


def unreachable(failure: Exception) -> ConnectionLost:
    """What kept us from the server's address, for people."""
    if isinstance(failure, TimeoutError):
        return ConnectionLost("The server did not answer in time.")
    if isinstance(failure, ConnectionRefusedError):
        return ConnectionLost("Nothing listens at the server's address.")
    if isinstance(failure, OSError):
        return ConnectionLost(f"The server can't be reached: {failure.strerror or failure}.")
    return ConnectionLost(f"The server did not answer as expected: {failure}.")
