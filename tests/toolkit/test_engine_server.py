"""Engine.IO by itself, with an unmodified client on every transport and by hand."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import engineio
import httpx
import pytest
from websockets.asyncio.client import connect

from hubbub.realtime import EngineServer, EngineSocket, GatewaySettings, serving

from .clients import TRANSPORTS

SETTINGS = GatewaySettings(
    engine_path="/engine.io/",
    heartbeat_seconds=0.5,
    heartbeat_timeout_seconds=0.25,
    message_bytes=5000,
    write_buffer_bytes=100_000,
    allowed_origins=("https://friend.example",),
    engine_cookie="io",
)
POLL = "/engine.io/?EIO=4&transport=polling"


class Echo:
    """A server that returns messages, and notes who comes and goes."""

    def __init__(self) -> None:
        self.server = EngineServer(SETTINGS)
        self.port = 0
        self.came: asyncio.Queue[EngineSocket] = asyncio.Queue()
        self.gone: asyncio.Queue[tuple[EngineSocket, str]] = asyncio.Queue()

        @self.server.on("connect")
        async def connect(socket: EngineSocket) -> None:
            socket.data["messages"] = 0
            await self.came.put(socket)

        @self.server.on("message")
        def message(socket: EngineSocket, data: str | bytes) -> None:
            socket.data["messages"] += 1
            socket.send(data)

        @self.server.on("disconnect")
        def disconnect(socket: EngineSocket, reason: str) -> None:
            self.gone.put_nowait((socket, reason))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@pytest.fixture
async def echo() -> AsyncIterator[Echo]:
    echo = Echo()
    async with serving(echo.server, grace_seconds=0.2) as echo.port:
        yield echo


@pytest.fixture
async def http(echo: Echo) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=echo.url) as client:
        yield client


@pytest.mark.parametrize("transport", list(TRANSPORTS))
async def test_messages_both_ways(echo: Echo, transport: str) -> None:
    client = engineio.AsyncClient()
    heard: asyncio.Queue[Any] = asyncio.Queue()
    client.on("message", heard.put)
    await client.connect(echo.url, transports=TRANSPORTS[transport], engineio_path="engine.io")
    socket = await echo.came.get()
    try:
        for data in ("ä 🙂", b"\x00\x1e\xff", "", b"", "last"):
            await client.send(data)
        async with asyncio.timeout(10):
            assert [await heard.get() for _ in range(5)] == ["ä 🙂", b"\x00\x1e\xff", "", b"", "last"]
        assert client.transport() == socket.transport == TRANSPORTS[transport][-1]
        assert echo.server.sockets == {socket.id: socket}
        assert socket.handshake.path == "/engine.io/"
        assert socket.data == {"messages": 5}
    finally:
        await client.disconnect()
    async with asyncio.timeout(10):
        assert await echo.gone.get() == (socket, "transport close")
    assert not socket.connected
    assert not echo.server.sockets
    socket.send("into the void")


async def test_the_server_ends_a_session(echo: Echo) -> None:
    async with connect(f"ws://127.0.0.1:{echo.port}/engine.io/?EIO=4&transport=websocket") as client:
        assert str(await client.recv())[0] == "0"
        socket = await echo.came.get()
        with pytest.raises(ValueError, match=r"U\+001E"):
            socket.send("a\x1eb")
        socket.send("farewell")
        socket.close()
        assert await client.recv() == "4farewell"
        await client.wait_closed()
    assert await echo.gone.get() == (socket, "forced close")


async def test_settings_decide_path_times_limit_origins_and_cookie(echo: Echo, http: httpx.AsyncClient) -> None:
    answer = await http.get(POLL, headers={"origin": "https://friend.example"})
    opening = json.loads(answer.text[1:])
    sid = opening.pop("sid")
    assert opening == {"upgrades": ["websocket"], "pingInterval": 500, "pingTimeout": 250, "maxPayload": 5000}
    assert answer.headers["set-cookie"] == f"io={sid}; Path=/; HttpOnly; SameSite=Lax"
    assert answer.headers["access-control-allow-origin"] == "https://friend.example"
    assert answer.headers["access-control-allow-credentials"] == "true"
    assert (await http.get(POLL + f"&sid={sid}")).text == "2"  # the ping, half a second later
    posted = await http.post(POLL + f"&sid={sid}", content="3")
    assert (posted.status_code, posted.text) == (200, "ok")
    assert "set-cookie" not in posted.headers
    assert (await http.post(POLL + f"&sid={sid}", content="4" + "x" * 5000)).status_code == 413
    assert (await echo.gone.get())[1] == "parse error"


async def test_a_client_that_answers_no_ping_is_found(echo: Echo, http: httpx.AsyncClient) -> None:
    """Pings and their time-out below a second."""
    await http.get(POLL)
    async with asyncio.timeout(10):
        assert (await echo.gone.get())[1] == "ping timeout"


async def test_the_cookie_of_a_web_socket(echo: Echo) -> None:
    headers = {"X-Forwarded-Proto": "https"}
    url = f"ws://127.0.0.1:{echo.port}/engine.io/?EIO=4&transport=websocket"
    async with connect(url, additional_headers=headers) as client:
        sid = json.loads(str(await client.recv())[1:])["sid"]
        assert client.response is not None
        assert client.response.headers["Set-Cookie"] == f"io={sid}; Path=/; HttpOnly; SameSite=Lax; Secure"


async def test_nothing_else_is_served(echo: Echo, http: httpx.AsyncClient) -> None:
    for path in ("/", "/socket.io/?EIO=4&transport=polling", "/ws", "/sse", "/engine.iox"):
        assert (await http.get(path)).status_code == 404
    upgrade = {
        "connection": "upgrade",
        "upgrade": "websocket",
        "sec-websocket-version": "13",
        "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
    }
    for path in ("/socket.io/?EIO=4&transport=websocket", "/ws"):
        assert (await http.get(path, headers=upgrade)).status_code == 404
    assert (await http.get("/engine.io?EIO=4&transport=websocket&sid=none", headers=upgrade)).status_code == 400
    assert (await http.get("/engine.io/deeper")).json() == {"code": 0, "message": "Transport unknown"}


async def test_a_client_that_reads_too_slowly_is_sent_away(echo: Echo, http: httpx.AsyncClient) -> None:
    await http.get(POLL)
    socket = await echo.came.get()
    for _ in range(30):
        socket.send(b"x" * 4000)
    assert await echo.gone.get() == (socket, "forced server close")


def test_what_is_not_there() -> None:
    server = EngineServer()
    with pytest.raises(ValueError, match="'open'; there are connect, disconnect, message"):
        server.on("open")
    with pytest.raises(RuntimeError, match="not running"):
        _ = server.gateway
