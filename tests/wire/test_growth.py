"""What a client sends more of costs in proportion: eight times as many bytes, about eight times the work."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hubbub.vocabulary import Command
from hubbub.vocabulary.keys import FIELD_KEYS, TYPE_KEYS
from hubbub.wire import engineio
from hubbub.wire.compact import NativeMessagePack
from hubbub.wire.native import NativeJson
from hubbub.wire.rejection import CommandError
from hubbub.wire.upgrade import parse_request
from hubbub.wire.websocket import BINARY, CONTINUATION, PING, Decoder, masked_frame
from tests.support.growth import FACTOR, Stopwatch, check

LIMIT_BYTES = 65_536
JSON = NativeJson(Command)
COMPACT = NativeMessagePack(Command, FIELD_KEYS, TYPE_KEYS)


def frames(size: int, payload: bytes) -> bytes:
    """One message in so many fragments."""
    first = masked_frame(BINARY, payload, b"mask", final=False)
    return first + masked_frame(CONTINUATION, payload, b"mask", final=False) * size


def fed_at_once(size: int, payload: bytes) -> None:
    Decoder(LIMIT_BYTES).feed(frames(size, payload))


def fed_byte_by_byte(size: int) -> None:
    decoder = Decoder(LIMIT_BYTES)
    data = masked_frame(BINARY, bytes(size), b"mask")
    for index in range(len(data)):
        decoder.feed(data[index : index + 1])


def rejected(decode: Callable[[bytes], object], data: bytes) -> None:
    with pytest.raises(CommandError):
        decode(data)


CASES: dict[str, tuple[Callable[[int], object], int]] = {
    "fragments": (lambda size: fed_at_once(size, b"x"), 500),
    "empty fragments": (lambda size: fed_at_once(size, b""), 500),
    "pings": (lambda size: Decoder(LIMIT_BYTES).feed(masked_frame(PING, b"x", b"mask") * size), 500),
    "single bytes": (fed_byte_by_byte, 500),
    "packets of a poll": (lambda size: engineio.decode_payload(b"\x1e".join([b"4x"] * size)), 1_000),
    "different headers": (
        lambda size: parse_request(b"GET / HTTP/1.1\r\n" + b"\r\n".join(b"h%d: x" % n for n in range(size))),
        200,
    ),
    "one header again and again": (
        lambda size: parse_request(b"GET / HTTP/1.1\r\n" + b"\r\n".join([b"h: some value"] * size)),
        500,
    ),
    "fields of a command": (
        lambda size: rejected(JSON.decode, b'{"type":"?",%s}' % b",".join(b'"f%d":[]' % n for n in range(size))),
        500,
    ),
    "repeated fields": (lambda size: rejected(JSON.decode, b"{%s}" % b",".join([b'"type":"?"'] * size)), 500),
    "brackets": (lambda size: rejected(JSON.decode, b"[" * size), 4_000),
    "an unfinished string": (lambda size: rejected(JSON.decode, b'{"type":"' + b"\\\\" * size), 4_000),
    "packed keys": (
        lambda size: rejected(
            COMPACT.decode, b"\xdf" + size.to_bytes(4, "big") + b"".join(n.to_bytes(5, "big") for n in range(size))
        ),
        500,
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_more_input_costs_in_proportion(name: str) -> None:
    work, size = CASES[name]

    def seconds(size: int) -> float:
        watch = Stopwatch()
        with watch.running():
            for _ in range(10):
                work(size)
        return watch.seconds

    check([seconds(size) for _ in range(5)], [seconds(FACTOR * size) for _ in range(3)])
