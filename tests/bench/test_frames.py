"""The generator's frames are what a client may send: the server's own decoder reads them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubbub.bench.frames import Masker
from hubbub.wire.websocket import PONG, TEXT, Decoder


@given(st.text(max_size=300), st.binary(min_size=4, max_size=4))
def test_a_frame_is_read_as_it_was_meant(text: str, key: bytes) -> None:
    decoder = Decoder(65536)
    assert [(opcode, bytes(payload)) for opcode, payload in decoder.feed(Masker(key).frame(text.encode()))] == [
        (TEXT, text.encode())
    ]


@pytest.mark.parametrize("length", [0, 125, 126, 65535, 65536])
def test_every_form_of_the_length(length: int) -> None:
    decoder = Decoder(2**20)
    assert [len(payload) for _, payload in decoder.feed(Masker().frame(b"x" * length))] == [length]


def test_a_pong() -> None:
    assert [opcode for opcode, _ in Decoder(65536).feed(Masker().frame(b"", opcode=PONG))] == [PONG]


@given(st.lists(st.integers(0, 10**19 - 1), min_size=1, max_size=5))
def test_a_template_carries_the_stamp_in_each_of_its_places(stamps: list[int]) -> None:
    template = Masker().template(b'{"ref":"^%019d","text":"|%019dxx"}')
    decoder = Decoder(65536)
    data = b"".join(template.frame(stamp) for stamp in stamps)
    assert [bytes(payload).decode() for _, payload in decoder.feed(data)] == [
        f'{{"ref":"^{stamp:019d}","text":"|{stamp:019d}xx"}}' for stamp in stamps
    ]
