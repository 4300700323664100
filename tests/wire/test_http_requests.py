"""Where requests begin and end, within limits, however the bytes arrive."""

from __future__ import annotations

import collections
import re
import time
from collections.abc import Iterator
from http import HTTPStatus

import httptools
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubbub.wire.http_requests import _SINGLE, CHUNK_LINE_BYTES, PARAMETERS, RequestLimits, RequestSplitter
from hubbub.wire.upgrade import Refusal

from .strategies import cut, http_requests

LIMITS = RequestLimits(line_bytes=64, header_bytes=200, header_count=5)
GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"
CHUNKED = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
TOO_LONG = HTTPStatus.REQUEST_URI_TOO_LONG
TOO_LARGE = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
BAD = HTTPStatus.BAD_REQUEST


def taken(pieces: list[bytes], limits: RequestLimits = LIMITS) -> Iterator[bytes | None]:
    """What can be taken while it arrives: heads, pieces of bodies, and None behind each request. Raises Refusal."""
    requests = RequestSplitter(limits)
    for piece in pieces:
        requests.feed(piece)
        given: bytes | None = b""
        while given is not None:
            body = requests.in_body
            given = requests.take_body() if body else requests.take_head()
            waiting = requests.in_body
            if given is not None:
                yield given
            if body and waiting:
                break
            if given is not None and not waiting:
                yield None


def split(pieces: list[bytes], limits: RequestLimits = LIMITS) -> tuple[list[bytes], HTTPStatus | None]:
    """The requests in what arrives, whole ones and what there is of the last, and how it was refused."""
    found = [b""]
    try:
        for data in taken(pieces, limits):
            if data is None:
                found.append(b"")
            else:
                found[-1] += data
    except Refusal as refusal:
        return found, refusal.status
    return found, None


def status(data: bytes, limits: RequestLimits = LIMITS) -> HTTPStatus | None:
    return split([data], limits)[1]


def test_requests_follow_each_other() -> None:
    assert split([GET + POST + GET])[0] == [GET, POST, GET, b""]


def test_blank_lines_before_a_request_are_ignored_but_not_for_ever() -> None:
    assert split([b"\r\n" + GET + b"\r\n\r\n" + GET])[0] == [GET, GET, b""]
    assert status(b"\r\n" * 5) is BAD


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"GET /" + b"a" * 50 + b" HTTP/1.1\r\nHost: x\r\n\r\n", None),
        (b"GET /" + b"a" * 51 + b" HTTP/1.1\r\nHost: x\r\n\r\n", TOO_LONG),
        (b"GET /" + b"a" * 61, TOO_LONG),
        (b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"a" * 186 + b"\r\n\r\n", None),
        (b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"a" * 187 + b"\r\n\r\n", TOO_LARGE),
        (b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"a" * 300, TOO_LARGE),
        (b"GET / HTTP/1.1\r\nHost: x\r\n" + b"A: b\r\n" * 4 + b"\r\n", None),
        (b"GET / HTTP/1.1\r\nHost: x\r\n" + b"A: b\r\n" * 5 + b"\r\n", TOO_LARGE),
        (CHUNKED + b"0\r\n" + b"A: b\r\n" * 6 + b"\r\n", TOO_LARGE),
        (CHUNKED + b"0\r\nA: " + b"a" * 300, TOO_LARGE),
        (CHUNKED + b"1;" + b"a" * CHUNK_LINE_BYTES, BAD),
        (CHUNKED + b"1;" + b"a" * 90 + b"\r\na\r\n" + b"1;" + b"a" * 120 + b"\r\n", BAD),
    ],
)
def test_what_is_too_long_is_refused_before_all_of_it_is_there(data: bytes, expected: HTTPStatus | None) -> None:
    assert status(data) is expected
    assert split([data[place : place + 1] for place in range(len(data))])[1] is expected


def test_a_query_has_so_many_parameters() -> None:
    limits = RequestLimits()
    assert status(GET.replace(b"/ ", b"/?" + b"&" * PARAMETERS + b" ", 1), limits) is None
    assert status(GET.replace(b"/ ", b"/?&" + b"&" * PARAMETERS + b" ", 1), limits) is TOO_LONG


