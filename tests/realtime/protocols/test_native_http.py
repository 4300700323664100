"""The native wire without WebSocket: event streams and long-polling, on real sockets."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from hubbub.errors import CloseCode, Disconnect, Forbidden
from hubbub.realtime import GatewaySettings, Handshake
from tests.realtime.conftest import Stand, running

SEND = {"type": "send", "ref": 1, "room": "everyone", "text": "hi", "nonce": "n"}


@pytest.fixture
async def http(stand: Stand) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=stand.http, timeout=5) as client:
        yield client


class Stream:
    """What an EventSource would see: objects, and the last event id."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self.last_id = ""
        self.comments = 0
        self._lines = response.aiter_lines()

    async def next(self) -> dict[str, Any]:
        async with asyncio.timeout(5):
            async for line in self._lines:
                field, _, value = line.partition(": ")
                if field == "data":
                    found: dict[str, Any] = json.loads(value)
                    return found
                self._note(field, value)
        raise EOFError

    async def id(self) -> str:
        """The next id line."""
        async with asyncio.timeout(5):
            async for line in self._lines:
                field, _, value = line.partition(": ")
                assert field != "data"
                self._note(field, value)
                if field == "id":
                    return value
        raise EOFError

    def _note(self, field: str, value: str) -> None:
        if field == "id":
            self.last_id = value
        elif line_is_comment(field):
            self.comments += 1


def line_is_comment(field: str) -> bool:
    return field == ""


@asynccontextmanager
async def streaming(
    http: httpx.AsyncClient, path: str = "/sse", headers: dict[str, str] | None = None
) -> AsyncIterator[tuple[Stream, str]]:
    """An open event stream and the URL for its commands."""
    async with http.stream("GET", path, headers=headers) as response:
        assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
        stream = Stream(response)
        opened = await stream.next()
        assert opened["type"] == "opened"
        yield stream, f"/sse/{opened['key']}"


async def polled(http: httpx.AsyncClient) -> str:
    """A long-polling connection's URL."""
    return f"/poll/{(await http.get('/poll')).json()['key']}"


async def pending(stand: Stand) -> None:
    """Return when a poll waits."""
    async with asyncio.timeout(5):
        while not stand.gateway.pending_polls():  # noqa: ASYNC110
            await asyncio.sleep(0)


def lines(*commands: object) -> bytes:
    return "\n".join(map(json.dumps, commands)).encode()


async def test_a_conversation_over_an_event_stream(stand: Stand, http: httpx.AsyncClient) -> None:
    async with streaming(http) as (stream, url):
        await stand.handler.until(lambda: len(stand.handler.connections) == 1)
        answer = await http.post(url, content=lines(SEND, {**SEND, "ref": 2, "text": "é"}))
        assert answer.status_code == 202
        got = [await stream.next() for _ in range(4)]
        assert [one.get("ok", {}).get("seq") for one in got if one["type"] == "reply"] == [1, 2]
        assert [one["text"] for one in got if one["type"] == "message"] == ["hi", "é"]
        assert await stream.id() == "everyone:2"
        assert stand.gateway.census() == {("native.json", "sse"): 1}
        stand.handler.publish("later")
        assert (await stream.next())["text"] == "later"
    await stand.handler.until(lambda: stand.handler.gone == ["transport close"])
    assert (await http.post(url, content=lines(SEND))).json()["error"]["code"] == "unknown_connection"


async def test_a_stream_goes_on_where_the_last_event_id_says(stand: Stand, http: httpx.AsyncClient) -> None:
    async with streaming(http, "/sse?join=everyone", {"last-event-id": "everyone:41"}) as (stream, _):
        assert (await stream.next())["text"] == "join=everyone since everyone:41"


async def test_a_conversation_by_long_polling(stand: Stand, http: httpx.AsyncClient) -> None:
    url = await polled(http)
    waiting = asyncio.create_task(http.get(url))
    assert (await http.post(url, content=lines(SEND))).status_code == 202
    got = (await waiting).json()
    while len(got) < 2:
        got += (await http.get(url)).json()
    assert [one["type"] for one in got] == ["reply", "message"]
    for text in "abc":
        stand.handler.publish(text)
    await asyncio.sleep(0)
    assert [one["text"] for one in (await http.get(url)).json()] == ["a", "b", "c"]
    assert stand.gateway.census() == {("native.json", "polling"): 1}
    assert (await http.delete(url)).status_code == 204
    assert stand.handler.gone == ["transport close"]
    assert (await http.get(url)).status_code == 404


async def test_a_bad_command_is_answered_and_the_connection_stays(http: httpx.AsyncClient) -> None:
    url = await polled(http)
    await http.post(url, content=b'nonsense\n{"type":"fly","ref":7}\n\n' + lines(SEND))
    got = (await http.get(url)).json()
    assert [one.get("error", {}).get("code") for one in got[:2]] == ["bad_json", "unknown_command"]
    assert got[2]["ok"] == {"seq": 1, "ts": 0}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/poll/none", 404),
        ("POST", "/sse/none", 404),
        ("POST", "/poll", 405),
        ("POST", "/sse", 405),
        ("PUT", "/poll", 405),
    ],
)
async def test_refusals(http: httpx.AsyncClient, method: str, path: str, status: int) -> None:
    answer = await http.request(method, path)
    assert answer.status_code == status
    assert answer.json()["error"]["code"] in {"unknown_connection", "method_not_allowed"}


async def test_only_one_poll_waits_and_keys_are_of_one_transport(stand: Stand, http: httpx.AsyncClient) -> None:
    url = await polled(http)
    waiting = asyncio.create_task(http.get(url))
    await stand.handler.until(lambda: len(stand.handler.connections) == 1)
    await pending(stand)
    assert (await http.get(url)).status_code == 409
    assert (await http.put(url)).status_code == 405
    assert (await http.post(url.replace("poll", "sse"), content=lines(SEND))).status_code == 404
    stand.handler.publish("x")
    assert (await waiting).json()[0]["text"] == "x"


