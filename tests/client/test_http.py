"""HTTP for the fallback transports, against a server that says what a test wants it to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from hubbub.client.http import Answer, BadHttp, Http
from tests.support.proxy import proxy, trusting

HELLO = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


class Server:
    """Answers each request with the next of `answers`; an answer that ends with `EOF` ends the connection."""

    EOF = b"\0EOF"

    def __init__(self) -> None:
        self.answers: list[bytes] = []
        self.requests: list[bytes] = []
        self.connections = 0
        self.url = ""

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = next(
                    (int(line[15:]) for line in head.split(b"\r\n") if line.startswith(b"Content-Length:")), 0
                )
                self.requests.append(head + await reader.readexactly(length))
                answer = self.answers.pop(0)
                writer.write(answer.removesuffix(self.EOF))
                await writer.drain()
                if answer.endswith(self.EOF):
                    return
        except (EOFError, OSError):
            pass
        finally:
            writer.close()


@pytest.fixture
async def web() -> AsyncIterator[Server]:
    one = Server()
    async with await asyncio.start_server(one.accept, "127.0.0.1", 0) as listener:
        one.url = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
        yield one


@asynccontextmanager
async def of(url: str, proxies: Callable[[str, str], str | None] = lambda scheme, host: None) -> AsyncIterator[Http]:
    http = Http(url, tls=trusting() if url.startswith("https") else None, proxies=proxies)
    try:
        yield http
    finally:
        http.close()


async def get(http: Http, path: str = "/") -> tuple[Answer, bytes]:
    with await http.request("GET", path) as answer:
        return answer, await answer.read(1_000)


async def test_a_connection_is_used_again(web: Server) -> None:
    web.answers = [HELLO] * 3
    async with of(web.url + "/base") as http:
        for path in ("/one", "/two"):
            answer, body = await get(http, path)
            assert (answer.status, answer.headers, body) == (200, {"content-length": "5"}, b"hello")
        with await http.request("POST", "/three", {"X-A": "b"}, b"body"):
            pass
        assert http.reached
    assert web.connections == 1
    assert [request.split(b"\r\n")[0] for request in web.requests] == [
        b"GET /base/one HTTP/1.1",
        b"GET /base/two HTTP/1.1",
        b"POST /base/three HTTP/1.1",
    ]
    assert web.requests[2].endswith(b"X-A: b\r\nContent-Length: 4\r\n\r\nbody")


async def test_two_requests_at_once_take_two_connections(web: Server) -> None:
    web.answers = [HELLO] * 2
    async with of(web.url) as http:
        with await http.request("GET", "/"), await http.request("GET", "/"):
            assert web.connections == 2


@pytest.mark.parametrize(
    "first",
    [
        HELLO + Server.EOF,
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello",
        b"HTTP/1.0 200 OK\r\n\r\nhello" + Server.EOF,
    ],
)
async def test_a_connection_that_ends_is_not_used_again(web: Server, first: bytes) -> None:
    web.answers = [first, HELLO]
    async with of(web.url) as http:
        assert (await get(http))[1] == b"hello"
        while http._idle and not http._idle[0].reader.at_eof():  # noqa: ASYNC110
            await asyncio.sleep(0)
        assert (await get(http))[1] == b"hello"
    assert web.connections == 2


async def test_an_answer_that_was_not_read_is_not_mixed_up_with_the_next(web: Server) -> None:
    web.answers = [b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello", HELLO]
    async with of(web.url) as http:
        (await http.request("GET", "/")).close()
        assert (await get(http))[1] == b"hello"
    assert web.connections == 2


async def test_bodies_come_in_pieces(web: Server) -> None:
    web.answers = [
        b"HTTP/1.1 100 Continue\r\nX: y\r\n\r\n" + CHUNKED + b"2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n",
        b"HTTP/1.1 204 No Content\r\n\r\n",
    ]
    async with of(web.url) as http:
        answer, body = await get(http)
        assert (body, "x" in answer.headers) == (b"hello", False)
        assert (await get(http))[1] == b""
    assert web.connections == 1


@pytest.mark.parametrize(
    ("sent", "failure"),
    [
        (b"SSH-2.0-OpenSSH\r\n", BadHttp),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70_000, BadHttp),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n" + b"x" * 2_000, BadHttp),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello" + Server.EOF, ConnectionResetError),
        (CHUNKED + b"5\r\nhello\r\n" + Server.EOF, ConnectionResetError),
        (b"HTTP/1.1 200 OK\r\n" + Server.EOF, ConnectionResetError),
        (Server.EOF, ConnectionResetError),
    ],
)
async def test_what_is_no_whole_answer(web: Server, sent: bytes, failure: type[Exception]) -> None:
    web.answers = [sent]
    async with of(web.url) as http:
        with pytest.raises(failure):
            await get(http)


async def test_nobody_listens() -> None:
    async with of("http://127.0.0.1:1") as http:
        with pytest.raises(ConnectionRefusedError):
            await get(http)
        assert not http.reached


async def test_a_head_can_not_be_forged(web: Server) -> None:
    async with of(web.url) as http:
        with pytest.raises(BadHttp):
            await http.request("GET", "/", {"Authorization": "Bearer a\r\nX: y"})
    assert web.connections == 0


async def test_closing_ends_what_is_under_way(web: Server) -> None:
    web.answers = [b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello"]
    async with of(web.url) as http:
        answer = await http.request("GET", "/")
        assert await answer.chunk() == b"hello"
        http.close()
        with pytest.raises(ConnectionResetError):
            await answer.chunk()


# proxies of the network


async def test_a_proxy_gets_the_whole_address(web: Server) -> None:
    web.answers = [HELLO]
    through = web.url.replace("//", "//user:p%40ss@")
    async with of("http://chat.example:81/base", lambda scheme, host: {"http": through}[scheme]) as http:
        assert (await get(http, "/sse"))[1] == b"hello"
    assert web.requests[0].startswith(b"GET http://chat.example:81/base/sse HTTP/1.1\r\nHost: chat.example:81\r\n")
    assert b"\r\nProxy-Authorization: Basic dXNlcjpwQHNz\r\n" in web.requests[0]


async def test_tls_goes_through_a_proxy(web: Server) -> None:
    web.answers = [HELLO] * 2
    async with (
        proxy(web.url, tls=True) as secure,
        proxy(secure.url) as between,
        of(secure.url, lambda scheme, host: between.url) as http,
    ):
        assert (await get(http))[1] == b"hello"
        assert between.requests == [f"CONNECT {secure.url.removeprefix('https://')} HTTP/1.1"]
        assert (await get(http))[1] == b"hello"


@pytest.mark.parametrize(
    ("said", "failure"),
    [
        (b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", OSError),
        (b"HTTP/1.1 200" + Server.EOF, BadHttp),
    ],
)
async def test_a_proxy_that_does_not_let_through(web: Server, said: bytes, failure: type[Exception]) -> None:
    web.answers = [said]
    async with of("https://chat.example", lambda scheme, host: web.url) as http:
        with pytest.raises(failure):
            await get(http)
    assert web.requests[0].startswith(b"CONNECT chat.example:443 HTTP/1.1\r\n")


async def test_a_proxy_of_another_kind() -> None:
    async with of("http://chat.example", lambda scheme, host: "socks5://127.0.0.1:1") as http:
        with pytest.raises(OSError, match="socks5"):
            await get(http)
