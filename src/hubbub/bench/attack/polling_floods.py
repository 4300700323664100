"""Floods of requests that belong to connections without a WebSocket."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator

from hubbub.bench.dialects import Step
from hubbub.bench.seed import token

from .people import PIT, attacker
from .request_floods import flood, get
from .script import FEW, Attack, Script, over_and_over

_KEY, _SID = rb'"key":"([^"]+)"', rb'"sid":"([^"]+)"'
_BODY_BYTES = 60_000
_TYPING = json.dumps({"type": "typing", "room": PIT}, separators=(",", ":"))
_EVENT = f'42["typing",{{"room":"{PIT}"}}]'


def _post(target: str, body: str) -> bytes:
    return (
        f"POST {target} HTTP/1.1\r\nHost: bench\r\nContent-Type: text/plain;charset=UTF-8\r\n"
        f"Content-Length: {len(body)}\r\n\r\n{body}"
    ).encode()


def _polling(line: str) -> Callable[[int, int], Script]:
    """A long-polling connection whose bodies hold this line as often as it goes in."""
    body = (line + "\n") * (_BODY_BYTES // (len(line) + 1))

    def load(seen: bytes) -> Iterator[bytes]:
        return over_and_over(_post("/poll/" + _found(_KEY, seen), body))(seen)

    def script(number: int, connections: int) -> Script:
        bearer = f"Authorization: Bearer {token(attacker(number))}\r\n"
        return Script(get("/poll", bearer), (Step(b'"}'),), load)

    return script


def _engine(packet: str) -> Callable[[int, int], Script]:
    """An Engine.IO session whose bodies hold this packet as often as it goes in."""
    body = "\x1e".join([packet] * (_BODY_BYTES // (len(packet) + 1)))

    def script(number: int, connections: int) -> Script:
        connect = "40" + json.dumps({"token": token(attacker(number))})

        def load(seen: bytes) -> Iterator[bytes]:
            target = "/socket.io/?EIO=4&transport=polling&sid=" + _found(_SID, seen)
            yield _post(target, connect)
            yield from over_and_over(_post(target, body))(seen)

        return Script(get("/socket.io/?EIO=4&transport=polling"), (Step(b"maxPayload"),), load)

    return script


def _found(pattern: bytes, seen: bytes) -> str:
    found = re.search(pattern, seen)
    return found[1].decode() if found else "nobody"


POLLING_FLOODS = (
    Attack("poll-bodies", "long-polling bodies full of typing", _polling(_TYPING), connections=FEW),
    Attack("poll-errors", "long-polling bodies full of bad JSON", _polling("{"), connections=FEW),
    Attack("engine-bodies", "Engine.IO bodies full of typing", _engine(_EVENT), connections=FEW),
    Attack("engine-pongs", "Engine.IO bodies full of pongs", _engine("3"), connections=FEW),
    Attack("poll-opens", "long-polling connections never polled", flood(get("/poll")), connections=FEW),
    Attack("poll-keys", "polls of connections that are none", flood(get("/poll/nobody")), connections=FEW),
)
