"""Floods of HTTP requests, and requests that never end."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from itertools import count, repeat

from hubbub.bench.dialects import Step
from hubbub.bench.seed import token

from .people import NAMES, OWNER, PASSWORD, PIT, attacker
from .script import FEW, Attack, Script, over_and_over

_SLOW = 1_000
_SLOW_SECONDS = 1.0
_QUERY_BYTES = 60_000


def get(target: str, headers: str = "") -> bytes:
    """A request that keeps its connection (RFC 9112 section 9.3)."""
    return f"GET {target} HTTP/1.1\r\nHost: bench\r\n{headers}\r\n".encode()


def post(target: str, **fields: object) -> bytes:
    """A request with a JSON body."""
    return _with_body("POST", target, "", fields)


def _with_body(method: str, target: str, headers: str, fields: dict[str, object]) -> bytes:
    body = json.dumps(fields).encode()
    return (
        f"{method} {target} HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n{headers}"
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
    load = over_and_over(piece) if pause_seconds == 0 else lambda seen: repeat(piece)

    def script(number: int, connections: int) -> Script:
        return Script(opening, load=load, pause_seconds=pause_seconds)

    return script


def _right_passwords(number: int, connections: int) -> Script:
    request = post("/api/v1/sessions", name=NAMES[attacker(number)], password=PASSWORD)
    return Script(b"", load=over_and_over(request))


def _wrong_passwords(number: int, connections: int) -> Script:
    requests = [post("/api/v1/sessions", name=NAMES[OWNER], password=f"guess {number}-{n:04}") for n in range(500)]
    return Script(b"", load=over_and_over(b"".join(requests)))


def _sign_ups(number: int, connections: int) -> Script:
    """Accounts, as many as there can be."""

    def load(seen: bytes) -> Iterator[bytes]:
        for first in count(time.monotonic_ns(), 10):
            yield b"".join([post("/api/v1/accounts", name=f"m{first + n}", password=PASSWORD) for n in range(10)])

    return Script(b"", load=load)


def _signed_in(target: str, *, reads: bool = True) -> Callable[[int, int], Script]:
    """A GET by a signed-in user."""

    def script(number: int, connections: int) -> Script:
        bearer = f"Authorization: Bearer {token(attacker(number))}\r\n"
        return Script(b"", load=over_and_over(get(target, bearer)), reads=reads)

    return script


def _renames(number: int, connections: int) -> Script:
    """A user who is called differently each time, in a room of 300."""
    bearer = f"Authorization: Bearer {token(attacker(number))}\r\n"
    names = (f"Name {n}" for n in range(1_000))
    requests = [_with_body("PATCH", "/api/v1/me", bearer, {"title": name}) for name in names]
    return Script(b"", load=over_and_over(b"".join(requests)))


def _spray(number: int, connections: int) -> Script:
    """One password for many names, most of which are nobody's."""
    requests = [post("/api/v1/sessions", name=f"u{number:02}{n:03}x", password=PASSWORD) for n in range(500)]
    return Script(b"", load=over_and_over(b"".join(requests)))


def _unread_asset(number: int, connections: int) -> Script:
    """The app's script, again and again, into a buffer that is full."""

    def load(seen: bytes) -> Iterator[bytes]:
        found = re.search(rb"/assets/[\w.-]+\.js", seen)
        return over_and_over(get(found[0].decode() if found else "/"))(seen)

    return Script(get("/"), (Step(b"</html>"),), load, reads=False)


def _random_bearers() -> bytes:
    return b"".join(get("/api/v1/me", f"Authorization: Bearer {token(10_000 + n)}\r\n") for n in range(1_000))


_CHUNKED = (
    b"POST /api/v1/sessions HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n"
)
_JOINS = "/sse?" + f"join={PIT}&" * 5_000
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
    Attack("sign-ups", "accounts made", _sign_ups, connections=FEW),
    Attack("spray", "one password for many names", _spray, connections=FEW, asks_password=True),
    Attack("renames", "names changed", _renames, connections=FEW),
    Attack("random-bearers", "REST with random tokens", flood(_random_bearers()), connections=FEW),
    Attack("rest-pages", "history by REST", _signed_in(f"/api/v1/rooms/{PIT}/events?limit=200"), connections=FEW),
    Attack("unread-asset", "the app's script, not read", _unread_asset, connections=FEW),
    Attack("readiness", "readiness checks", flood(get("/readyz")), connections=FEW),
    Attack("metrics", "metrics", flood(get("/metrics")), connections=FEW),
    Attack("not-found", "pages that are not there", flood(get("/nothing")), connections=FEW),
    Attack("headers", "8,000 headers a request", flood(get("/livez", "a: b\r\n" * 8_000)), connections=FEW),
    Attack("chunks", "a body in 1-byte chunks", _endless(_CHUNKED, b"1\r\nx\r\n"), connections=FEW),
    Attack(
        "sse-joins",
        "event streams that join 5,000 rooms",
        _signed_in("/sse?" + f"join={PIT}&" * 5_000),
        connections=FEW,
    ),
)
