"""What could be read in two ways is read in one, or by nobody: the same at every way in."""

from __future__ import annotations

import asyncio
import json

import httpx
import pytest
from websockets.asyncio.client import connect

from hubbub.app import Application

from .conftest import PASSWORD

UPGRADE = (
    b"upgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-version: 13\r\n"
    b"sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
)
WAYS_IN = {
    "rest": (b"GET /api/v1/me", b""),
    "page": (b"GET /", b""),
    "health": (b"GET /livez", b""),
    "stream": (b"GET /sse", b""),
    "polling": (b"GET /poll", b""),
    "engine": (b"GET /socket.io/?EIO=4&transport=polling", b""),
    "websocket": (b"GET /ws", UPGRADE),
    "engine websocket": (b"GET /socket.io/?EIO=4&transport=websocket", UPGRADE),
}
AMBIGUOUS = {
    "no host": b"",
    "two hosts": b"host: a\r\nhost: b\r\n",
    "the same host twice": b"host: a\r\nhost: a\r\n",
    "a list of hosts": b"host: a, b\r\n",
    "an empty host": b"host:\r\n",
    "a host with a user": b"host: a@b\r\n",
    "two cookies": b"host: a\r\ncookie: hubbub_session=a\r\ncookie: hubbub_session=b\r\n",
    "two origins": b"host: a\r\norigin: http://a\r\norigin: http://b\r\n",
    "two tokens": b"host: a\r\nauthorization: Bearer a\r\nauthorization: Bearer b\r\n",
    "a bare line feed": b"host: a\r\nx: y\nhost: b\r\n",
    "a blank before the colon": b"host: a\r\nhost : b\r\n",
}


async def status_of(server: Application, request: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", int(server.url.rpartition(":")[2]))
    writer.write(request)
    async with asyncio.timeout(10):
        line = await reader.readline()
    writer.close()
    return line.split(b" ")[1]


@pytest.mark.parametrize("way", WAYS_IN)
async def test_an_ambiguous_request_is_refused_at_every_way_in(server: Application, way: str) -> None:
    line, upgrade = WAYS_IN[way]
    for name, headers in AMBIGUOUS.items():
        assert await status_of(server, line + b" HTTP/1.1\r\n" + headers + upgrade + b"\r\n") == b"400", name
    assert await status_of(server, line + b" HTTP/1.1\r\nhost: a\r\n" + upgrade + b"\r\n") != b"400"


@pytest.mark.parametrize("secure", [False, True], ids=["http", "https"])
async def test_a_cookie_means_the_same_at_every_way_in(
    server: Application, http: httpx.AsyncClient, secure: bool
) -> None:
    """By REST, on an event stream, and on a WebSocket."""
    told = {"x-forwarded-proto": "https" if secure else "http"}
    answer = await http.post(
        "/api/v1/accounts", json={"name": "ada", "password": PASSWORD, "cookie": True}, headers=told
    )
    name, _, token = answer.headers["set-cookie"].partition(";")[0].partition("=")
    other = "hubbub_session" if secure else "__Host-hubbub_session"
    http.cookies.clear()
    cases = {
        f"{name}={token}": True,
        f"x=y; {name}={token}; z": True,
        f"{other}=stale; {name}={token}": True,
        f"{other}={token}": False,
        f"{name}={token}; {name}={token}": False,
        f"{name}=stale; {name}={token}": False,
        f"{name}={token}; {name}=stale": False,
    }
    for cookie, good in cases.items():
        headers = {"cookie": cookie, **told}
        rest = await http.get("/api/v1/me", headers=headers)
        assert rest.status_code == (200 if good else 401), cookie
        assert (await _streams_first_word(http, headers) == "welcome") is good, cookie
        assert (await _sockets_first_word(server, headers) == "welcome") is good, cookie


async def _streams_first_word(http: httpx.AsyncClient, headers: dict[str, str]) -> str:
    """After it has been asked for its rooms, which a stranger has not."""
    async with http.stream("GET", "/sse", headers=headers) as response:
        async for line in response.aiter_lines():
            if line.startswith("data: "):
                word = json.loads(line.removeprefix("data: "))
                if word["type"] != "opened":
                    return str(word["type"])
                await http.post(f"/sse/{word['key']}", content='{"type":"rooms","ref":1}')
    return ""


async def _sockets_first_word(server: Application, headers: dict[str, str]) -> str:
    async with connect(server.url.replace("http", "ws") + "/ws", additional_headers=headers) as socket:
        await socket.send('{"type":"rooms","ref":1}')
        return str(json.loads(await socket.recv())["type"])
