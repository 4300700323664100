"""RFC 6455 frames: bytes in, messages out, however the network cut them."""

from __future__ import annotations

import sys
from collections.abc import Iterable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hubbub.errors import CloseCode
from hubbub.wire import websocket
from hubbub.wire.deflate import compress
from hubbub.wire.websocket import (
    BINARY,
    CLOSE,
    CONTINUATION,
    PING,
    PONG,
    RSV1,
    TEXT,
    Decoder,
    Opcode,
    apply_mask,
    close_code,
    close_frame,
    ends_with_close,
    frame,
    header,
    masked_frame,
)

from .strategies import MASK, cut, frame_streams, masks

LIMIT = 70_000

Message = tuple[int, bytes]


def client(opcode: int, payload: bytes = b"", *, final: bool = True, mask: bytes = MASK) -> bytes:
    return masked_frame(opcode, payload, mask, final=final)


def decoded(
    chunks: Iterable[bytes], *, limit_bytes: int = LIMIT, masked: bool = True
) -> tuple[list[Message], CloseCode | None]:
    """All messages of the chunks, and with which code the connection failed if it did."""
    decoder = Decoder(limit_bytes, masked=masked)
    messages = [message for chunk in chunks for message in decoder.feed(chunk)]
    return messages, None if decoder.failure is None else decoder.failure.code


def refused(data: bytes, *, limit_bytes: int = LIMIT, masked: bool = True) -> CloseCode | None:
    """The code with which the connection fails; nothing of `data` may have been a message."""
    messages, code = decoded([data], limit_bytes=limit_bytes, masked=masked)
    assert messages == []
    return code


# --- messages


