"""The whole server as one object: start, stop, and what stands in the way of a start."""

from __future__ import annotations

import asyncio
import json
import socket
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
import uvicorn
import websockets
from starlette.types import Receive, Scope, Send
from websockets.asyncio.client import connect

from hubbub.app import Application, gateway_settings, running
from hubbub.config import Config
from hubbub.errors import CloseCode
from hubbub.identity import IdentityLimits
from hubbub.identity.bucket import Rate
from hubbub.run.listening import HttpServer, StartError, bind, url_of

PASSWORD = "correct horse"


def at(url: str, path: str) -> str:
    return url.replace("http", "ws") + path


async def sign_up(http: httpx.AsyncClient, name: str) -> dict[str, str]:
    """Headers that act as a new account."""
    answer = await http.post("/api/v1/accounts", json={"name": name, "password": PASSWORD})
    return {"authorization": f"Bearer {answer.json()['token']}"}


async def test_the_first_journey(server: Application) -> None:
    """Sign up in a browser, open its WebSocket with the cookie alone, make a room, speak, be heard."""
    async with httpx.AsyncClient(base_url=server.url, headers={"origin": server.url}) as http:
        account = {"name": "ada", "password": PASSWORD, "cookie": True}
        assert (await http.post("/api/v1/accounts", json=account)).status_code == 201
        assert (await http.post("/api/v1/rooms", json={"room": "general"})).status_code == 201
        cookie = {"cookie": f"hubbub_session={http.cookies['hubbub_session']}"}
        async with connect(at(server.url, "/ws"), origin=server.url, additional_headers=cookie) as wire:  # type: ignore[arg-type]
            welcome = json.loads(await wire.recv())
            assert (welcome["type"], welcome["user"]["name"]) == ("welcome", "ada")
            await wire.send(json.dumps({"type": "join", "ref": 1, "room": "general"}))
            assert json.loads(await wire.recv())["ok"]["head"] == 2
            await wire.send(json.dumps({"type": "send", "ref": 2, "room": "general", "text": "hi", "nonce": "1"}))
            reply, event = json.loads(await wire.recv()), json.loads(await wire.recv())
        assert reply["ref"] == 2
        assert (event["type"], event["seq"], event["text"]) == ("message", reply["ok"]["seq"], "hi")


async def test_a_stop_sends_every_client_away_to_come_back(config: Config) -> None:
    patient = Config(port=0, data=config.data, shutdown_grace_seconds=30)
    async with running(patient) as server, httpx.AsyncClient(base_url=server.url, timeout=30) as http:
        headers = await sign_up(http, "ada")
        opened = await http.get("/socket.io/?EIO=4&transport=polling")
        sid = json.loads(opened.text[1:])["sid"]
        poll = asyncio.create_task(http.get(f"/socket.io/?EIO=4&transport=polling&sid={sid}"))
        async with connect(at(server.url, "/ws"), additional_headers=headers) as wire:
            await wire.recv()
            stopping = asyncio.create_task(server.stop())
            with pytest.raises(websockets.ConnectionClosed) as closed:
                await wire.recv()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == CloseCode.SERVER_RESTART
        async with asyncio.timeout(10):  # well before the grace is over
            assert (await poll).status_code == 503  # what every Socket.IO client takes for a broken link
            await stopping


async def test_what_was_acknowledged_is_there_after_a_restart(config: Config) -> None:
    async with running(config) as server, httpx.AsyncClient(base_url=server.url) as http:
        headers = await sign_up(http, "ada")
        await http.post("/api/v1/rooms", json={"room": "general"}, headers=headers)
        message = {"text": "hi", "nonce": "1"}
        sent = await http.post("/api/v1/rooms/general/messages", json=message, headers=headers)
    async with running(config) as server, httpx.AsyncClient(base_url=server.url, headers=headers) as http:
        page = (await http.get("/api/v1/rooms/general/events")).json()
        assert page["events"][-1]["seq"] == page["head"] == sent.json()["seq"]
        again = await http.post("/api/v1/rooms/general/messages", json=message)
        assert again.json() == {**sent.json(), "repeat": True}


