"""Whose word about the client's address is believed, on every way in."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import connect

from hubbub.realtime import GatewaySettings, RawSocket, Server, serving
from hubbub.realtime.core.proxies import Client, ForwardedApp, Proxies
from tests.realtime.conftest import Stand, running

PROXIES = Proxies(("127.0.0.1", "::1", "10.0.0.0/8"))


@pytest.mark.parametrize(
    ("forwarded_for", "peer"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("198.51.100.1, 203.0.113.7", "203.0.113.7"),  # the first was written by the client itself
        ("203.0.113.7, 10.1.2.3", "203.0.113.7"),
        ("203.0.113.7,10.1.2.3 ,127.0.0.1", "203.0.113.7"),
        ("10.9.9.9, 10.1.2.3", "10.9.9.9"),  # a client inside the trusted network
        ("203.0.113.7:5123", "203.0.113.7"),
        ("[2001:db8::7]:5123", "2001:db8::7"),
        ("[2001:db8::7]", "2001:db8::7"),
        ("2001:DB8::7", "2001:db8::7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("203.0.113.7, unknown", "127.0.0.1"),
        ("203.0.113.7, unknown, 10.1.2.3", "10.1.2.3"),
        ("_hidden", "127.0.0.1"),
        ("x" * 16_000, "127.0.0.1"),
        ("", "127.0.0.1"),
        (",", "127.0.0.1"),
    ],
)
def test_the_last_address_that_is_not_a_proxy_s_is_the_client_s(forwarded_for: str, peer: str) -> None:
    client = PROXIES.client("127.0.0.1", {"x-forwarded-for": forwarded_for}, secure=False)
    assert client == Client(peer, secure=False, forwarded=peer != "127.0.0.1")


@pytest.mark.parametrize("peer", ["203.0.113.9", "", "not an address", "11.0.0.1"])
def test_another_s_word_is_not_believed(peer: str) -> None:
    headers = {"x-forwarded-for": "198.51.100.1", "x-forwarded-proto": "https"}
    assert PROXIES.client(peer, headers, secure=False) == Client(peer, secure=False)
    assert Proxies(()).client("127.0.0.1", headers, secure=False) == Client("127.0.0.1", secure=False)


def test_a_proxy_that_a_socket_for_both_families_reports() -> None:
    client = PROXIES.client("::ffff:127.0.0.1", {"x-forwarded-for": "203.0.113.7"}, secure=False)
    assert client.peer == "203.0.113.7"


@pytest.mark.parametrize(
    ("protocol", "secure"), [("https", True), (" WSS ", True), ("http", False), ("ws", False), ("gopher", True)]
)
def test_the_proxy_knows_whether_the_client_uses_tls(protocol: str, *, secure: bool) -> None:
    assert PROXIES.client("::1", {"x-forwarded-proto": protocol}, secure=True).secure is secure


def test_what_is_neither_an_address_nor_a_network() -> None:
    with pytest.raises(ValueError, match=r"10\.0\.0\.300"):
        Proxies(("10.0.0.300",))


FORWARDED = {"X-Forwarded-For": "203.0.113.7", "X-Forwarded-Proto": "https"}
ENGINE = "/socket.io/?EIO=4&transport="


async def first_peer(stand: Stand, path: str) -> list[tuple[str, bool, str]]:
    """Open a WebSocket with the headers of a proxy; what the handler hears, and what the connection says."""
    async with connect(stand.ws + path, additional_headers=FORWARDED) as client:
        if path.startswith(ENGINE):
            await client.recv()
            await client.send("40")
        await stand.handler.until(lambda: bool(stand.handler.connections))
        (one,), (handshake,) = stand.handler.connections, stand.handler.handshakes
        return [(handshake.peer, handshake.secure, one.peer)]


@pytest.mark.parametrize("path", ["/ws", ENGINE + "websocket"])
@pytest.mark.parametrize("trusted", [True, False])
async def test_a_web_socket_behind_a_proxy(path: str, *, trusted: bool) -> None:
    settings = GatewaySettings() if trusted else GatewaySettings(trusted_proxies=("10.0.0.0/8",))
    async with running(settings) as stand:
        expected = ("203.0.113.7", True, "203.0.113.7") if trusted else ("127.0.0.1", False, "127.0.0.1")
        assert await first_peer(stand, path) == [expected]


async def test_a_session_that_upgrades_behind_a_proxy(stand: Stand) -> None:
    async with httpx.AsyncClient(base_url=stand.http, headers=FORWARDED) as http:
        sid = json.loads((await http.get(ENGINE + "polling")).text[1:])["sid"]
        await http.post(f"{ENGINE}polling&sid={sid}", content="40")
        await stand.handler.until(lambda: bool(stand.handler.connections))
        connection = stand.handler.connections[0]
        assert connection.peer == "203.0.113.7"
        async with connect(f"{stand.ws}{ENGINE}websocket&sid={sid}", additional_headers=FORWARDED) as client:
            await client.send("2probe")
            assert await client.recv() == "3probe"
            await client.send("5")
            assert str(await client.recv()).startswith("40{")
            assert (connection.lane.transport, connection.peer) == ("websocket", "203.0.113.7")


@pytest.mark.parametrize("trusted", [("127.0.0.1",), ()])
async def test_every_way_in_of_the_toolkit(trusted: tuple[str, ...]) -> None:
    """Raw WebSockets at a path of one's own, the common rooms, and requests of the application beside."""
    server = Server(GatewaySettings(trusted_proxies=trusted))
    seen: list[tuple[str, str]] = []
    server.on("connect")(lambda socket: seen.append(("rooms", socket.handshake.peer)))

    @server.raw("/own")
    async def own(socket: RawSocket) -> None:
        seen.append(("raw", socket.handshake.peer))
        await socket.send("done")

    async def beside(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            seen.append((scope["scheme"], scope["client"][0]))
            await send({"type": "http.response.start", "status": 204, "headers": []})
            await send({"type": "http.response.body"})

    async with serving(server, beside, grace_seconds=0.2) as port:
        for path in ("/ws", "/own"):
            async with connect(f"ws://127.0.0.1:{port}{path}", additional_headers=FORWARDED) as client:
                if path == "/own":
                    assert await client.recv() == "done"
                else:
                    await client.send("not an event: its answer tells that the connection is accepted")
                    await client.recv()
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers=FORWARDED) as http:
            await http.get("/page")
    peer = "203.0.113.7" if trusted else "127.0.0.1"
    assert seen == [("rooms", peer), ("raw", peer), ("https" if trusted else "http", peer)]


async def test_what_is_not_a_request_passes_through() -> None:
    scopes: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        scopes.append(scope)

    repeated = [(b"x-forwarded-for", b"198.51.100.1"), (b"host", b"h"), (b"x-forwarded-for", b"203.0.113.7")]
    forwarded = ForwardedApp(app, PROXIES)
    lifespan = {"type": "lifespan"}
    unknown = {"type": "http", "scheme": "http", "client": None, "headers": repeated}
    proxied = {**unknown, "client": ("127.0.0.1", 4711)}
    for scope in (lifespan, unknown, proxied):
        await forwarded(scope, None, None)
    assert scopes == [lifespan, unknown, {**proxied, "client": ("203.0.113.7", 0)}]
    assert proxied["client"] == ("127.0.0.1", 4711)
