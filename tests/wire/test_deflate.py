"""permessage-deflate: every message by itself, bounded."""

from __future__ import annotations

import os
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubbub.wire.deflate import CorruptError, Deflate, TooBigError, compress, decompress, negotiate
from hubbub.wire.upgrade import Request
from hubbub.wire.websocket import BINARY, PING, RSV1, TEXT, Decoder, frame, framer, masked_frame


def offer(*values: str) -> Deflate | None:
    return negotiate(Request("GET", "/", "HTTP/1.1", {"sec-websocket-extensions": ", ".join(values)}))


@pytest.mark.parametrize(
    ("value", "accepted"),
    [
        ("permessage-deflate", True),
        ("permessage-deflate; client_max_window_bits", True),
        ("permessage-deflate; client_max_window_bits=10", True),
        ('permessage-deflate; server_max_window_bits="15"', True),
        ("permessage-deflate; server_no_context_takeover; client_no_context_takeover", True),
        ("permessage-deflate; server_max_window_bits=10", True),
        ("permessage-deflate; server_max_window_bits=8", False),
        ("permessage-deflate; server_max_window_bits=16", False),
        ("permessage-deflate; server_max_window_bits", False),
        ("permessage-deflate; client_max_window_bits=7", False),
        ("permessage-deflate; server_no_context_takeover=1", False),
        ("permessage-deflate; server_no_context_takeover; server_no_context_takeover", False),
        ("permessage-deflate; something_new", False),
        ("x-webkit-deflate-frame", False),
        ("", False),
    ],
)
def test_offers(value: str, accepted: bool) -> None:
    assert (offer(value) is not None) is accepted


def test_a_later_offer_may_be_the_one() -> None:
    assert offer("permessage-deflate; server_max_window_bits=8", "permessage-deflate") == Deflate(15)
    assert not negotiate(Request("GET", "/", "HTTP/1.1", {}))


def test_a_smaller_window_is_promised_in_the_answer_and_kept() -> None:
    agreed = offer("permessage-deflate; server_max_window_bits=9")
    assert agreed == Deflate(9)
    assert agreed.response.endswith("; server_max_window_bits=9")
    assert "server_max_window_bits" not in Deflate().response
    far_apart = os.urandom(600) * 3  # what repeats lies beyond a window of 512 bytes
    sent = framer(agreed, 0)(BINARY, far_apart)
    assert len(sent) > 3 * 600 > len(framer(Deflate(), 0)(BINARY, far_apart))
    small_window = zlib.decompressobj(-9)
    assert small_window.decompress(sent[4:] + b"\x00\x00\xff\xff") == far_apart


@given(st.binary(max_size=3000), st.integers(9, 15))
def test_round_trip(payload: bytes, window_bits: int) -> None:
    assert decompress(compress(payload, window_bits), 3000) == payload


def test_a_bomb_is_not_inflated_beyond_the_limit() -> None:
    bomb = compress(b"0" * 10_000_000)
    assert len(bomb) < 10_000
    with pytest.raises(TooBigError):
        decompress(bomb, 1000)
    decoder = Decoder(100_000, deflate=True)
    assert decoder.feed(masked_frame(BINARY | RSV1, bomb, b"mask")) == []
    assert decoder.failure is not None
    assert decoder.failure.code == 1009


@pytest.mark.parametrize(
    ("opcode", "payload", "code"),
    [
        (TEXT, b"\xff\xff\xff", 1007),
        (TEXT, compress(b"\xff"), 1007),
        (PING, compress(b"x"), 1002),
    ],
)
def test_violations(opcode: int, payload: bytes, code: int) -> None:
    decoder = Decoder(1000, deflate=True)
    decoder.feed(masked_frame(opcode | RSV1, payload, b"mask"))
    assert decoder.failure is not None
    assert decoder.failure.code == code


def test_what_is_no_compressed_data_is_corrupt() -> None:
    with pytest.raises(CorruptError):
        decompress(b"\xff\xff", 10)


def test_compression_needs_negotiation_and_its_bit_on_the_first_frame() -> None:
    plain = Decoder(1000)
    plain.feed(masked_frame(TEXT | RSV1, compress(b"x"), b"mask"))
    assert plain.failure is not None
    data = compress(("é" * 200).encode())
    decoder = Decoder(1000, deflate=True)
    stream = (
        masked_frame(TEXT | RSV1, data[:3], b"abcd", final=False)
        + masked_frame(PING, b"!", b"abcd")
        + masked_frame(0, data[3:], b"efgh")
        + masked_frame(TEXT, b"plain", b"abcd")
        + masked_frame(TEXT | RSV1, compress(b""), b"abcd")
    )
    got = [message for at in range(len(stream)) for message in decoder.feed(stream[at : at + 1])]
    assert got == [(PING, b"!"), (TEXT, ("é" * 200).encode()), (TEXT, b"plain"), (TEXT, b"")]
    decoder.feed(masked_frame(TEXT | RSV1, data, b"abcd", final=False) + masked_frame(RSV1, b"", b"abcd"))
    assert decoder.failure is not None
    assert decoder.failure.code == 1002


def test_an_empty_compressed_frame() -> None:
    decoder = Decoder(1000, deflate=True)
    assert decoder.feed(masked_frame(TEXT | RSV1, b"", b"abcd")) == [(TEXT, b"")]


@given(st.binary(max_size=400))
def test_what_we_send_arrives(payload: bytes) -> None:
    sent = framer(Deflate(), 64)(BINARY, payload)
    assert Decoder(1000, masked=False, deflate=True).feed(sent) == [(BINARY, payload)]
    if len(payload) < 64:
        assert sent == frame(BINARY, payload) == framer(None, 0)(BINARY, payload)


@given(st.binary(max_size=200), st.integers(1, 50))
def test_arbitrary_bytes_raise_nothing(payload: bytes, step: int) -> None:
    decoder = Decoder(1000, deflate=True)
    stream = masked_frame(TEXT | RSV1, payload, os.urandom(4)) + payload
    for at in range(0, len(stream), step):
        decoder.feed(stream[at : at + step])


def test_each_message_stands_alone() -> None:
    text = b"the same words again " * 20
    assert compress(text) == compress(text)
    assert zlib.decompressobj(-15).decompress(compress(text) + b"\x00\x00\xff\xff") == text
