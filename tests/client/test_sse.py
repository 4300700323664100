"""The lines of an event stream."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubbub.client.http import BadHttp
from hubbub.client.sse import EventParser

STREAM = b': ping\n\ndata: {"a":1}\n\nid: tea:1\n\nevent: x\r\ndata:two\r\ndata:  lines\r\n\r\ndata\n\ndata: last\n\n'
EVENTS = [b'{"a":1}', b"two\n lines", b"last"]


@given(st.lists(st.integers(0, len(STREAM)), max_size=20))
def test_events_come_whole_however_they_are_cut(cuts: list[int]) -> None:
    parser = EventParser()
    edges = [0, *sorted(cuts), len(STREAM)]
    assert [event for begin, end in pairwise(edges) for event in parser.feed(STREAM[begin:end])] == EVENTS


def test_an_event_that_is_not_complete_waits() -> None:
    parser = EventParser()
    assert parser.feed(b"data: one\n") == []
    assert parser.feed(b"\ndata: t") == [b"one"]
    assert parser.feed(b"wo\n\n") == [b"two"]


@pytest.mark.parametrize("piece", [b"data: xxxxxxxx", b"data: xxxxxxxx\n"])
def test_an_event_has_an_end(piece: bytes) -> None:
    parser = EventParser(limit_bytes=len(piece) * 10)
    for _ in range(10):
        assert parser.feed(piece) == []
    with pytest.raises(BadHttp):
        parser.feed(piece * 11)


def test_many_short_events_are_not_too_long() -> None:
    parser = EventParser(limit_bytes=100)
    assert sum(len(parser.feed(b"data: xxxxxxxx\n\n" * 10)) for _ in range(100)) == 1_000
