"""The end of a server's frames in bytes that are passed on: found however the network cut them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubbub.wire.trace import ServerTrace, Stage
from hubbub.wire.websocket import BINARY, PING, TEXT, close_frame, frame

from .strategies import cut

ANSWER = b"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\n\r\n"
FRAMES = [frame(TEXT, b"hi"), frame(PING, b""), frame(BINARY, bytes(300)), frame(TEXT, b"x" * 70_000)]


@given(st.lists(st.integers(0, 80_000), max_size=12))
def test_every_place_it_names_is_between_two_frames(cuts: list[int]) -> None:
    places = {len(ANSWER) + sum(map(len, FRAMES[:n])) for n in range(len(FRAMES) + 1)}
    trace, seen = ServerTrace(), 0
    for chunk in cut(ANSWER + b"".join(FRAMES), cuts):
        place = trace.feed(chunk)
        if place is not None:
            assert seen + place in places
        seen += len(chunk)
        assert trace.between_frames is (seen in places)
        assert not chunk or (place == len(chunk)) is trace.between_frames
    assert trace.stage is Stage.OPEN


def test_byte_by_byte_each_end_of_a_frame_is_found() -> None:
    trace = ServerTrace()
    data = ANSWER + FRAMES[0] + FRAMES[2]
    found = [n + 1 for n in range(len(data)) if trace.feed(data[n : n + 1]) is not None]
    assert found == [len(ANSWER), len(ANSWER + FRAMES[0]), len(data)]


def test_nothing_may_be_added_behind_a_close_frame() -> None:
    trace = ServerTrace()
    trace.feed(ANSWER)
    assert trace.feed(FRAMES[0] + close_frame(4000, "server restart")) is None
    assert trace.stage is Stage.OVER
    assert not trace.between_frames
    assert trace.feed(FRAMES[0]) is None


def test_a_refused_handshake_has_no_frames() -> None:
    trace = ServerTrace()
    stages = [trace.stage]
    for data in (b"HTTP/1.1 400 Bad", b" Request\r\n\r\nno"):
        assert trace.feed(data) is None
        stages.append(trace.stage)
    assert stages == [Stage.WAITING, Stage.ANSWERING, Stage.OVER]


@pytest.mark.parametrize("rest", [b"\x81", b"\x81\x05he", b"\x81\x7e\x01"])
def test_a_frame_that_has_only_begun_is_left_out(rest: bytes) -> None:
    trace = ServerTrace()
    assert trace.feed(ANSWER + rest) == len(ANSWER)
    assert not trace.between_frames