async def test_a_body_over_the_limit_is_refused(http: httpx.AsyncClient) -> None:
    url = await polled(http)
    assert (await http.post(url, content=b"x" * 5000)).status_code == 413


async def test_a_refused_client_learns_why(stand: Stand, http: httpx.AsyncClient) -> None:
    async def nobody(_: Handshake) -> None:
        raise Forbidden

    stand.handler.admit = nobody
    async with streaming(http) as (stream, _):
        assert (await stream.next())["error"]["code"] == "forbidden"
        assert await stream.next() == {"type": "closing", "code": 4500, "reason": "forbidden"}
        with pytest.raises(EOFError):
            await stream.next()


async def test_a_client_that_polls_later_still_learns_why(stand: Stand, http: httpx.AsyncClient) -> None:
    url = await polled(http)
    await stand.handler.until(lambda: len(stand.handler.connections) == 1)
    stand.handler.connections[0].disconnect(Disconnect(CloseCode.SESSION_ENDED, "over"))
    assert (await http.post(url, content=lines(SEND))).status_code == 404
    assert (await http.get(url)).json() == [{"type": "closing", "code": 4501, "reason": "over"}]
    assert (await http.get(url)).status_code == 404
    assert stand.gateway.census() == {("native.json", "polling"): 0}


async def test_a_quiet_stream_is_kept_alive_and_a_client_that_polls_no_more_is_found() -> None:
    settings = GatewaySettings(heartbeat_seconds=0.25, heartbeat_timeout_seconds=0.1)
    async with running(settings) as stand, httpx.AsyncClient(base_url=stand.http, timeout=5) as http:
        await polled(http)
        await stand.handler.until(lambda: stand.handler.gone == ["ping timeout"])
        async with streaming(http) as (stream, _):
            await stand.handler.until(lambda: len(stand.handler.connections) == 2)
            while not stream.comments:
                stand.handler.publish("x")
                await stream.next()


async def test_a_waiting_poll_is_answered_at_each_heartbeat() -> None:
    settings = GatewaySettings(heartbeat_seconds=0.25, heartbeat_timeout_seconds=0.2)
    async with running(settings) as stand, httpx.AsyncClient(base_url=stand.http, timeout=5) as http:
        url = await polled(http)
        for _ in range(3):
            assert (await http.get(url)).json() == []
        assert stand.handler.gone == []


async def test_a_reader_that_does_not_poll_is_reported_and_bounded(stand: Stand, http: httpx.AsyncClient) -> None:
    url = await polled(http)
    await stand.handler.until(lambda: len(stand.handler.connections) == 1)
    for _ in range(100):
        stand.handler.publish("x" * 4000)
        await asyncio.sleep(0)
    await stand.handler.until(lambda: len(stand.handler.lagged) == 1)
    body = (await http.get(url)).content
    assert 65536 < len(body) < 2 * 65536
    await stand.handler.until(lambda: len(stand.handler.caught_up) == 1)


async def lagging(stand: Stand, http: httpx.AsyncClient) -> str:
    """The URL of a client that asks and never polls; more than `write_buffer_bytes` wait for it."""
    url = await polled(http)
    while not stand.handler.lagged:
        assert (await http.post(url, content=lines(*[{"type": "no", "ref": 1}] * 100))).status_code == 202
    return url


async def test_what_a_client_asks_for_waits_until_it_polls(stand: Stand, http: httpx.AsyncClient) -> None:
    url = await lagging(stand, http)
    more = asyncio.create_task(http.post(url, content=lines({**SEND, "text": "bye"})))
    for _ in range(3):  # others are served meanwhile
        await polled(http)
    assert not more.done()
    assert not stand.handler.gone
    assert len((await http.get(url)).json()) >= 100
    assert (await more).status_code == 202
    assert stand.handler.gone == ["server namespace disconnect"]


async def test_what_waits_for_a_client_that_never_polls_goes_with_it() -> None:
    settings = GatewaySettings(heartbeat_seconds=0.5, heartbeat_timeout_seconds=0.2, write_buffer_bytes=1024)
    async with running(settings) as stand, httpx.AsyncClient(base_url=stand.http) as http:
        url = await lagging(stand, http)
        assert (await http.post(url, content=lines(SEND))).status_code == 404
        assert stand.handler.gone == ["ping timeout"]


async def test_at_the_end_every_client_is_asked_to_come_back(stand: Stand, http: httpx.AsyncClient) -> None:
    url = await polled(http)
    async with streaming(http) as (stream, _):
        await stand.handler.until(lambda: len(stand.handler.connections) == 2)
        poll = asyncio.create_task(http.get(url))
        await pending(stand)
        await stand.gateway.close(1)
        assert (await stream.next())["code"] == 4000
        assert (await poll).json() == [{"type": "closing", "code": 4000, "reason": "server restart"}]
    assert (await http.get("/poll")).status_code == 503


async def test_other_origins_need_the_operators_leave() -> None:
    settings = GatewaySettings(allowed_origins=("https://friend.example",))
    async with running(settings) as stand, httpx.AsyncClient(base_url=stand.http) as http:
        friend = await http.get("/poll", headers={"origin": "https://friend.example"})
        assert friend.headers["access-control-allow-origin"] == "https://friend.example"
        preflight = await http.options("/poll", headers={"origin": "https://friend.example"})
        assert "DELETE" in preflight.headers["access-control-allow-methods"]
        assert "access-control-allow-origin" not in (await http.get("/poll")).headers