async def test_after_a_stop_nothing_is_left(server: Application, config: Config) -> None:
    place = urlsplit(server.url)
    await server.stop()
    with pytest.raises(OSError):  # noqa: PT011  refused or reset
        await asyncio.open_connection(place.hostname, place.port)
    assert not [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    async with running(config):
        pass


async def test_a_port_in_use_prevents_the_start_and_nothing_else(server: Application, tmp_path: Path) -> None:
    port = urlsplit(server.url).port
    assert port is not None
    second = Config(port=port, data=str(tmp_path / "second"), shutdown_grace_seconds=0)
    with pytest.raises(StartError, match=f"port: can't listen on 127.0.0.1 port {port}: Address already in use"):
        await Application(second).start()
    assert not Path(second.data).exists()
    async with httpx.AsyncClient(base_url=server.url) as http:
        assert (await http.get("/readyz")).status_code == 200


async def test_two_that_bound_the_port_at_once_do_not_share_it() -> None:
    """Between bind and listen, the kernel lets two in; only one of them gets to listen."""
    with bind("127.0.0.1", 0) as first:
        port = first.getsockname()[1]
        with bind("127.0.0.1", port) as second:
            first.listen()
            with pytest.raises(StartError, match=f"can't listen on 127.0.0.1 port {port}: Address already in use"):
                await HttpServer(uvicorn.Config(nothing)).begin(second)


async def nothing(scope: Scope, receive: Receive, send: Send) -> None:
    """An application that answers nobody."""


async def test_what_goes_wrong_while_the_server_starts_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(uvicorn.Server, "startup", broken)
    with bind("127.0.0.1", 0) as listener, pytest.raises(ZeroDivisionError):
        await HttpServer(uvicorn.Config(nothing, lifespan="off", log_config=None)).begin(listener)


async def test_a_database_in_use_prevents_the_start_and_gives_the_port_back(
    server: Application, config: Config
) -> None:
    with bind("127.0.0.1", 0) as probe:
        port = probe.getsockname()[1]
    second = Config(port=port, data=config.data)
    with pytest.raises(StartError, match="data: another Hubbub is using the database in "):
        await Application(second).start()
    bind("127.0.0.1", port).close()


async def test_a_database_that_is_none_prevents_the_start(config: Config) -> None:
    folder = Path(config.data)
    folder.mkdir()
    (folder / "hubbub.db").write_text("not a database" * 100)
    with pytest.raises(StartError, match=r"data: .*hubbub\.db can't be used: file is not a database"):
        await Application(config).start()


async def test_a_directory_in_the_database_s_place_prevents_the_start(config: Config) -> None:
    (Path(config.data) / "hubbub.db.lock").mkdir(parents=True)
    with pytest.raises(StartError, match=r"data: .*hubbub\.db can't be used: Is a directory"):
        await Application(config).start()


async def test_a_directory_that_can_not_be_made_prevents_the_start(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StartError, match="can't be made: Not a directory"):
        await Application(Config(port=0, data=str(tmp_path / "file" / "data"))).start()


@pytest.mark.parametrize("host", ["no.such.host.invalid", "x" * 300])
async def test_a_host_that_does_not_exist_prevents_the_start(host: str, tmp_path: Path) -> None:
    with pytest.raises(StartError, match="host: there is no address"):
        await Application(Config(host=host, port=0, data=str(tmp_path))).start()


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:"),
        ("0.0.0.0", "http://localhost:"),
        ("::1", "http://[::1]:"),
        ("::", "http://localhost:"),
    ],
)
def test_the_url_is_one_that_a_browser_on_this_machine_can_open(host: str, url: str) -> None:
    with bind(host, 0) as listener:
        assert url_of(listener).startswith(url)


async def test_every_interface_means_both_families(tmp_path: Path) -> None:
    config = Config(host="::", port=0, data=str(tmp_path / "data"), shutdown_grace_seconds=0)
    async with running(config) as server:
        port = urlsplit(server.url).port
        for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
            _, writer = await asyncio.open_connection(address, port, family=family)
            writer.close()
            await writer.wait_closed()


class TestProxies:
    """Whose word about the client is believed."""

    async def peer_is_limited(self, config: Config, *, forwarded: bool) -> bool:
        """Whether sign-ups that claim to come from many addresses count as many."""
        limits = IdentityLimits(sign_ups_per_peer=Rate(burst=3, refill_seconds=3600))  # nothing comes back meanwhile
        async with (
            running(config, identity_limits=limits) as server,
            httpx.AsyncClient(base_url=server.url) as http,
        ):
            for number in range(4):
                account = {"name": f"user{number}", "password": "x" * 8}
                headers = {"x-forwarded-for": f"203.0.113.{number}"} if forwarded else {}
                answer = await http.post("/api/v1/accounts", json=account, headers=headers)
        return answer.status_code == 429

    async def test_a_trusted_proxy_s_client_is_the_client(self, config: Config) -> None:
        assert not await self.peer_is_limited(config, forwarded=True)

    def test_connections_know_the_same_proxies(self, config: Config) -> None:
        """tests/realtime/core/test_proxies.py shows what they make of it."""
        assert gateway_settings(config).trusted_proxies == config.trusted_proxies

    async def test_nobody_s_word_is_believed_when_none_is_trusted(self, config: Config) -> None:
        distrustful = Config(port=0, data=config.data, trusted_proxies=(), shutdown_grace_seconds=0)
        assert await self.peer_is_limited(distrustful, forwarded=True)
