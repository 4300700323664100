"""The opening handshake of a WebSocket."""

from __future__ import annotations

from http import HTTPStatus

import pytest
from hypothesis import given

from hubbub.wire.upgrade import Refusal, Request, accept, accept_value, parse_request, tokens, wants_upgrade

from .strategies import HEAD, KEY, request_heads


def request(replace: str = "", by: str = "") -> Request:
    assert replace in HEAD
    return parse_request(HEAD.replace(replace, by).encode("latin-1"))


def lines(response: bytes) -> list[str]:
    return response.decode().split("\r\n")


def refused(made: Request) -> Refusal:
    with pytest.raises(Refusal) as caught:
        accept(made)
    return caught.value


def test_the_example_of_the_rfc() -> None:  # section 1.3
    assert accept_value(KEY) == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
    response, subprotocol = accept(request())
    assert subprotocol is None
    assert lines(response) == [
        "HTTP/1.1 101 Switching Protocols",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
        "",
        "",
    ]


def test_a_request_is_taken_apart() -> None:
    made = parse_request(b"GET /a?b=c HTTP/1.1\r\nHost: x\r\nX-A:  1\t\r\nx-a: 2\r\nX-Empty:\r\nX-Colon: a:b")
    assert made == Request("GET", "/a?b=c", "HTTP/1.1", {"host": "x", "x-a": "1, 2", "x-empty": "", "x-colon": "a:b"})


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"GET",
        b"GET /",
        b"GET / HTTP/1.1 x",
        b"GET  / HTTP/1.1",
        b"GET / HTTP/1.1\r\nnocolon",
        b"GET / HTTP/1.1\r\n: empty",
        b"GET / HTTP/1.1\r\nbad name: x",
        b"GET / HTTP/1.1\r\nname : x",
        b"GET / HTTP/1.1\r\n folded: x",
        b"GET / HTTP/1.1\r\nn\xc3\xa4me: x",
        b"GET / HTTP/1.1\r\n",
    ],
)
def test_a_head_that_is_no_request(head: bytes) -> None:
    with pytest.raises(Refusal) as caught:
        parse_request(head)
    assert caught.value.status == HTTPStatus.BAD_REQUEST
    assert lines(caught.value.response)[0] == "HTTP/1.1 400 Bad Request"


@pytest.mark.parametrize(
    ("replace", "by"),
    [
        ("Connection: Upgrade", "Connection: keep-alive, Upgrade"),
        ("Connection: Upgrade", "connection:upgrade"),
        ("Connection: Upgrade", "Connection: keep-alive\r\nConnection: UPGRADE"),
        ("Upgrade: websocket", "Upgrade: WebSocket"),
        ("Upgrade: websocket", "Upgrade: h2c, websocket"),
    ],
)
def test_header_values_are_lists_compared_without_case(replace: str, by: str) -> None:
    response, _ = accept(request(replace, by))
    assert response.startswith(b"HTTP/1.1 101 ")


@pytest.mark.parametrize(
    ("replace", "by", "status", "header"),
    [
        ("GET", "POST", 405, "Allow: GET"),
        ("HTTP/1.1", "HTTP/1.0", 400, None),
        ("Upgrade: websocket\r\n", "", 426, "Upgrade: websocket"),
        ("Upgrade: websocket", "Upgrade: websockets", 426, "Upgrade: websocket"),
        ("Connection: Upgrade", "Connection: close", 426, "Upgrade: websocket"),
        ("Connection: Upgrade\r\n", "", 426, "Upgrade: websocket"),
        ("Host: server.example.com\r\n", "", 400, None),
        ("Host: server.example.com", "Host:", 400, None),
        ("Version: 13", "Version: 8", 426, "Sec-WebSocket-Version: 13"),
        ("Version: 13", "Version: 13, 8", 426, "Sec-WebSocket-Version: 13"),
        ("\r\nSec-WebSocket-Version: 13", "", 426, "Sec-WebSocket-Version: 13"),
        (f"Sec-WebSocket-Key: {KEY}\r\n", "", 400, None),
        (KEY, "", 400, None),
        (KEY, "c2hvcnQ=", 400, None),
        (KEY, KEY[:-1], 400, None),
        (KEY, "!" * 24, 400, None),
        (KEY, "\xe9" * 24, 400, None),
        (KEY, f"{KEY}, {KEY}", 400, None),
    ],
)
def test_what_is_refused_and_how(replace: str, by: str, status: int, header: str | None) -> None:
    refusal = refused(request(replace, by))
    assert refusal.status == status
    assert str(refusal).startswith(f"{status} ")
    head, _, body = refusal.response.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 %d " % status)
    assert f"Content-Length: {len(body)}" in lines(head)
    assert "Connection: close" in lines(head)
    assert header is None or header in lines(head)


def test_the_client_s_first_subprotocol_that_we_speak() -> None:
    made = request("Origin:", "Sec-WebSocket-Protocol: x , b,a\r\nOrigin:")
    response, chosen = accept(made, ["a", "b"])
    assert chosen == "b"
    assert "Sec-WebSocket-Protocol: b" in lines(response)
    assert accept(made, ["c"])[1] is None
    assert accept(made)[1] is None
    assert accept(request(), ["a"])[1] is None


def test_subprotocols_have_their_case() -> None:
    assert accept(request("Origin:", "Sec-WebSocket-Protocol: A\r\nOrigin:"), ["a"])[1] is None


def test_whether_a_websocket_is_wanted_at_all() -> None:
    assert wants_upgrade(request())
    assert wants_upgrade(request("Version: 13", "Version: 1"))
    assert not wants_upgrade(request("Upgrade: websocket\r\n", ""))


def test_tokens() -> None:
    assert tokens(" Keep-Alive,\tUPGRADE ,, ") == ["keep-alive", "upgrade"]
    assert tokens("") == []


@given(request_heads)
def test_arbitrary_heads_are_accepted_or_refused(head: bytes) -> None:
    try:
        response, _ = accept(parse_request(head), ["hubbub.v1.json"])
    except Refusal as refusal:
        response = refusal.response
    assert response.startswith(b"HTTP/1.1 ")
    assert b"\r\n\r\n" in response
