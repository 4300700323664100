"""Engine.IO and Socket.IO on real sockets: long-polling by hand, then an unmodified client on every transport."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import httpx
import pytest
import socketio
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from hubbub.errors import Forbidden, Unauthenticated
from hubbub.realtime import GatewaySettings, Handshake
from tests.realtime.conftest import Stand, running

POLL = "/socket.io/?EIO=4&transport=polling"
SOCKET = "/socket.io/?EIO=4&transport=websocket"


@pytest.fixture
async def http(stand: Stand) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=stand.http, timeout=5) as client:
        yield client


async def opened(http: httpx.AsyncClient) -> str:
    """A session by long-polling, with its CONNECT done; its polling URL."""
    answer = await http.get(POLL)
    assert answer.text[0] == "0"
    url: str = POLL + "&sid=" + json.loads(answer.text[1:])["sid"]
    assert (await http.post(url, content="40")).text == "ok"
    assert (await http.get(url)).text.startswith('40{"sid":"')
    return url


async def test_the_handshake_says_what_the_specification_asks_for(http: httpx.AsyncClient) -> None:
    answer = await http.get(POLL)
    assert answer.headers["content-type"] == "text/plain; charset=UTF-8"
    body = json.loads(answer.text[1:])
    assert body.pop("sid")
    assert body == {"upgrades": ["websocket"], "pingInterval": 25000, "pingTimeout": 20000, "maxPayload": 4096}


async def test_a_conversation_by_long_polling(stand: Stand, http: httpx.AsyncClient) -> None:
    url = await opened(http)
    waiting = asyncio.create_task(http.get(url))
    send = '42["send",{"room":"everyone","text":"hi","nonce":"n"}]'
    acked = '427["send",{"room":"everyone","text":"é","nonce":"m"}]'
    await http.post(url, content=f"{send}\x1e{acked}")
    packets = (await waiting).text.split("\x1e")
    async with asyncio.timeout(5):
        while len(packets) < 3:
            packets += (await http.get(url)).text.split("\x1e")
    assert '437[{"ok":{"seq":2,"ts":0}}]' in packets
    events = [json.loads(p[2:])[1]["text"] for p in packets if p.startswith('42["message",')]
    assert events == ["hi", "é"]
    assert stand.gateway.census() == {("socketio", "polling"): 1}


@pytest.mark.parametrize(
    ("method", "url", "code", "message"),
    [
        ("GET", "/socket.io/?EIO=4", 0, "Transport unknown"),
        ("GET", "/socket.io/?EIO=4&transport=carrier-pigeon", 0, "Transport unknown"),
        ("GET", POLL + "&sid=none", 1, "Session ID unknown"),
        ("POST", POLL, 2, "Bad handshake method"),
        ("GET", SOCKET, 3, "Bad request"),
        ("GET", POLL + "&j=0", 3, "JSONP is not supported"),
        ("GET", "/socket.io/?EIO=3&transport=polling", 5, "Unsupported protocol version"),
    ],
)
async def test_refusals(http: httpx.AsyncClient, method: str, url: str, code: int, message: str) -> None:
    answer = await http.request(method, url)
    assert answer.status_code == 400
    assert answer.json() == {"code": code, "message": message}


async def test_a_second_poll_at_the_same_time_ends_the_session(stand: Stand, http: httpx.AsyncClient) -> None:
    url = await opened(http)
    first = asyncio.create_task(http.get(url))
    while not stand.gateway.pending_polls():  # noqa: ASYNC110
        await asyncio.sleep(0)
    assert (await http.get(url)).status_code == 400
    assert (await first).text == "1"
    assert (await http.get(url)).json()["message"] == "Session ID unknown"
    assert stand.handler.gone == ["transport error"]


@pytest.mark.parametrize("body", ["", "9", "4", "45", "40\x1e", "4255", '43["x"]', "bA", "45-", '42{"a":1}', "2"])
async def test_a_bad_payload_ends_the_session(stand: Stand, http: httpx.AsyncClient, body: str) -> None:
    url = await opened(http)
    await http.post(url, content=body)
    assert (await http.get(url)).status_code == 400
    assert stand.handler.gone == ["parse error"]


async def test_a_payload_over_the_limit_ends_the_session(stand: Stand, http: httpx.AsyncClient) -> None:
    url = await opened(http)
    assert (await http.post(url, content="4" + "x" * 4096)).status_code == 413
    assert stand.handler.gone == ["parse error"]


async def lagging(stand: Stand, http: httpx.AsyncClient) -> str:
    """A session whose client asks and never polls; more than `write_buffer_bytes` wait for it."""
    url = await opened(http)
    asked = "\x1e".join(['427["join",{"room":"other"}]'] * 100)
    while not stand.handler.lagged:
        assert (await http.post(url, content=asked)).text == "ok"
    return url


async def test_what_a_client_asks_for_waits_until_it_polls(stand: Stand, http: httpx.AsyncClient) -> None:
    url = await lagging(stand, http)
    more = asyncio.create_task(http.post(url, content='42["send",{"room":"everyone","text":"bye","nonce":"n"}]'))
    for _ in range(3):  # others are served meanwhile
        await opened(http)
    assert not more.done()
    assert not stand.handler.gone
    while not more.done():
        assert (await http.get(url)).text
    assert more.result().text == "ok"
    assert stand.handler.gone == ["server namespace disconnect"]


async def test_what_waits_for_a_client_that_never_polls_goes_with_it() -> None:
    settings = GatewaySettings(heartbeat_seconds=0.5, heartbeat_timeout_seconds=0.2, write_buffer_bytes=1024)
    async with running(settings) as stand, httpx.AsyncClient(base_url=stand.http) as http:
        url = await lagging(stand, http)
        refused = await http.post(url, content='42["send",{"room":"everyone","text":"late","nonce":"n"}]')
        assert refused.json()["message"] == "Session ID unknown"
        assert stand.handler.gone == ["ping timeout"]


async def test_a_client_may_close(stand: Stand, http: httpx.AsyncClient) -> None:
    url = await opened(http)
    assert (await http.post(url, content="1")).text == "ok"
    assert stand.handler.gone == ["transport close"]


async def test_a_client_that_closes_gets_a_noop_for_its_pending_poll(stand: Stand, http: httpx.AsyncClient) -> None:
    url = await opened(http)
    pending = asyncio.create_task(http.get(url))
    while not stand.gateway.pending_polls():  # noqa: ASYNC110
        await asyncio.sleep(0)
    await http.post(url, content="1")
    assert (await pending).text == "6"
    assert (await http.get(url)).json()["message"] == "Session ID unknown"


async def test_a_poll_that_the_client_gives_up_ends_the_session(stand: Stand, http: httpx.AsyncClient) -> None:
    url = await opened(http)
    pending = asyncio.create_task(http.get(url))
    while not stand.gateway.pending_polls():  # noqa: ASYNC110
        await asyncio.sleep(0)
    pending.cancel()
    await stand.handler.until(lambda: stand.handler.gone == ["transport error"])
    assert (await http.get(url)).json()["message"] == "Session ID unknown"


async def test_a_client_that_polls_no_more_is_found() -> None:
    settings = GatewaySettings(heartbeat_seconds=0.25, heartbeat_timeout_seconds=0.1)
    async with running(settings) as stand, httpx.AsyncClient(base_url=stand.http) as http:
        await opened(http)
        await stand.handler.until(lambda: stand.handler.gone == ["ping timeout"])


async def test_a_session_without_connect_ends() -> None:
    async with running(GatewaySettings(handshake_seconds=0.1)) as stand, connect(stand.ws + SOCKET) as client:
        assert str(await client.recv()).startswith("0{")
        with pytest.raises(ConnectionClosed):
            await client.recv()


async def test_refused_connects_don_t_prolong_the_time_to_sign_in() -> None:
    async def nobody(_: Handshake) -> None:
        raise Forbidden

    async with running(GatewaySettings(handshake_seconds=0.3)) as stand, connect(stand.ws + SOCKET) as client:
        stand.handler.admit = nobody
        with suppress(ConnectionClosed):
            async with asyncio.timeout(20):
                async for message in client:  # until the server has had enough
                    assert str(message).startswith(("0{", "44{"))
                    await client.send("40")


async def test_an_upgrade_loses_nothing(stand: Stand, http: httpx.AsyncClient) -> None:
    url = await opened(http)
    pending = asyncio.create_task(http.get(url))
    async with connect(stand.ws + url.replace("polling", "websocket")) as client:
        await client.send("2probe")
        assert await client.recv() == "3probe"
        assert (await pending).text == "6"
        stand.handler.publish("while probing")
        await asyncio.sleep(0)
        assert (await http.get(url)).text.startswith('42["message"')
        stand.handler.publish("before the switch", 2)
        await asyncio.sleep(0)
        await client.send("5")
        assert json.loads(str(await client.recv())[2:])[1]["text"] == "before the switch"
        stand.handler.publish("after the switch", 3)
        assert json.loads(str(await client.recv())[2:])[1]["text"] == "after the switch"
        assert stand.gateway.census() == {("socketio", "polling"): 0, ("socketio", "websocket"): 1}
        assert (await http.get(url)).status_code == 400
    await stand.handler.until(lambda: stand.handler.gone == ["transport close"])


async def test_a_probe_that_fails_leaves_the_session_polling(stand: Stand, http: httpx.AsyncClient) -> None:
    url = await opened(http)
    async with connect(stand.ws + url.replace("polling", "websocket")) as client:
        await client.send("nonsense")
        with pytest.raises(ConnectionClosed):
            await client.recv()
    stand.handler.publish("still here")
    assert "still here" in (await http.get(url)).text


@pytest.mark.parametrize("upgraded", [False, True], ids=["probing", "upgraded"])
async def test_a_session_s_second_websocket_is_closed_at_once(
    stand: Stand, http: httpx.AsyncClient, upgraded: bool
) -> None:
    sid = (await opened(http)).split("sid=")[1]
    async with connect(f"{stand.ws}{SOCKET}&sid={sid}") as first, connect(f"{stand.ws}{SOCKET}&sid={sid}") as second:
        await first.send("2probe")
        assert await first.recv() == "3probe"
        if upgraded:
            await first.send("5")
            stand.handler.publish("upgraded")
            assert "upgraded" in str(await first.recv())
            async with connect(f"{stand.ws}{SOCKET}&sid={sid}") as third:
                await third.wait_closed()
                assert third.close_code == 1008
        await second.wait_closed()
        assert second.close_code == 1008
        if not upgraded:
            await first.send("5")
        await first.send('42["send",{"room":"everyone","text":"unharmed","nonce":"n"}]')
        assert "unharmed" in str(await first.recv())


async def test_other_origins_need_the_operators_leave() -> None:
    settings = GatewaySettings(allowed_origins=("https://friend.example",))
    async with running(settings) as stand, httpx.AsyncClient(base_url=stand.http) as http:
        friend = await http.get(POLL, headers={"origin": "https://friend.example"})
        assert friend.headers["access-control-allow-origin"] == "https://friend.example"
        assert friend.headers["access-control-allow-credentials"] == "true"
        stranger = await http.get(POLL, headers={"origin": "https://stranger.example"})
        assert "access-control-allow-origin" not in stranger.headers
        preflight = await http.options(POLL, headers={"origin": "https://friend.example"})
        assert preflight.status_code == 204
        assert "POST" in preflight.headers["access-control-allow-methods"]


@pytest.mark.parametrize("transports", [["websocket"], ["polling"], ["polling", "websocket"]])
async def test_python_socketio_on_every_transport(stand: Stand, transports: list[str]) -> None:
    client = socketio.AsyncClient(reconnection=False)
    heard: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    client.on("message", heard.put)
    await client.connect(stand.http, transports=transports, auth={"token": "t"})
    try:
        assert client.transport() == transports[-1]
        await stand.handler.until(lambda: len(stand.handler.connections) == 1)
        assert stand.handler.handshakes[0].auth == {"token": "t"}
        for number in range(1, 20):
            ok = await client.call("send", {"room": "everyone", "text": f"{number}", "nonce": f"{number}"}, timeout=5)
            assert ok == {"ok": {"seq": number, "ts": 0}}
        error = await client.call("join", {"room": "nowhere"}, timeout=5)
        assert error["error"]["code"] == "unknown_room"
        async with asyncio.timeout(5):
            assert [(await heard.get())["seq"] for _ in range(19)] == list(range(1, 20))
    finally:
        await client.disconnect()
    await stand.handler.until(lambda: len(stand.handler.gone) == 1)


async def test_a_refused_client_learns_why(stand: Stand) -> None:
    async def nobody(_: Handshake) -> None:
        raise Unauthenticated

    stand.handler.admit = nobody
    client = socketio.AsyncClient(reconnection=False)
    why: asyncio.Queue[Any] = asyncio.Queue()
    client.on("connect_error", why.put)
    with pytest.raises(socketio.exceptions.ConnectionError):
        await client.connect(stand.http, transports=["websocket"])
    async with asyncio.timeout(5):
        assert await why.get() == {"message": "Sign in first.", "data": {"code": "unauthenticated"}}


async def test_a_client_that_must_not_come_back_is_told_so(stand: Stand) -> None:
    async with connect(stand.ws + SOCKET) as client:
        await client.recv()
        await client.send("40")
        assert str(await client.recv()).startswith("40{")
        await client.send('42["send",{"room":"everyone","text":"bye","nonce":"n"}]')
        assert json.loads(str(await client.recv())[2:]) == [
            "closing",
            {"code": 4501, "reason": "unauthenticated", "reconnect": False},
        ]
        assert await client.recv() == "41"
        with pytest.raises(ConnectionClosed):
            await client.recv()


async def test_an_unknown_namespace_is_refused(stand: Stand) -> None:
    async with connect(stand.ws + SOCKET) as client:
        await client.recv()
        await client.send("40/admin,")
        assert await client.recv() == '44/admin,{"message":"Invalid namespace"}'
        await client.send("40")
        assert str(await client.recv()).startswith("40{")
