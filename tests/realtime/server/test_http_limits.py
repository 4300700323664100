"""What a client may send as HTTP before anybody knows who it is: how much, how fast, and how far ahead."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest

from hubbub.errors import Unauthenticated
from hubbub.realtime import GatewaySettings
from hubbub.realtime.protocols.native_http_app import NativeHttpApp
from hubbub.realtime.server.http_protocol import HttpProtocol
from tests.realtime.conftest import Stand, running

GET = b"GET / HTTP/1.1\r\nHost: here\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: here\r\nContent-Length: 100000\r\n\r\n"
LIMITS = GatewaySettings(request_line_bytes=1024, header_bytes=4096, header_count=20)
HASTE = GatewaySettings(handshake_seconds=0.3, stalled_seconds=0.3, least_bytes_per_second=300)


class Client:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    def say(self, data: bytes) -> None:
        self.writer.write(data)

    async def answer(self) -> tuple[bytes, bytes]:
        """Status line and body of the next answer."""
        async with asyncio.timeout(20):
            head = await self.reader.readuntil(b"\r\n\r\n")
            lines = head.lower().split(b"\r\n")
            length = next(int(line.split(b":")[1]) for line in lines if line.startswith(b"content-length:"))
            return head.split(b"\r\n")[0], await self.reader.readexactly(length)

    async def end(self) -> bytes:
        """What comes until the connection is over."""
        async with asyncio.timeout(20):
            data = b""
            with suppress(ConnectionError):
                while chunk := await self.reader.read(65536):
                    data += chunk
            return data


@asynccontextmanager
async def talking(stand: Stand) -> AsyncIterator[Client]:
    reader, writer = await asyncio.open_connection("127.0.0.1", stand.port)
    try:
        yield Client(reader, writer)
    finally:
        writer.close()


@pytest.mark.parametrize("before", [b"", GET], ids=["first", "later"])
@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"GET /" + b"a" * 2000, b"414"),
        (b"POST /" + b"a" * 2000 + b" HTTP/1.1\r\nHost: here\r\n\r\n", b"414"),
        (b"GET / HTTP/1.1\r\nHost: here\r\nX: " + b"y" * 5000, b"431"),
        (b"POST / HTTP/1.1\r\nHost: here\r\n" + b"X: y\r\n" * 20 + b"\r\n", b"431"),
        (b"GET / HTTP/1.1\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nHost: here\r\nHost: there\r\n\r\n", b"400"),
        (b"\x16\x03\x01\x02\x00\x01\x00" + b"\r\n\r\n", b"400"),
    ],
)
async def test_what_is_too_much_is_refused_and_ends_the_connection(before: bytes, head: bytes, status: bytes) -> None:
    async with running(LIMITS) as stand, talking(stand) as client:
        if before:
            client.say(before)
            assert (await client.answer())[1] == b"page"
        client.say(head)
        assert (await client.end()).startswith(b"HTTP/1.1 " + status)


@pytest.mark.parametrize("upgrade", [b"", b"Upgrade: websocket\r\nConnection: Upgrade\r\n"], ids=["http", "websocket"])
@pytest.mark.parametrize("path", [b"/socket.io/", b"/ws", b"/sse", b"/poll", b"/api/v1/rooms", b"/anything"])
async def test_a_long_query_is_refused_before_anybody_parses_it(stand: Stand, path: bytes, upgrade: bytes) -> None:
    for query in (b"a=b&" * 15_000, b"%41" * 20_000, b"&" * 300):
        async with talking(stand) as client:
            client.say(b"GET %b?%b HTTP/1.1\r\nHost: here\r\n%b\r\n" % (path, query, upgrade))
            assert (await client.end()).startswith(b"HTTP/1.1 414 ")


@pytest.mark.parametrize("name", ["websocket", "http"])
async def test_websockets_and_http_are_refused_alike(name: str) -> None:
    for wrong in (b"", b"Host: a\r\nHost: a\r\n", b"Host: a, b\r\n", b"Host: \r\n"):
        extra = b"Upgrade: websocket\r\nConnection: Upgrade\r\n" if name == "websocket" else b""
        async with running(LIMITS) as stand, talking(stand) as client:
            client.say(b"GET /ws HTTP/1.1\r\n" + wrong + extra + b"\r\n")
            assert (await client.end()).startswith(b"HTTP/1.1 400 ")


async def test_the_reason_arrives_although_much_has_not_been_read() -> None:
    async with running(LIMITS) as stand, talking(stand) as client:
        client.say(b"GET / HTTP/1.1\r\nX: " + b"y" * 500_000)
        assert (await client.end()).startswith(b"HTTP/1.1 431 ")


async def test_what_is_read_after_a_refusal_is_bounded() -> None:
    async def flood(client: Client) -> None:
        while True:
            client.say(b"\0\r\n\r\n" * 50_000)
            await client.writer.drain()

    async with running(HASTE) as stand, talking(stand) as client, asyncio.timeout(20):
        with pytest.raises(ConnectionError):
            await flood(client)


@pytest.mark.parametrize("before", [b"", GET], ids=["first", "later"])
async def test_every_head_has_the_same_time(before: bytes) -> None:
    """A slow one, a POST, a second one: none lives longer."""
    async with running(HASTE) as stand, talking(stand) as client:
        if before:
            client.say(before)
            await client.answer()
        ended = asyncio.ensure_future(client.end())
        client.say(b"POST / HTTP/1.1\r\nX: ")
        with suppress(ConnectionError):
            while not ended.done():
                client.say(b"y")
                await asyncio.wait([ended], timeout=0.01)
        assert (await ended)[:12] in {b"", b"HTTP/1.1 408"}


async def test_a_body_that_does_not_come_ends_the_request() -> None:
    bodies = asyncio.Event()

    async with running(HASTE, _reading(bodies)) as stand, talking(stand) as client:
        client.say(POST + b"a")
        assert (await client.end()).startswith(b"HTTP/1.1 408 ")
        async with asyncio.timeout(20):
            await bodies.wait()  # the application has been told that its client is gone


async def test_a_body_at_a_fair_pace_is_taken_however_long_it_takes() -> None:
    async with running(HASTE, _reading(asyncio.Event())) as stand, talking(stand) as client:
        client.say(POST)
        for _ in range(50):
            client.say(b"a" * 2000)
            await asyncio.wait([asyncio.ensure_future(client.writer.drain())], timeout=0.01)
            await asyncio.sleep(0.01)
        assert (await client.answer())[1] == b"100000"


@pytest.mark.parametrize("size", [100, 3_000_000])
async def test_who_does_not_read_is_cut_off(size: int) -> None:
    """An answer in one piece, and a stream of small ones."""
    sent: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(8_000_000 // size):
            await send({"type": "http.response.body", "body": b"a" * size, "more_body": True})
            if size < 1000:
                await asyncio.sleep(0)
        await send({"type": "http.response.body", "body": b""})
        sent.set_result((await receive())["type"])

    async with running(HASTE, app) as stand, talking(stand) as client:
        client.writer.transport.pause_reading()  # type: ignore[attr-defined]
        client.say(GET)
        async with asyncio.timeout(20):
            assert await sent == "http.disconnect"
        await _until(lambda: not _protocols(stand))


async def test_who_reads_slowly_but_steadily_gets_everything() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        headers = [(b"content-length", b"8000000")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"a" * 8_000_000})

    settings = GatewaySettings(stalled_seconds=0.4, least_bytes_per_second=1000)
    async with running(settings, app) as stand, talking(stand) as client:
        client.say(GET)
        await client.reader.readuntil(b"\r\n\r\n")
        got = 0
        while got < 8_000_000:
            data = await client.reader.read(200_000)
            assert data  # it is not cut off
            got += len(data)
            await asyncio.sleep(0.03)


async def test_requests_in_advance_are_answered_in_order_one_after_the_other() -> None:
    paths: list[str] = []
    at_once = most = 0

    async def app(scope: Any, receive: Any, send: Any) -> None:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        await asyncio.sleep(0)
        paths.append(scope["path"])
        await _say(send, scope["path"].encode())
        at_once -= 1

    async with running(LIMITS, app) as stand, talking(stand) as client:
        client.say(b"".join(GET.replace(b"/ ", b"/%d " % number) for number in range(50)))
        assert [(await client.answer())[1] for _ in range(50)] == [b"/%d" % number for number in range(50)]
    assert (len(paths), most) == (50, 1)


async def test_a_client_that_asks_further_ahead_has_to_come_back() -> None:
    gate = asyncio.Event()
    asked = 0

    async def app(scope: Any, receive: Any, send: Any) -> None:
        nonlocal asked
        asked += 1
        await gate.wait()
        await _say(send, b"late")

    async with running(LIMITS, app) as stand, talking(stand) as client:
        client.say(GET)
        await _until(lambda: asked == 1)
        client.say(GET * 2000)
        await client.writer.drain()
        await _until(lambda: any(one.cycle is not None and not one.cycle.keep_alive for one in _protocols(stand)))
        assert all(one._requests.pending == 0 for one in _protocols(stand))
        gate.set()
        answer = await client.end()
        assert answer.count(b"HTTP/1.1 200") == 1
        assert b"connection: close" in answer
    assert asked == 1


async def test_answers_that_wait_hold_up_further_requests() -> None:
    """And nothing of it is kept when the client has gone."""
    asked = 0

    async def app(scope: Any, receive: Any, send: Any) -> None:
        nonlocal asked
        asked += 1
        await _say(send, b"a" * 300_000)

    async with running(LIMITS, app) as stand, talking(stand) as client:
        client.writer.transport.pause_reading()  # type: ignore[attr-defined]
        client.say(GET * 400)
        await _until(lambda: any(one.flow.write_paused for one in _protocols(stand)))
        before = asked
        client.say(GET)
        await asyncio.wait([asyncio.ensure_future(client.writer.drain())])
        assert asked == before < 100
        client.writer.transport.abort()
        await _until(lambda: not _protocols(stand))


def _protocols(stand: Stand) -> list[HttpProtocol]:
    """Those whose connections are open."""
    return [one for one in stand.gateway._links.stalls._entries if isinstance(one, HttpProtocol)]


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110  nothing of this is announced
            await asyncio.sleep(0.01)


async def _say(send: Callable[[Any], Awaitable[None]], body: bytes) -> None:
    headers = [(b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _reading(gone: asyncio.Event) -> Callable[[Any, Any, Any], Awaitable[None]]:
    """An application that answers with the length of the body; `gone` is set when the client left before its end."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        size = 0
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                gone.set()
                return
            size += len(message["body"])
            if not message["more_body"]:
                await _say(send, b"%d" % size)
                return

    return app


async def test_an_unread_stream_counts_until_it_is_cut_off_and_leaves_nothing() -> None:
    """Also after the handler has given it up."""
    async with running(HASTE) as stand, talking(stand) as client:
        client.say(b"GET /sse HTTP/1.1\r\nHost: here\r\n\r\n")
        await stand.handler.until(lambda: len(stand.handler.connections) == 1)
        client.writer.transport.pause_reading()  # type: ignore[attr-defined]
        connection = stand.handler.connections.pop()
        async with asyncio.timeout(20):
            while not stand.handler.lagged:
                stand.handler.publish("x" * 4000)
                await asyncio.sleep(0)
        stand.handler.leave(connection, Unauthenticated())
        assert connection.closed
        assert stand.gateway.census() == {("native.json", "sse"): 1}
        await _until(lambda: stand.gateway.census() == {("native.json", "sse"): 0})
        await _until(lambda: not _protocols(stand))
        app = stand.gateway._http[0]
        assert isinstance(app, NativeHttpApp)
        assert app._connections == {}
        assert connection._buffer == []  # type: ignore[attr-defined]
        assert len(stand.handler.gone) == 1