@pytest.mark.parametrize(
    "head",
    [
        "GET / HTTP/1.1",
        "GET / HTTP/1.1\r\nHost: x\r\nHost: x",
        "GET / HTTP/1.1\r\nHost: x\r\nhost: y",
        "GET / HTTP/1.1\r\nHost: x\r\nCookie: a=b\r\ncookie: a=c",
        "GET / HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer a\r\nAuthorization: Bearer b",
        "GET / HTTP/1.1\r\nHost: x\r\nOrigin: http://x\r\nOrigin: http://y",
        "GET / HTTP/1.1\r\nHost: x\r\nSec-Fetch-Site: same-origin\r\nSec-Fetch-Site: cross-site",
        "GET / HTTP/1.1\r\nHost: x\r\nSec-WebSocket-Key: a\r\nSec-WebSocket-Key: b",
        "GET / HTTP/1.1\r\nHost:",
        "GET / HTTP/1.1\r\nHost: x y",
        "GET / HTTP/1.1\r\nHost: a, b",
        "GET / HTTP/1.1\r\nHost: a@b",
        "GET / HTTP/1.1\r\nHost: a/b",
        "GET / HTTP/1.1\r\nHost : x",
        "GET / HTTP/1.1\r\nHost: x\r\nHost\t: y",
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding : chunked",
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length : 5",
        "GET http://y/ HTTP/1.1\r\nHost: x",
        "GET ftp://x/ HTTP/1.1\r\nHost: x",
        "GET x HTTP/1.1\r\nHost: x",
        "GET /a b HTTP/1.1\r\nHost: x",
        "GET / HTTP/2.0\r\nHost: x",
        "GET /\r\nHost: x",
        "get / HTTP/1.1\r\nHost: x",
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 1",
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: +1",
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1, 1",
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: " + "1" * 16,
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked",
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked",
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: identity",
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
        "POST / HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked",
        "GET / HTTP/1.1\r\nHost: x\nA: b",
        "GET / HTTP/1.1\r\nHost: x\rA: b",
        "GET / HTTP/1.1\r\nHost: x\r\nA: \0",
    ],
)
def test_what_two_readers_could_take_for_two_things_is_refused(head: str) -> None:
    assert status(head.encode() + b"\r\n\r\n") is BAD


@pytest.mark.parametrize(
    "head",
    [
        "GET / HTTP/1.0",
        "GET * HTTP/1.1\r\nHost: x",
        "GET http://X/a?b HTTP/1.1\r\nHost: x",
        "GET / HTTP/1.1\r\nhOST:[::1]:80",
        "GET / HTTP/1.1\r\nHost: a.example:8000",
        "M-SEARCH / HTTP/1.1\r\nHost: x",
    ],
)
def test_what_is_sound_passes(head: str) -> None:
    assert status(head.encode() + b"\r\n\r\n") is None


def test_a_proxy_s_method_is_refused() -> None:
    assert status(b"CONNECT x:80 HTTP/1.1\r\nHost: x:80\r\n\r\n") is BAD
    assert status(b"CONNECT / HTTP/1.1\r\nHost: x\r\n\r\n") is HTTPStatus.METHOD_NOT_ALLOWED


def test_chunks_are_passed_on_and_trailers_are_not() -> None:
    data = CHUNKED + b"3\r\nabc\r\na;x=y\r\n0123456789\r\n0\r\nAuthorization: Bearer x\r\n\r\n"
    assert split([data + GET])[0] == [CHUNKED + b"3\r\nabc\r\na;x=y\r\n0123456789\r\n0\r\n\r\n", GET, b""]


def test_chunks_may_not_be_smaller_than_what_frames_them() -> None:
    assert status(CHUNKED + b"1\r\na\r\n" * 1000) is BAD
    assert status(CHUNKED + (b"64\r\n" + b"a" * 100 + b"\r\n") * 1000) is None


