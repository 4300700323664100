"""What is noted of requests that get no answer of the application: the client leaves, the server stops, a bug."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import httpx
import pytest
import uvicorn
from prometheus_client import CollectorRegistry
from starlette.types import ASGIApp, Receive, Scope, Send

from hubbub.app import Application, running
from hubbub.config import Config
from hubbub.http.envelope import Envelope
from hubbub.http.metrics import HttpMetrics
from hubbub.run.listening import HttpServer, bind

from .conftest import refusal

HALF: bytes = b"Host: here\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"
"""Headers of a request, and less of its body than they promise."""


class _Lines(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.queue: asyncio.Queue[logging.LogRecord] = asyncio.Queue()

    def emit(self, record: logging.LogRecord) -> None:
        self.queue.put_nowait(record)


class AccessLog:
    """The lines about requests, as they come."""

    def __init__(self, lines: _Lines) -> None:
        self._lines = lines

    async def status(self, method: str, path: str) -> int:
        """What the next such request was noted with."""
        async with asyncio.timeout(20):
            while True:
                fields = vars(await self._lines.queue.get())
                if (fields["method"], fields["path"]) == (method, path):
                    return int(fields["status"])


@pytest.fixture
def access_log(caplog: pytest.LogCaptureFixture) -> Iterator[AccessLog]:
    caplog.set_level(logging.DEBUG, "hubbub.http.access")
    with _listening("hubbub.http.access") as lines:
        yield AccessLog(lines)


@contextmanager
def _listening(name: str) -> Iterator[_Lines]:
    lines = _Lines()
    logging.getLogger(name).addHandler(lines)
    try:
        yield lines
    finally:
        logging.getLogger(name).removeHandler(lines)


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    place = httpx.URL(url)
    reader, writer = await asyncio.open_connection(place.host, place.port)
    try:
        yield reader, writer
    finally:
        writer.close()


@asynccontextmanager
async def enveloped(app: ASGIApp) -> AsyncIterator[tuple[str, HttpServer]]:
    """The application in an envelope, on the server that we use; its URL."""
    envelope = Envelope(app, HttpMetrics(CollectorRegistry()))
    server = HttpServer(uvicorn.Config(envelope, lifespan="off", log_config=None, timeout_graceful_shutdown=1))
    with bind("127.0.0.1", 0) as listener:
        await server.begin(listener)
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}", server
        finally:
            await server.finish()


@pytest.mark.parametrize(
    "request_line", ["GET /poll/{key}", "POST /poll/{key}", "GET /socket.io/?EIO=4&transport=polling&sid={sid}"]
)
async def test_a_client_that_hangs_up_is_no_error_of_the_server(
    server: Application, ada: httpx.AsyncClient, access_log: AccessLog, request_line: str
) -> None:
    key = (await ada.get("/poll")).json()["key"]
    await ada.get(f"/poll/{key}")  # the welcome; the next one has to wait
    opening = await ada.get("/socket.io/?EIO=4&transport=polling")
    sid = opening.text.partition('"sid":"')[2].partition('"')[0]
    method, target = request_line.format(key=key, sid=sid).split()
    path = f"/{target.split('/')[1]}/"
    async with connected(server.url) as (_, writer):
        writer.write(f"{method} {target} HTTP/1.1\r\n".encode() + HALF)
    while (status := await access_log.status(method, path)) == 200:
        pass
    assert status == 499
    page = (await ada.get("/metrics")).text
    assert f'hubbub_http_requests_total{{method="{method}",route="{path}",status="499"}} 1.0' in page
    assert 'status="500"' not in page


async def test_a_body_that_never_comes_is_told_of_the_stop(
    config: Config, access_log: AccessLog, caplog: pytest.LogCaptureFixture
) -> None:
    async with running(config) as server, connected(server.url) as (reader, writer):
        writer.write(b"POST /api/v1/accounts HTTP/1.1\r\nExpect: 100-continue\r\n" + HALF)
        assert await reader.readline() == b"HTTP/1.1 100 Continue\r\n"  # the application has begun to read
        await reader.readline()
        await server.stop()
        answer = await _answer(reader)
    assert refusal(answer) == (503, "shutting_down")
    assert answer.headers["connection"] == "close"
    assert answer.headers["retry-after"] == "5"
    assert "x-request-id" in answer.headers
    assert await access_log.status("POST", "/api/v1/accounts") == 503
    assert "Traceback" not in caplog.text


async def test_an_answer_that_was_begun_is_cut_off_by_the_stop(
    access_log: AccessLog, caplog: pytest.LogCaptureFixture
) -> None:
    async def endless(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"9")]})
        await send({"type": "http.response.body", "body": b"half", "more_body": True})
        await asyncio.Event().wait()

    async with enveloped(endless) as (url, server), connected(url) as (reader, writer):
        writer.write(b"GET /endless HTTP/1.1\r\nHost: here\r\n\r\n")
        await reader.readuntil(b"half")
        await server.finish()
        assert await reader.read() == b"", "more than the half, or a second answer"
    assert await access_log.status("GET", "/endless") == 200
    assert "Traceback" not in caplog.text


async def test_what_the_application_raises_is_noted_as_uvicorn_answers_it(access_log: AccessLog) -> None:
    async def broken(scope: Scope, receive: Receive, send: Send) -> None:
        raise ZeroDivisionError

    async with enveloped(broken) as (url, _), httpx.AsyncClient() as http:
        assert (await http.get(f"{url}/broken")).status_code == 500
    assert await access_log.status("GET", "/broken") == 500


async def _answer(reader: asyncio.StreamReader) -> httpx.Response:
    """The response that stands there, up to the connection's end."""
    async with asyncio.timeout(20):
        head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    status, *lines = head.decode().split("\r\n")
    headers = [(name, value.strip()) for name, _, value in (line.partition(":") for line in lines)]
    return httpx.Response(int(status.split()[1]), headers=headers, content=body)
