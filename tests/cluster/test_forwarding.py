"""Requests that reach a node which does not hold their connection."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from msgspec import structs
from websockets.asyncio.client import ClientConnection, connect

from hubbub.app import Application, running
from hubbub.bus import NodeGone
from hubbub.client import Api
from hubbub.config import Config
from tests.support.faulty_bus import FaultyNetwork

from .conftest import Start

PASSWORD = "correct horse"
Pair = tuple[Application, Application]


@pytest.fixture
async def web(nodes: Pair) -> AsyncIterator[tuple[httpx.AsyncClient, httpx.AsyncClient]]:
    async with httpx.AsyncClient(base_url=nodes[0].url) as one, httpx.AsyncClient(base_url=nodes[1].url) as other:
        yield one, other


Web = tuple[httpx.AsyncClient, httpx.AsyncClient]


async def token_of(server: Application, name: str = "ada") -> dict[str, str]:
    return {"authorization": f"Bearer {(await Api(server.url).sign_up(name, PASSWORD)).token}"}


async def polled(web: httpx.AsyncClient, path: str, wanted: str) -> list[dict[str, object]]:
    """Poll until something of this type has come; everything that came."""
    seen: list[dict[str, object]] = []
    while not any(item["type"] == wanted for item in seen):
        answer = await web.get(path)
        assert answer.status_code == 200, answer.text
        seen += answer.json()
    return seen


async def refused(web: httpx.AsyncClient, path: str) -> httpx.Response:
    """Poll as a client does, whatever comes, until the answer is a refusal."""
    while (answer := await web.get(path)).status_code == 200:
        pass
    return answer


async def test_a_polling_client_is_served_by_whichever_node_it_asks(nodes: Pair, web: Web) -> None:
    key = (await web[0].get("/poll", headers=await token_of(nodes[0]))).json()["key"]
    assert (await polled(web[1], f"/poll/{key}", "welcome"))[0]["type"] == "welcome"
    create = json.dumps({"type": "create_room", "ref": 1, "room": "general"})
    join = json.dumps({"type": "join", "ref": 2, "room": "general"})
    assert (await web[1].post(f"/poll/{key}", content=f"{create}\n{join}")).status_code == 202
    replies = [item for item in await polled(web[0], f"/poll/{key}", "reply") if item["type"] == "reply"]
    while len(replies) < 2:
        replies += [item for item in await polled(web[1], f"/poll/{key}", "reply") if item["type"] == "reply"]
    assert all("ok" in reply for reply in replies), replies
    assert (await web[1].delete(f"/poll/{key}")).status_code == 204
    assert (await web[0].get(f"/poll/{key}")).status_code == 404


async def test_what_waits_at_the_other_node_is_given_up_when_the_client_hangs_up(nodes: Pair, web: Web) -> None:
    key = (await web[0].get("/poll", headers=await token_of(nodes[0]))).json()["key"]
    await polled(web[1], f"/poll/{key}", "welcome")
    with pytest.raises(httpx.ReadTimeout):
        await web[1].get(f"/poll/{key}", timeout=0.1)
    create = json.dumps({"type": "create_room", "ref": 1, "room": "general"})
    await web[1].post(f"/poll/{key}", content=create)
    assert [item["type"] for item in await polled(web[0], f"/poll/{key}", "reply")][-1] == "reply"  # nothing is lost


async def test_an_event_stream_takes_its_commands_from_anywhere(nodes: Pair, web: Web) -> None:
    headers = await token_of(nodes[0])
    async with web[0].stream("GET", "/sse", headers=headers) as stream:
        lines = stream.aiter_lines()
        key = json.loads((await anext(lines)).removeprefix("data: "))["key"]
        create = json.dumps({"type": "create_room", "ref": 7, "room": "general"})
        assert (await web[1].post(f"/sse/{key}", content=create)).status_code == 202
        async for line in lines:
            if '"ref":7' in line:
                break


async def test_what_the_owner_refuses_is_refused(nodes: Pair, web: Web) -> None:
    key = (await web[0].get("/poll", headers=await token_of(nodes[0]))).json()["key"]
    too_long = await web[1].post(f"/poll/{key}", content=b"x" * 70_000)
    assert (too_long.status_code, too_long.json()["error"]["code"]) == (413, "body_too_big")
    assert (await web[1].put(f"/sse/{key}")).status_code == 404
    assert (await web[1].get("/poll/nobody.secret")).status_code == 404
    unknown = await web[1].get("/socket.io/?EIO=4&transport=polling&sid=nobody.secret")
    assert (unknown.status_code, unknown.json()) == (400, {"code": 1, "message": "Session ID unknown"})


async def test_socket_io_polls_anywhere_and_upgrades_anywhere(nodes: Pair, web: Web) -> None:
    token = (await token_of(nodes[0]))["authorization"].removeprefix("Bearer ")
    base = "/socket.io/?EIO=4&transport=polling"
    opened = json.loads((await web[0].get(base)).text[1:])
    poll = f"{base}&sid={opened['sid']}"
    assert (await web[1].post(poll, content="40" + json.dumps({"token": token}))).text == "ok"
    assert (await web[1].get(poll)).text.startswith("40{")
    other = nodes[1].url.replace("http", "ws")
    async with connect(f"{other}/socket.io/?EIO=4&transport=websocket&sid={opened['sid']}") as socket:
        await socket.send("2probe")
        assert await socket.recv() == "3probe"
        await socket.send("5")
        big = "x" * 10_000
        for number in range(50):  # more than the buffers of a relay
            await socket.send(f'42{number}["send",{{"room":"none","text":"{big}","nonce":"{number}"}}]')
        answers: list[str] = []
        while len(answers) < 50:
            if (answer := str(await socket.recv())) != "2":  # a ping may come at any moment
                answers.append(answer)
        assert [answer for answer in answers if "unknown_room" not in answer] == []
        metrics = (await web[1].get("/metrics")).text
    assert 'hubbub_forwarded_upgrades_total{node="' in metrics
    async with asyncio.timeout(5):
        while "hubbub_relayed_websockets" not in metrics or " 1.0" in relays(metrics):
            metrics = (await web[1].get("/metrics")).text


def relays(metrics: str) -> str:
    return "\n".join(line for line in metrics.splitlines() if line.startswith("hubbub_relayed_websockets{"))


async def test_an_upgrade_for_a_session_that_is_nobodys_is_refused(nodes: Pair) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", int(nodes[1].url.rpartition(":")[2]))
    writer.write(
        b"GET /socket.io/?EIO=4&transport=websocket&sid=nobody.secret HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\n"
        b"upgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    )
    assert b"400 Bad Request" in await reader.read()
    writer.close()


async def test_pages_of_other_origins_get_the_owners_headers(nodes: Pair, web: Web) -> None:
    key = (await web[0].get("/poll", headers=await token_of(nodes[0]))).json()["key"]
    answer = await web[1].get(f"/poll/{key}")
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store, no-transform"
    assert len(answer.headers.get_list("date")) == 1
    assert "x-request-id" in answer.headers
    preflight = await web[1].options(f"/poll/{key}", headers={"origin": "https://app.example.org"})
    assert preflight.status_code == 204


async def test_the_metrics_of_all_nodes_stand_on_one_page(nodes: Pair, web: Web) -> None:
    key = (await web[0].get("/poll", headers=await token_of(nodes[0]))).json()["key"]
    await web[1].get(f"/poll/{key}")
    page = (await web[0].get("/metrics")).text
    assert page.count("# TYPE hubbub_build_info gauge") == 1
    assert page.count('hubbub_build_info{node="') == 2
    assert 'hubbub_forwarded_requests_total{node="' in page
    assert page.count("hubbub_nodes{") == 2
    assert page.count("} 2.0") >= 2


async def test_ready_says_something_about_the_others(nodes: Pair, web: Web) -> None:
    assert (await web[0].get("/readyz")).json() == {
        "status": "ready", "checks": {"store": "ok", "bus": "ok", "peers": "ok"}
    }  # fmt: skip


async def test_whoever_waits_for_a_node_that_is_gone_is_told_to_begin_anew(nodes: Pair, web: Web) -> None:
    key = (await web[0].get("/poll", headers=await token_of(nodes[0]))).json()["key"]
    await polled(web[1], f"/poll/{key}", "welcome")
    opened = json.loads((await web[0].get("/socket.io/?EIO=4&transport=polling")).text[1:])
    waiting = [
        asyncio.create_task(refused(web[1], f"/poll/{key}")),
        asyncio.create_task(refused(web[1], f"/socket.io/?EIO=4&transport=polling&sid={opened['sid']}")),
    ]
    done, _ = await asyncio.wait(waiting, timeout=0.2)
    assert [one.result().text for one in done] == []
    members = [node.member for node in nodes]
    assert members[0] is not None
    assert members[1] is not None
    members[1].nodes.heard(NodeGone(members[0].nodes.node))
    native, engine = await asyncio.gather(*waiting)
    assert (native.status_code, native.json()["error"]["code"]) == (404, "unknown_connection")
    assert (engine.status_code, engine.json()["code"]) == (400, 1)
    assert 'outcome="lost"} 2.0' in (await web[1].get("/metrics")).text


async def test_a_stopping_node_asks_clients_to_move_and_others_serve_them(
    start: Start, cluster_config: Config, network: FaultyNetwork
) -> None:
    slow = structs.replace(cluster_config, shutdown_grace_seconds=4.0)
    async with (
        start() as stays,
        running(slow, bus=network.bus()) as leaves,
        httpx.AsyncClient(base_url=leaves.url) as there,
        httpx.AsyncClient(base_url=stays.url) as here,
    ):
        headers = await token_of(stays)
        keys = [(await there.get("/poll", headers=headers)).json()["key"] for _ in range(10)]
        began = asyncio.get_running_loop().time()
        stopping = asyncio.create_task(leaves.stop())

        async def until_moved(key: str) -> float:
            while True:
                for item in await polled(here, f"/poll/{key}", "closing"):
                    if item["type"] == "closing":
                        assert item["code"] == 4000
                        return asyncio.get_running_loop().time() - began

        moved = sorted(await asyncio.gather(*map(until_moved, keys)))
        assert moved[-1] - moved[0] > 0.5, "all at once"
        await stopping
        assert (await here.get(f"/poll/{keys[0]}")).status_code == 404
        assert (await here.get("/readyz")).json()["checks"]["peers"] == "ok"


async def test_a_node_that_stops_does_not_wait_for_what_it_forwarded(
    start: Start, cluster_config: Config, network: FaultyNetwork
) -> None:
    slow = structs.replace(cluster_config, shutdown_grace_seconds=0.2)
    async with (
        start() as owner,
        running(slow, bus=network.bus()) as leaves,
        httpx.AsyncClient(base_url=owner.url) as there,
        httpx.AsyncClient(base_url=leaves.url) as here,
    ):
        key = (await there.get("/poll", headers=await token_of(owner))).json()["key"]
        await polled(here, f"/poll/{key}", "welcome")
        polling = asyncio.create_task(here.get(f"/poll/{key}"))
        done, _ = await asyncio.wait([polling], timeout=0.2)
        assert not done
        async with asyncio.timeout(20):  # a poll lasts for 25
            await leaves.stop()
        assert (await polling).status_code == 404
        assert (await there.delete(f"/poll/{key}")).status_code == 204  # the connection itself is as it was


@asynccontextmanager
async def relayed(owner: Application, through: Application) -> AsyncIterator[ClientConnection]:
    """A Socket.IO session of one node whose WebSocket came to another one."""
    token = (await token_of(owner))["authorization"].removeprefix("Bearer ")
    base = "/socket.io/?EIO=4&transport=polling"
    async with httpx.AsyncClient(base_url=owner.url) as web:
        sid = json.loads((await web.get(base)).text[1:])["sid"]
        await web.post(f"{base}&sid={sid}", content="40" + json.dumps({"token": token}))
        assert (await web.get(f"{base}&sid={sid}")).text.startswith("40{")
    address = through.url.replace("http", "ws")
    async with connect(f"{address}/socket.io/?EIO=4&transport=websocket&sid={sid}") as socket:
        await socket.send("2probe")
        assert await socket.recv() == "3probe"
        await socket.send("5")
        await socket.send('427["send",{"room":"none","text":"hi","nonce":"1"}]')
        assert "unknown_room" in str(await socket.recv())  # it has upgraded
        yield socket


async def close_code_of(socket: ClientConnection) -> int | None:
    async with asyncio.timeout(10):
        await socket.wait_closed()
    return socket.close_code


@pytest.mark.parametrize("stops", ["relay", "owner"])
async def test_a_relayed_websocket_gets_the_restart_code_whichever_node_stops(
    start: Start, cluster_config: Config, network: FaultyNetwork, stops: str
) -> None:
    slow = structs.replace(cluster_config, shutdown_grace_seconds=2.0)
    async with start() as stays, running(slow, bus=network.bus()) as leaves:
        owner, through = (stays, leaves) if stops == "relay" else (leaves, stays)
        async with relayed(owner, through) as socket:
            stopping = asyncio.create_task(leaves.stop())
            assert await close_code_of(socket) == 4000
            await stopping


async def test_a_relayed_websocket_gets_it_when_the_owner_is_gone_without_a_word(nodes: Pair) -> None:
    async with relayed(nodes[0], nodes[1]) as socket:
        assert nodes[0].member is not None
        assert nodes[1].member is not None
        nodes[1].member.nodes.heard(NodeGone(nodes[0].member.nodes.node))
        assert await close_code_of(socket) == 4000