def test_whether_a_websocket_is_named() -> None:
    requests = RequestSplitter(LIMITS)
    requests.feed(GET.replace(b"\r\n\r\n", b"\r\nupgrade: h2c, WebSocket\r\n\r\n") + b"frames")
    assert requests.take_head() is not None
    assert requests.websocket is True
    assert requests.take_rest() == b"frames"
    requests.feed(GET)
    assert requests.take_head() == GET
    assert [requests.websocket] == [False]
    assert requests.pending == 0


@given(http_requests, st.lists(st.integers(0, 400)))
def test_however_the_bytes_arrive_they_say_the_same(data: bytes, cuts: list[int]) -> None:
    found, refused = split(cut(data, cuts))
    at_once, refused_at_once = split([data])
    assert refused == refused_at_once
    if refused is not None:  # of the request that is refused more or less may have been passed on
        del found[-1], at_once[-1]
    assert found == at_once


@given(st.lists(st.integers(0, 400)))
def test_nothing_of_a_sound_stream_is_lost(cuts: list[int]) -> None:
    chunked = CHUNKED + b"3\r\nabc\r\n0\r\n\r\n"
    found, refused = split(cut(GET + POST + chunked + POST, cuts))
    assert refused is None
    assert b"".join(found) == GET + POST + chunked + POST


class _Requests:
    """What the HTTP parser makes of a connection."""

    def __init__(self) -> None:
        self.ends = 0

    def on_message_complete(self) -> None:
        self.ends += 1


@given(http_requests, st.lists(st.integers(0, 400)))
def test_the_parser_behind_it_sees_the_same_requests(data: bytes, cuts: list[int]) -> None:
    """Were they to disagree, a body could hold requests that no limit has seen."""
    parsed = _Requests()
    parser = httptools.HttpRequestParser(parsed)
    ends = 0
    try:
        for given in taken(cut(data, cuts)):
            if given is None:
                ends += 1
                assert parsed.ends == ends
            else:
                parser.feed_data(given)
                assert parsed.ends <= ends + 1
    except Refusal:
        pass
    except httptools.HttpParserUpgrade:
        assert re.search(rb"(?i)upgrade:", data)
    except httptools.HttpParserError:
        pass  # it knows more rules; then the connection ends


@pytest.mark.parametrize("piece", [b"a", b"A: b\r\n", b"\r", b"GET / HTTP/1.1\r\n"])
def test_what_waits_is_bounded(piece: bytes) -> None:
    requests = RequestSplitter(LIMITS)

    def keep_on() -> None:
        for _ in range(1000):
            requests.feed(piece)
            assert requests.take_head() is None
            assert requests.pending <= LIMITS.line_bytes + LIMITS.header_bytes + 8

    with pytest.raises(Refusal):
        keep_on()


@pytest.mark.parametrize(
    ("head", "repeated", "piece_bytes"),
    [
        (b"", GET, 65536),
        (b"", GET, 7),
        (POST[:-3].replace(b"3", b"99999999"), b"abc", 5),
        (CHUNKED, b"64\r\n" + b"a" * 100 + b"\r\n", 3),
        (CHUNKED, b"64\r\n" + b"a" * 100 + b"\r\n", 65536),
    ],
    ids=["requests", "requests in pieces", "a body in pieces", "chunks in pieces", "chunks"],
)
def test_twice_as_much_costs_twice_as_much(head: bytes, repeated: bytes, piece_bytes: int) -> None:
    def seconds(times: int) -> float:
        data = head + repeated * times
        pieces = [data[place : place + piece_bytes] for place in range(0, len(data), piece_bytes)]
        began = time.process_time()
        collections.deque(taken(pieces), maxlen=0)
        return time.process_time() - began

    ratio = min(seconds(4000) for _ in range(3)) / min(seconds(1000) for _ in range(3))
    assert ratio < 10  # four times as much; in the square it were 16


def test_every_header_that_there_is_one_of_is_found() -> None:
    for name in _SINGLE - {b"host"}:
        twice = b"%b: 1\r\n" % name * 2
        expected = None if name == b"upgrade" else BAD
        assert status(GET.replace(b"\r\n\r\n", b"\r\n" + twice + b"\r\n")) is expected, name
