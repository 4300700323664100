"""Event streams and long-polling against a server, or something else, that answers as a test wants it."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator

import pytest

from hubbub.client.failures import BadAnswer
from hubbub.client.over_http import HttpTransport
from hubbub.client.polling import PollingTransport
from hubbub.client.sse import SseTransport
from hubbub.client.transport import Ending, Obstacle, Refused, place

STREAM = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
OPENED = STREAM + b'data: {"type":"opened","key":"k"}\n\n'
WELCOME = b'{"type":"welcome"}'
OPEN_STREAM = OPENED + b"data: " + WELCOME + b"\n\n"
LAST = b"\0LAST"
"""Ends an answer after which the connection ends."""


def answer(body: bytes, status: str = "200 OK", kind: str = "application/json") -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


class Server:
    """Answers the requests for each "METHOD /path" with these, one after the other; then it lets them wait."""

    def __init__(self) -> None:
        self.answers: dict[str, list[bytes]] = defaultdict(list)
        self.bodies: list[bytes] = []
        self.url = ""

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = head.partition(b"Content-Length: ")[2].partition(b"\r\n")[0]
                self.bodies.append(await reader.readexactly(int(length or b"0")))
                answers = self.answers[" ".join(head.decode().split(" ")[:2])]
                found = answers.pop(0) if answers else b""
                writer.write(found.removesuffix(LAST))
                if found.endswith(LAST):
                    return
        except (EOFError, OSError):
            pass
        finally:
            writer.close()


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    one = Server()
    async with await asyncio.start_server(one.accept, "127.0.0.1", 0) as listener:
        one.url = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
        yield one


async def sse(server: Server, *, seconds: float = 5.0) -> SseTransport:
    return await SseTransport.open(place(server.url), "token", patience_seconds=seconds)


async def polling(server: Server, *, seconds: float = 5.0) -> PollingTransport:
    return await PollingTransport.open(place(server.url), "token", patience_seconds=seconds)


async def ran(transport: HttpTransport) -> tuple[list[bytes], Ending]:
    frames: list[bytes] = []
    async with asyncio.timeout(10):
        return frames, await transport.run(frames.append)


# opening


@pytest.mark.parametrize(
    ("said", "obstacle"),
    [
        (answer(b"<html>", kind="text/html"), Obstacle.REFUSED),
        (answer(b"", "302 Found"), Obstacle.REFUSED),
        (answer(b"", "404 Not Found"), Obstacle.REFUSED),
        (answer(b"", "503 Service Unavailable"), None),
        (answer(b"", "429 Too Many Requests"), None),
        (STREAM + b"data: hello\n\n", Obstacle.REFUSED),
        (STREAM + LAST, Obstacle.REFUSED),
        (OPENED + LAST, Obstacle.REFUSED),
        (b"SSH-2.0\r\n", Obstacle.REFUSED),
    ],
)
async def test_what_is_no_event_stream(server: Server, said: bytes, obstacle: Obstacle | None) -> None:
    server.answers["GET /sse"] = [said]
    with pytest.raises(Refused) as caught:
        await sse(server)
    assert caught.value.ending.obstacle is obstacle


@pytest.mark.parametrize("said", [b"", STREAM, OPENED, OPENED + b": ping\n\n"])
async def test_a_stream_that_is_held_back(server: Server, said: bytes) -> None:
    server.answers["GET /sse"] = [said]
    with pytest.raises(Refused) as caught:
        await sse(server, seconds=0.05)
    assert caught.value.ending.obstacle is Obstacle.SILENT


@pytest.mark.parametrize(
    ("key", "poll"),
    [
        (b"<html>", b"[]"),
        (b'{"key":1}', b"[]"),
        (b'{"key":"k"}', b"{}"),
        (b'{"key":"k"}', b"<html>"),
        (b'{"key":"' + b"k" * 5_000 + b'"}', b"[]"),
    ],
)
async def test_what_is_no_long_polling(server: Server, key: bytes, poll: bytes) -> None:
    server.answers["GET /poll"] = [answer(key)]
    server.answers["GET /poll/k"] = [answer(poll)]
    with pytest.raises(Refused) as caught:
        await polling(server)
    assert caught.value.ending.obstacle is Obstacle.REFUSED


async def test_nobody_listens_for_http_either() -> None:
    for kind in (SseTransport, PollingTransport):
        with pytest.raises(Refused, match="Nothing listens") as caught:
            await kind.open(place("http://127.0.0.1:1"), "token", patience_seconds=5)
        assert caught.value.ending.obstacle is None


# reading


async def test_frames_and_the_end_of_a_stream(server: Server) -> None:
    rest = b'data: {"n":1}\n\n: ping\n\ndata: {"type":"closing","code":4000,"reason":"server restart"}\n\ndata: {}\n\n'
    server.answers["GET /sse"] = [OPEN_STREAM + rest]
    frames, ending = await ran(await sse(server))
    assert frames == [WELCOME, b'{"n":1}']
    assert (ending.error.message, ending.again) == ("The connection was closed (4000: server restart).", True)


async def test_a_stream_that_breaks_off(server: Server) -> None:
    server.answers["GET /sse"] = [OPEN_STREAM + LAST]
    frames, ending = await ran(await sse(server))
    assert (frames, ending.again, ending.obstacle) == ([WELCOME], True, None)


async def polled(server: Server, *answers: bytes) -> tuple[list[bytes], Ending]:
    server.answers["GET /poll"] = [answer(b'{"key":"k"}')]
    server.answers["GET /poll/k"] = [answer(b"[" + WELCOME + b',{"n":0}]'), *answers]
    return await ran(await polling(server))


async def test_frames_and_the_end_of_polling(server: Server) -> None:
    frames, ending = await polled(
        server, answer(b'[{"n":1},{"n":2}]'), answer(b'[{"n":3},{"type":"closing","code":4501,"reason":"over"}]')
    )
    assert frames == [WELCOME, b'{"n":0}', b'{"n":1}', b'{"n":2}', b'{"n":3}']
    assert not ending.again


@pytest.mark.parametrize(
    "said", [answer(b"", "404 Not Found"), answer(b"", "504 Gateway Timeout"), answer(b"<html>"), LAST]
)
async def test_a_poll_that_fails_ends_the_connection(server: Server, said: bytes) -> None:
    frames, ending = await polled(server, said)
    assert len(frames) == 2
    assert ending.again


async def test_an_answer_of_another_version_is_named(server: Server) -> None:
    _, ending = await polled(server, answer(b"{}"))
    assert isinstance(ending.error, BadAnswer)


async def test_silence_is_an_obstacle(server: Server) -> None:
    server.answers["GET /sse"] = [OPEN_STREAM]
    transport = await sse(server)
    transport.expect(0.02, 1_000)
    _, ending = await ran(transport)
    assert (ending.again, ending.obstacle) == (True, Obstacle.SILENT)


# writing


@pytest.mark.parametrize(
    ("said", "again"),
    [
        (answer(b"", "404 Not Found"), True),
        (answer(b"", "413 Content Too Large"), False),
        (answer(b"", "500 Internal Server Error"), True),
        (LAST, True),
    ],
)
async def test_commands_that_are_not_taken_end_the_connection(server: Server, said: bytes, again: bool) -> None:
    server.answers["GET /sse"] = [OPEN_STREAM]
    server.answers["POST /sse/k"] = [answer(b"{}", "202 Accepted"), said]
    transport = await sse(server)
    running = asyncio.create_task(transport.run(lambda frame: None))
    transport.post(b"one")
    transport.post(b"two")
    while b"one\ntwo" not in server.bodies:  # noqa: ASYNC110
        await asyncio.sleep(0)
    transport.post(b"three")
    assert (await running).again is again
    transport.post(b"too late")
    await transport.close()
    assert server.bodies[-1] == b"three"


async def test_a_body_is_no_longer_than_the_server_takes(server: Server) -> None:
    server.answers["GET /sse"] = [OPEN_STREAM]
    server.answers["POST /sse/k"] = [answer(b"{}", "202 Accepted")] * 4
    server.answers["DELETE /sse/k"] = [answer(b"", "204 No Content")]
    transport = await sse(server)
    transport.expect(25.0, 9)
    for line in (b"1234", b"5678", b"9", b"longer than that", b"x"):
        transport.post(line)
    await transport.close()
    assert [body for body in server.bodies if body] == [b"1234\n5678", b"9", b"longer than that", b"x"]


async def test_goodbye_is_not_waited_for_for_long(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hubbub.client.over_http._GOODBYE_SECONDS", 0.05)
    server.answers["GET /sse"] = [OPEN_STREAM]
    transport = await sse(server)
    running = asyncio.create_task(transport.run(lambda frame: None))
    transport.post(b"never answered")
    while b"never answered" not in server.bodies:  # noqa: ASYNC110
        await asyncio.sleep(0)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    async with asyncio.timeout(2):
        await transport.close()
    assert server.bodies[-1] == b"never answered"
