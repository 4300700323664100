"""What an operator may set of the connections."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote

from msgspec import Struct
from msgspec.structs import force_setattr

OWN_PATHS: Final = frozenset({"/ws", "/sse", "/poll"})
"""Where the native wire is."""

_COOKIE_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]*")  # a token of RFC 9110 section 5.6.2


def path_complaint(path: str) -> str | None:
    """Why no request can ever have this path; None: one can. Paths are compared percent-decoded."""
    if not path.startswith("/"):
        return "must begin with a slash"
    if "?" in path or "#" in path:
        return "must not hold a question mark or a number sign, which end a path"
    if any(ord(character) < 0x20 or ord(character) == 0x7F for character in path):
        return "must not hold control characters"
    if unquote(path) != path:
        return "must be written without percent-encoding"
    return None


class GatewaySettings(Struct, frozen=True):
    """Limits and times of every connection.

    Attributes:
        heartbeat_seconds: the server pings each connection this often (Engine.IO's pingInterval).
        heartbeat_timeout_seconds: a connection without an answer for this long after a ping is closed.
        message_bytes: the longest message, and the longest long-polling body, that a client may send.
        write_buffer_bytes: unsent bytes after which a connection counts as lagging. One event may be larger.
        handshake_seconds: time for every request head, and for a Socket.IO client's CONNECT.
        request_line_bytes: the longest request line, and so path and query.
        header_bytes: all headers of a request together; a trailer may have as much again.
        header_count: how many headers a request may have.
        stalled_seconds: who neither sends the body that it announced nor reads its answer is cut off after this time,
            at most twice as late.
        least_bytes_per_second: slower than this is not at all.
        strangers_per_address: connections of one address that have not said who they are, at a time. 0: any number.
        waiting_bytes_per_address: what may wait for all clients of one address that do not read. Above, those that
            have read nothing for some seconds are ended. 0: any number.
        work_per_second: how much one connection may ask for on average, in units: a small command is one, each KiB of
            it one more, an unexpected control frame 10, a refused command 100. Twice as much may come at once. Above
            it the connection is read more slowly. 0: no limit.
        compression: accept permessage-deflate from WebSocket clients that offer it. A message is then compressed
            once for all members of a room that want it.
        compression_from_bytes: shorter messages are not compressed: it would hardly make them smaller.
        allowed_origins: Origins that browsers may use long-polling from, besides the server's own; "*": any.
        trusted_proxies: addresses and networks of reverse proxies whose X-Forwarded-For and X-Forwarded-Proto tell who
            the client is. Empty: nobody's.
        engine_path: where Engine.IO is; slashes at both ends are added.
        engine_cookie: name of a cookie that carries the session's id, for balancers that route by it. Empty: none.
    """

    heartbeat_seconds: float = 25.0
    heartbeat_timeout_seconds: float = 20.0
    message_bytes: int = 65536
    write_buffer_bytes: int = 1024 * 1024
    handshake_seconds: float = 10.0
    request_line_bytes: int = 8192
    header_bytes: int = 16384
    header_count: int = 100
    stalled_seconds: float = 15.0
    least_bytes_per_second: int = 500
    strangers_per_address: int = 5_000
    waiting_bytes_per_address: int = 67_108_864
    work_per_second: float = 0.0
    compression: bool = False
    compression_from_bytes: int = 64
    allowed_origins: tuple[str, ...] = ()
    trusted_proxies: tuple[str, ...] = ("127.0.0.1", "::1")
    engine_path: str = "/socket.io/"
    engine_cookie: str = ""

    def __post_init__(self) -> None:
        """Raises ValueError for a path or a cookie that no client could ever use."""
        path = f"/{self.engine_path.strip('/')}/"
        if path == "//":
            raise ValueError("engine_path is '/', which would leave no path for anything else")
        complaint = path_complaint(path)
        if path[:-1] in OWN_PATHS:
            complaint = "is where the native wire is"
        if complaint is not None:
            raise ValueError(f"engine_path {self.engine_path!r} {complaint}")
        force_setattr(self, "engine_path", path)
        if not _COOKIE_NAME.fullmatch(self.engine_cookie):
            raise ValueError(f"engine_cookie {self.engine_cookie!r} is no name that a cookie can have")