@pytest.mark.parametrize("size", [0, 1, 3, 4, 5, 125, 126, 127, 255, 256, 65535, 65536, LIMIT])
@pytest.mark.parametrize("opcode", [TEXT, BINARY])
@pytest.mark.parametrize("step", [None, 1000, 65535])
def test_lengths_of_all_three_encodings(size: int, opcode: int, step: int | None) -> None:
    payload = (b"0123456789" * (size // 10 + 1))[:size]
    data = client(opcode, payload)
    chunks = [data] if step is None else [data[at : at + step] for at in range(0, len(data), step)]
    assert decoded(chunks) == ([(opcode, payload)], None)


def test_several_frames_in_one_read() -> None:
    data = client(TEXT, b"a") + client(PING, b"p") + client(BINARY, b"\xff") + client(PONG)
    assert decoded([data]) == ([(TEXT, b"a"), (PING, b"p"), (BINARY, b"\xff"), (PONG, b"")], None)


def test_a_message_in_fragments_with_control_frames_between() -> None:
    data = [
        client(TEXT, b"one ", final=False),
        client(PING, b"?"),
        client(CONTINUATION, b"two ", final=False),
        client(PONG, b"!"),
        client(CONTINUATION, b"", final=False),
        client(CONTINUATION, b"three"),
        client(BINARY, b"next"),
    ]
    expected = [(PING, b"?"), (PONG, b"!"), (TEXT, b"one two three"), (BINARY, b"next")]
    assert decoded(data) == (expected, None)
    assert decoded([b"".join(data)]) == (expected, None)


def test_a_close_frame_between_fragments_is_returned_and_ends_it() -> None:
    data = client(TEXT, b"half", final=False) + client(CLOSE, b"\x03\xe8")
    assert decoded([data]) == ([(CLOSE, b"\x03\xe8")], None)


def test_fragments_may_be_empty() -> None:
    data = client(TEXT, b"", final=False) + client(CONTINUATION, b"", final=False) + client(CONTINUATION, b"")
    assert decoded([data]) == ([(TEXT, b"")], None)


def test_a_decoder_does_not_keep_the_reader_s_buffer() -> None:
    decoder = Decoder(LIMIT)
    data = client(TEXT, b"hello") + client(TEXT, b"world")
    shared = bytearray(64)
    messages: list[Message] = []
    for at in range(0, len(data), 7):
        chunk = data[at : at + 7]
        shared[: len(chunk)] = chunk
        messages += decoder.feed(memoryview(shared)[: len(chunk)])
        shared[:] = b"\xee" * 64
    assert messages == [(TEXT, b"hello"), (TEXT, b"world")]
    shared.clear()  # raises BufferError if a view of it were still held


def test_a_failed_decoder_does_not_keep_the_reader_s_buffer() -> None:
    decoder = Decoder(LIMIT)
    shared = bytearray(client(TEXT, b"\xff"))
    decoder.feed(memoryview(shared))
    assert decoder.failure is not None
    shared.clear()


# --- violations


@pytest.mark.parametrize("bits", [0x40, 0x20, 0x10, 0x70])
def test_reserved_bits(bits: int) -> None:
    data = client(TEXT, b"a")
    assert refused(bytes([data[0] | bits]) + data[1:]) == CloseCode.PROTOCOL_ERROR


@pytest.mark.parametrize("opcode", [3, 4, 5, 6, 7, 11, 12, 13, 14, 15])
def test_reserved_opcodes(opcode: int) -> None:
    assert refused(client(opcode)) == CloseCode.PROTOCOL_ERROR


def test_a_client_must_mask_and_a_server_must_not() -> None:
    assert refused(frame(TEXT, b"a")) == CloseCode.PROTOCOL_ERROR
    assert refused(frame(PING, b"")) == CloseCode.PROTOCOL_ERROR
    assert refused(client(TEXT, b"a"), masked=False) == CloseCode.PROTOCOL_ERROR
    assert decoded([frame(TEXT, b"a")], masked=False) == ([(TEXT, b"a")], None)


@pytest.mark.parametrize("opcode", [CLOSE, PING, PONG])
def test_control_frames_are_short_and_whole(opcode: int) -> None:
    assert refused(client(opcode, b"\x03\xe8" + b"a" * 124)) == CloseCode.PROTOCOL_ERROR
    assert refused(client(opcode, b"\x03\xe8" + b"a" * 65536)) == CloseCode.PROTOCOL_ERROR
    assert refused(client(opcode, final=False)) == CloseCode.PROTOCOL_ERROR
    longest = b"\x03\xe8" + b"a" * 123
    assert decoded([client(opcode, longest)]) == ([(opcode, longest)], None)


def test_fragments_come_in_order() -> None:
    assert refused(client(CONTINUATION, b"a")) == CloseCode.PROTOCOL_ERROR
    assert refused(client(CONTINUATION, b"a", final=False)) == CloseCode.PROTOCOL_ERROR
    assert refused(client(TEXT, b"a", final=False) + client(TEXT, b"b")) == CloseCode.PROTOCOL_ERROR
    assert refused(client(TEXT, b"a", final=False) + client(BINARY, b"b")) == CloseCode.PROTOCOL_ERROR
    whole = client(TEXT, b"a", final=False) + client(CONTINUATION, b"b")
    assert decoded([whole + client(CONTINUATION, b"c")]) == ([(TEXT, b"ab")], CloseCode.PROTOCOL_ERROR)


def test_a_length_has_no_sign() -> None:
    assert refused(b"\x82\xff" + b"\x80" + b"\x00" * 7 + MASK) == CloseCode.PROTOCOL_ERROR


def test_what_stood_before_a_violation_counts_and_nothing_after() -> None:
    decoder = Decoder(LIMIT)
    assert decoder.feed(client(TEXT, b"a") + client(3) + client(TEXT, b"b")) == [(TEXT, b"a")]
    assert decoder.failure is not None
    assert decoder.failure.code == CloseCode.PROTOCOL_ERROR
    assert "opcode" in decoder.failure.reason
    assert decoder.feed(client(TEXT, b"c")) == []


@pytest.mark.parametrize("cut", [None, 1, 2, 5, 9])
def test_a_message_over_the_limit_is_refused_before_it_is_buffered(cut: int | None) -> None:
    data = client(BINARY, b"a" * 11)
    assert decoded([data] if cut is None else [data[:cut], data[cut:]], limit_bytes=10) == ([], CloseCode.TOO_BIG)
    assert refused(data[:6], limit_bytes=10) == CloseCode.TOO_BIG
    huge = b"\x82\xff" + (2**62).to_bytes(8, "big") + MASK
    assert refused(huge) == CloseCode.TOO_BIG
    assert decoded([client(BINARY, b"a" * 10)], limit_bytes=10) == ([(BINARY, b"a" * 10)], None)


def test_the_limit_is_for_the_message_and_not_for_its_fragments() -> None:
    fragments = client(BINARY, b"a" * 6, final=False) + client(CONTINUATION, b"a" * 5)
    assert refused(fragments, limit_bytes=10) == CloseCode.TOO_BIG
    assert decoded([fragments], limit_bytes=11) == ([(BINARY, b"a" * 11)], None)
    control = client(BINARY, b"a" * 6, final=False) + client(PING, b"p" * 100) + client(CONTINUATION, b"a" * 4)
    assert decoded([control], limit_bytes=10)[1] is None


# --- text


TEXTS = ["é", "€", "😀", "a😀b€cé", "\u0000", "\ufffd\ufeff", "\U0010ffff"]


@pytest.mark.parametrize("text", TEXTS)
def test_text_may_be_cut_anywhere_even_in_a_character(text: str) -> None:
    payload = text.encode()
    for place in range(len(payload) + 1):
        fragments = client(TEXT, payload[:place], final=False) + client(CONTINUATION, payload[place:])
        assert decoded([fragments]) == ([(TEXT, payload)], None)
    data = client(TEXT, payload)
    for place in range(len(data) + 1):
        assert decoded([data[:place], data[place:]]) == ([(TEXT, payload)], None)


BAD_TEXTS = [
    b"\xff",
    b"\x80",
    b"a\xc3",
    b"\xc3(",
    b"\xe2\x82",
    b"\xf0\x9f\x98",
    b"\xc0\xaf",  # overlong
    b"\xed\xa0\x80",  # a surrogate
    b"\xf4\x90\x80\x80",  # beyond U+10FFFF
    b"ok" * 100 + b"\xfe",
]


@pytest.mark.parametrize("payload", BAD_TEXTS)
def test_text_that_is_not_utf8(payload: bytes) -> None:
    assert refused(client(TEXT, payload)) == CloseCode.INVALID_TEXT
    assert refused(client(TEXT, payload, final=False) + client(CONTINUATION)) == CloseCode.INVALID_TEXT
    assert refused(client(TEXT, b"", final=False) + client(CONTINUATION, payload)) == CloseCode.INVALID_TEXT
    assert decoded(bytes([byte]) for byte in client(TEXT, payload)) == ([], CloseCode.INVALID_TEXT)
    assert decoded([client(BINARY, payload)]) == ([(BINARY, payload)], None)


def test_bad_text_fails_before_its_message_is_complete() -> None:
    assert refused(client(TEXT, b"\xff", final=False)) == CloseCode.INVALID_TEXT
    assert refused(client(TEXT, b"\xff" + b"a" * 99)[:20]) == CloseCode.INVALID_TEXT


# --- closing


ALLOWED = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4500, 4999]
FORBIDDEN = [0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535]


@pytest.mark.parametrize("code", ALLOWED)
@pytest.mark.parametrize("reason", ["", "bye", "a" * 123, "é" * 61])
def test_a_close_frame_has_a_code_and_a_reason(code: int, reason: str) -> None:
    payload = code.to_bytes(2, "big") + reason.encode()
    assert decoded([client(CLOSE, payload)]) == ([(CLOSE, payload)], None)
    assert close_code(payload) == code


def test_a_close_frame_may_be_empty() -> None:
    assert decoded([client(CLOSE)]) == ([(CLOSE, b"")], None)
    assert close_code(b"") is None


@pytest.mark.parametrize("code", FORBIDDEN)
def test_codes_that_nobody_may_send(code: int) -> None:
    assert refused(client(CLOSE, code.to_bytes(2, "big"))) == CloseCode.PROTOCOL_ERROR


def test_half_a_code_and_a_reason_that_is_not_utf8() -> None:
    assert refused(client(CLOSE, b"\x03")) == CloseCode.PROTOCOL_ERROR
    assert refused(client(CLOSE, b"\x03\xe8\xff")) == CloseCode.INVALID_TEXT


def test_nothing_counts_after_a_close_frame() -> None:
    close, more = client(CLOSE, b"\x03\xe8"), client(TEXT, b"late") + client(3)
    assert decoded([close + more]) == ([(CLOSE, b"\x03\xe8")], None)
    assert decoded([close, more]) == ([(CLOSE, b"\x03\xe8")], None)


# --- what we send


@pytest.mark.parametrize("size", [0, 125, 126, 65535, 65536])
def test_our_frames_are_unmasked_and_use_the_shortest_length(size: int) -> None:
    head = header(TEXT, size)
    assert len(head) == (2 if size < 126 else 4 if size < 65536 else 10)
    assert frame(TEXT, b"a" * size) == head + b"a" * size
    data = frame(TEXT, b"a" * size)
    for chunks in ([data], [data[:1], data[1:9], data[9:50], data[50:]]):
        assert decoded(chunks, masked=False) == ([(TEXT, b"a" * size)], None)


def test_our_fragments() -> None:
    data = frame(TEXT, b"a", final=False) + frame(CONTINUATION, b"b")
    assert [data[at : at + 1] for at in (0, 3)] == [b"\x01", b"\x80"]
    for chunks in ([data], [data[:2], data[2:]], [bytes([byte]) for byte in data]):
        assert decoded(chunks, masked=False) == ([(TEXT, b"ab")], None)


def test_the_examples_of_the_rfc() -> None:  # section 5.7
    assert frame(TEXT, b"Hello") == bytes.fromhex("810548656c6c6f")
    assert masked_frame(TEXT, b"Hello", bytes.fromhex("37fa213d")) == bytes.fromhex("818537fa213d7f9f4d5158")
    assert frame(TEXT, b"Hel", final=False) + frame(CONTINUATION, b"lo") == bytes.fromhex("010348656c80026c6f")
    assert header(BINARY, 256) == bytes.fromhex("827e0100")
    assert header(BINARY, 65536) == bytes.fromhex("827f0000000000010000")


def test_our_close_frames() -> None:
    assert close_frame(None) == b"\x88\x00"
    assert close_frame(1000) == b"\x88\x02\x03\xe8"
    assert close_frame(4500, "Sign in first.") == b"\x88\x10\x11\x94Sign in first."
    assert close_frame(1000, "a" * 200)[1] == 125
    cut = close_frame(1000, "a" + "é" * 62)  # 125 bytes; the last character does not fit as a whole
    assert cut[4:].decode() == "a" + "é" * 61
    assert decoded([cut], masked=False)[1] is None


def test_opcodes_have_their_names() -> None:
    assert (Opcode.CONTINUATION, Opcode.TEXT, Opcode.BINARY) == (CONTINUATION, TEXT, BINARY)
    assert (Opcode.CLOSE, Opcode.PING, Opcode.PONG) == (CLOSE, PING, PONG)


# --- masks


@given(st.binary(max_size=300), st.binary(min_size=4, max_size=4))
def test_both_ways_to_mask_agree(data: bytes, mask: bytes) -> None:
    expected = bytes(byte ^ mask[at % 4] for at, byte in enumerate(data))
    assert apply_mask(data, mask) == expected
    assert websocket._apply_mask_by_int(memoryview(data), mask) == expected


def test_without_the_extension_masks_are_applied_in_python(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "websockets.speedups", None)
    assert websocket._choose_apply_mask() is websocket._apply_mask_by_int


# --- arbitrary chunking


@given(frame_streams, st.lists(st.integers(0, 1000), max_size=12))
@example(client(CLOSE, b"\x03\xe8") + client(TEXT, b"late"), [8])
def test_it_does_not_matter_how_the_network_cuts(data: bytes, cuts: list[int]) -> None:
    whole = decoded([data], limit_bytes=400)
    assert decoded(cut(data, cuts), limit_bytes=400) == whole
    assert decoded((bytes([byte]) for byte in data), limit_bytes=400) == whole


@given(st.binary(max_size=300), st.binary(max_size=125), masks)
def test_a_close_frame_is_found_behind_anything(before: bytes, payload: bytes, mask: bytes) -> None:
    assert ends_with_close(before + client(CLOSE, payload, mask=mask))


@pytest.mark.parametrize("data", [b"", b"\x88", b"\x88\x80\x00\x00\x00", client(TEXT, b"hello"), b"x" * 300])
def test_other_ends_are_no_close_frame(data: bytes) -> None:
    assert not ends_with_close(data)


_messages = st.lists(
    st.tuples(st.just(TEXT), st.text(max_size=200).map(str.encode))
    | st.tuples(st.just(BINARY), st.binary(max_size=200)),
    max_size=5,
)


@given(_messages, st.lists(st.integers(0, 250), max_size=4), st.lists(st.integers(0, 2000), max_size=12), masks)
def test_messages_survive_fragments_controls_and_cuts(
    messages: list[Message], splits: list[int], cuts: list[int], mask: bytes
) -> None:
    data = b""
    for opcode, payload in messages:
        *heads, last = cut(payload, splits)
        kind = opcode
        for head in heads:
            data += client(kind, head, final=False, mask=mask) + client(PING, b"between", mask=mask)
            kind = CONTINUATION
        data += client(kind, last, mask=mask)
    found, failure = decoded(cut(data, cuts))
    assert failure is None
    assert [message for message in found if message[0] != PING] == messages


@given(st.binary(), st.booleans())
def test_arbitrary_bytes_never_raise(data: bytes, masked: bool) -> None:
    decoder = Decoder(100, masked=masked)
    for opcode, payload in decoder.feed(data):
        assert opcode in {TEXT, BINARY, CLOSE, PING, PONG}
        assert len(payload) <= 125


@given(
    st.lists(st.tuples(st.sampled_from([TEXT, BINARY, PING, PONG]), st.binary(max_size=120)), max_size=30), st.data()
)
def test_a_decoder_that_stops_and_goes_on_says_the_same(said: list[tuple[int, bytes]], data: st.DataObject) -> None:
    said = [(opcode, payload.hex().encode() if opcode == TEXT else payload) for opcode, payload in said]
    wire = b"".join(masked_frame(opcode, payload[:125], b"abcd") for opcode, payload in said)
    whole = Decoder(1 << 16).feed(wire)
    decoder = Decoder(1 << 16)
    heard: list[tuple[int, bytes]] = []
    while wire or decoder.waiting:
        units = data.draw(st.integers(1, 5))
        cut = 0 if decoder.waiting else data.draw(st.integers(1, len(wire)))
        chunk, wire = wire[:cut], wire[cut:]
        some = decoder.feed(chunk, units)
        assert len(some) <= units + 1  # one had begun before
        assert decoder.spent <= units
        heard += some
    assert heard == whole


def test_kept_bytes_are_decoded_behind_those_that_wait() -> None:
    decoder = Decoder(1 << 16)
    assert decoder.feed(masked_frame(TEXT, b"a", b"abcd") * 3, units=1) == [(TEXT, b"a")]
    decoder.keep(masked_frame(TEXT, b"b", b"abcd"))
    assert decoder.waiting
    assert decoder.feed(b"") == [(TEXT, b"a"), (TEXT, b"a"), (TEXT, b"b")]
    assert not decoder.waiting


def test_the_work_of_a_feed_is_bounded_whatever_it_inflates_to() -> None:
    """A message of 64 KiB that came as 100 bytes costs as much as it becomes."""
    small = compress(b" " * 65_536, 15)
    wire = masked_frame(TEXT | RSV1, small, b"abcd") * 20
    decoder = Decoder(1 << 16, deflate=True)
    sizes = []
    some = decoder.feed(wire, units=32)
    while some:
        sizes.append(len(some))
        assert decoder.spent >= 64 * len(some)
        some = decoder.feed(b"", units=32)
    assert sizes == [1] * 20
