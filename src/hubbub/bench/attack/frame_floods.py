"""Floods of frames that are no commands: of the WebSocket protocol, of Engine.IO, and what can't be read."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Iterator

from hubbub.bench.seed import token

from .script import FEW, Attack, Script, over_and_over
from .sockets import (
    DEFLATE,
    MASKER,
    command,
    compressed,
    fragment,
    joined,
    native,
    socketio,
    socketio_connected,
    upgrade,
    upgraded,
)

_TEXT, _BINARY, _CONTINUATION, _PING = 1, 2, 0, 9
_MESSAGE_BYTES = 65_536  # the default limit
_BAD_JSON = MASKER.frame(b"{")
_DEEP_MAP = MASKER.frame(b"\x81\x01" + b"\x91" * 60_000, _BINARY)


def _stranger(piece: bytes, headers: str = "") -> Callable[[int, int], Script]:
    """Somebody who never signs in sends this without end."""
    load = over_and_over(piece)

    def script(number: int, connections: int) -> Script:
        return Script(upgrade(headers=headers), upgraded(), load)

    return script


def _socketio(piece: bytes) -> Callable[[int, int], Script]:
    load = over_and_over(piece)

    def script(number: int, connections: int) -> Script:
        return Script(socketio(number), socketio_connected(number), load)

    return script


def _empty_fragments(number: int, connections: int) -> Script:
    """A message that goes on and on without a byte."""

    def load(seen: bytes) -> Iterator[bytes]:
        yield fragment(_TEXT, b"")
        yield from over_and_over(fragment(_CONTINUATION, b""))(seen)

    return Script(upgrade(), upgraded(), load)


def _tiny_fragments() -> bytes:
    """A message just below the limit in fragments of one byte: no JSON, so that it is refused and the next one goes."""
    middle = fragment(_CONTINUATION, b"x") * (_MESSAGE_BYTES - 100)
    return fragment(_TEXT, b"x") + middle + fragment(_CONTINUATION, b"x", final=True)


def _hit_and_run(number: int, connections: int) -> Script:
    """So much bad JSON as goes out at once, and away: nobody remembers who it was."""
    return Script(upgrade(), upgraded(), lambda seen: iter([_BAD_JSON * 9_000]), hangs_up=True)


def _unread(piece: bytes) -> Callable[[int, int], Script]:
    """What asks for answers, which nobody reads."""
    load = over_and_over(piece)

    def script(number: int, connections: int) -> Script:
        return Script(upgrade(), upgraded(), load, reads=False)

    return script


def _compact(piece: bytes) -> Callable[[int, int], Script]:
    load = over_and_over(piece)

    def script(number: int, connections: int) -> Script:
        return Script(upgrade(headers="Sec-WebSocket-Protocol: hubbub.v1.msgpack\r\n"), upgraded(), load)

    return script


def _wide() -> bytes:
    """An object with as many fields as go into a message."""
    return MASKER.frame(json.dumps({f"{n}": 0 for n in range(6_000)}, separators=(",", ":")).encode())


def _deflated(size: int) -> bytes:
    """A frame of a message that inflates to so many bytes (RFC 7692 section 7.2.1)."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    text = json.dumps({"type": "auth", "ref": 1, "token": "x"}).encode()
    data = packer.compress(text + b" " * (size - len(text))) + packer.flush(zlib.Z_SYNC_FLUSH)
    return compressed(data[:-4])


def _random_tokens() -> bytes:
    return b"".join(command(type="auth", ref=n, token=token(10_000 + n)) for n in range(2_000))


def _typing(number: int, connections: int) -> Script:
    return Script(native(number), joined(number), over_and_over(command(type="typing", room="pit")))


FRAME_FLOODS = (
    Attack("ping", "pings, not signed in", _stranger(MASKER.frame(b"", _PING))),
    Attack("empty-fragments", "empty fragments", _empty_fragments),
    Attack("tiny-fragments", "1-byte fragments", _stranger(_tiny_fragments())),
    Attack("acks", "Socket.IO acks nobody asked for", _socketio(MASKER.frame(b"431[]"))),
    Attack("pongs", "Engine.IO pongs", _socketio(MASKER.frame(b"3"))),
    Attack("typing", "typing without ref", _typing),
    Attack("bad-json", "bad JSON", _stranger(_BAD_JSON)),
    Attack("auth", "auth with random tokens", _stranger(_random_tokens())),
    Attack(
        "bomb",
        "compressed, up to the limit",
        _stranger(_deflated(_MESSAGE_BYTES - 100), DEFLATE),
        arguments=("--compression", "true"),
    ),
    Attack(
        "big-bomb", "compressed, 16 MB", _stranger(_deflated(16_000_000), DEFLATE), arguments=("--compression", "true")
    ),
    Attack("crowd-errors", "bad JSON by a crowd", _stranger(_BAD_JSON), connections=(1_000,)),
    Attack("hit-and-run", "bad JSON, and away", _hit_and_run, connections=FEW),
    Attack("unread-pings", "long pings, pongs not read", _unread(MASKER.frame(b"x" * 125, _PING)), connections=FEW),
    Attack("unread-errors", "bad JSON, errors not read", _unread(_BAD_JSON), connections=FEW),
    Attack("deep-json", "deep JSON", _stranger(MASKER.frame(b'{"a":' + b"[" * 60_000)), connections=FEW),
    Attack("wide-json", "JSON of 6,000 fields", _stranger(_wide()), connections=FEW),
    Attack(
        "deep-msgpack",
        "deep MessagePack",
        _compact(MASKER.frame(b"\x81\x01" + b"\x91" * 60_000, _BINARY)),
        connections=FEW,
    ),
    Attack("events", "unknown Socket.IO events", _socketio(MASKER.frame(b'42["x"]')), connections=FEW),
    Attack("namespaces", "CONNECTs to namespaces that are none", _socketio(MASKER.frame(b"40/x,")), connections=FEW),
    Attack("probes", "Engine.IO probes", _socketio(MASKER.frame(b"2probe")), connections=FEW),
)
