"""While a client is being connected: what is said to it waits behind its CONNECT, or reaches nobody."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as websocket
from websockets.exceptions import ConnectionClosed

from hubbub.realtime import ConnectionRefused, GatewaySettings, Server, Socket
from hubbub.realtime.protocols.base_connection import BUFFERS_MAX

from .conftest import Stage
from .raw import hear

SAID = ["socket", "server", "room", "both rooms", "all but nobody", "from another", "volatile", "after the tick"]


class Gate:
    """A connect handler that speaks in every way, waits, speaks again and then decides."""

    def __init__(self, server: Server, namespace: str, *, accept: bool) -> None:
        self.waiting = asyncio.Event()
        self.open = asyncio.Event()
        self._accept = accept
        self._server = server.of(namespace)
        self.first: Socket | None = None
        self._server.on("connect")(self.connect)

    async def connect(self, socket: Socket) -> None:
        if self.first is None:  # somebody who is there already
            self.first = socket
            return
        socket.join("red", "blue")
        self._speak(socket, 1)
        self.waiting.set()
        await self.open.wait()
        self._speak(socket, 2)
        if not self._accept:
            raise ConnectionRefused("no")

    def _speak(self, socket: Socket, times: int) -> None:
        assert self.first is not None
        server = self._server
        socket.emit("socket", times)
        server.emit("server", times)
        server.to("red").emit("room", times)
        server.to("red", "blue").emit("both rooms", times)
        server.except_("nobody").emit("all but nobody", times)
        self.first.broadcast.emit("from another", times)
        server.volatile.emit("volatile", times)
        asyncio.get_running_loop().call_soon(server.emit, "after the tick", times)


EXPECTED = [(name, times) for times in (1, 2) for name in SAID]


def events(packets: list[str], namespace: str) -> list[tuple[str, int]]:
    head = "42" if namespace == "/" else f"42{namespace},"
    return [tuple(json.loads(packet.removeprefix(head))) for packet in packets if packet.startswith(head)]


@asynccontextmanager
async def upgrading(
    stage: Stage, connect: str
) -> AsyncIterator[tuple[ClientConnection, Callable[[], Awaitable[None]]]]:
    """A client that has said CONNECT by long-polling, and the WebSocket that it is about to change to."""
    query = "/socket.io/?EIO=4&transport="
    async with httpx.AsyncClient(base_url=stage.url, timeout=20) as http:
        sid = json.loads((await http.get(query + "polling")).text[1:])["sid"]
        url = f"{query}polling&sid={sid}"
        await http.post(url, content=connect)
        async with websocket(f"ws://127.0.0.1:{stage.port}{query}websocket&sid={sid}") as link:

            async def upgrade() -> None:
                poll = asyncio.create_task(http.get(url))
                await link.send("2probe")
                assert await link.recv() == "3probe"
                assert (await poll).text == "6", "nothing is said before CONNECT is answered"
                await link.send("5")

            yield link, upgrade


@pytest.mark.parametrize("namespace", ["/", "/other"])
@pytest.mark.parametrize("accept", [True, False])
async def test_a_client_that_upgrades_meanwhile(stage: Stage, settled: Any, namespace: str, accept: bool) -> None:
    gate = Gate(stage.server, namespace, accept=accept)
    await stage.start()
    other = await stage.connect("js", "websocket", namespace)
    where = "" if namespace == "/" else namespace + ","
    async with upgrading(stage, "40" + where) as (link, upgrade):
        await gate.waiting.wait()
        await upgrade()
        await settled(lambda: any(s.transport == "websocket" for s in stage.server.of(namespace).sockets.values()))
        gate.open.set()
        packets = await until(link, 1 + len(EXPECTED) if accept else 1)
    if accept:
        assert packets[0].startswith(f"40{where}" + '{"sid":')
        assert events(packets[1:], namespace) == EXPECTED
    else:
        assert packets == [f'44{where}{{"message":"no"}}']
    assert not [one for one in other.reports.events() if one[0] == "socket"]


async def until(link: ClientConnection, count: int) -> list[str]:
    """So many packets that are no pings, and whatever comes behind them before a ping is answered."""
    packets: list[str] = []
    async with asyncio.timeout(20):
        while len(packets) < count:
            if (packet := str(await link.recv())) != "2":
                packets.append(packet)
        await (await link.ping())  # everything that was written has arrived now
    while True:
        try:
            packets.append(str(await asyncio.wait_for(link.recv(), 0)))
        except TimeoutError:
            return packets


@pytest.mark.parametrize("accept", [True, False])
async def test_the_real_client(stage: Stage, kind: str, transport: str, accept: bool) -> None:
    """In the order in which it notices."""
    gate = Gate(stage.server, "/", accept=accept)
    await stage.start()
    await stage.connect("js", "websocket")
    client = stage.open(kind, transport)
    await gate.waiting.wait()
    if transport == "upgrade" and kind == "js":
        await client.reports.next(report="upgraded")
    gate.open.set()
    if not accept:
        assert (await client.reports.next())["report"] == "connect_error"
        assert client.reports.events() == []
        return
    assert (await client.reports.next())["report"] == "connect"
    expected = [one for one in EXPECTED if one[0] != "volatile"]  # which a client may miss between two polls
    heard: list[tuple[Any, ...]] = []
    while len(heard) < len(expected):
        one = await client.reports.next(report="event")
        if one["event"] != "volatile":
            heard.append((one["event"], *one["args"]))
    assert heard == expected


@pytest.mark.parametrize("way", ["websocket", "polling", "sse"])
@pytest.mark.parametrize("accept", [True, False])
async def test_raw_clients_hear_nothing_before_they_are_accepted(stage: Stage, way: str, accept: bool) -> None:
    gate = Gate(stage.server, "/", accept=accept)
    await stage.start()
    await stage.connect("js", "websocket")
    heard: list[dict[str, Any]] = []
    # the client of a stream or a poll is busy with what it has got already
    expected = [one for one in EXPECTED if way == "websocket" or one[0] != "volatile"]

    def last(heard: list[dict[str, Any]]) -> bool:
        return any((one.get("args") == [2] and one["type"] == SAID[-1]) or "error" in one for one in heard)

    async with httpx.AsyncClient(base_url=stage.url, timeout=20) as http, asyncio.timeout(20):
        if way == "websocket":
            client = await stage.raw()
            await gate.waiting.wait()
            gate.open.set()
            heard = [await hear(client) for _ in range(len(expected) if accept else 1)]
            if not accept:
                with pytest.raises(ConnectionClosed):
                    await client.recv()
        elif way == "polling":
            key = (await http.get("/poll")).json()["key"]
            await gate.waiting.wait()
            gate.open.set()
            while not last(heard):
                heard += (await http.get(f"/poll/{key}")).json()
        else:
            async with http.stream("GET", "/sse") as response:
                lines = response.aiter_lines()
                assert '"opened"' in await anext(lines)
                await gate.waiting.wait()
                gate.open.set()
                while not last(heard):
                    if (line := await anext(lines)).startswith("data: "):
                        heard.append(json.loads(line.removeprefix("data: ")))
    if accept:
        said = [(one["type"], *one["args"]) for one in heard]
        assert [one for one in said if way == "websocket" or one[0] != "volatile"] == expected
    else:
        assert heard[0]["error"]["code"] == "refused"
        assert [one["type"] for one in heard[1:]] in ([], ["closing"])


async def test_what_waits_for_a_handler_that_takes_too_long_is_bounded(stage: Stage) -> None:
    gate = asyncio.Event()
    waiting = asyncio.Event()
    server = Server(GatewaySettings(write_buffer_bytes=1024))

    @server.event
    async def connect(socket: Socket) -> None:
        waiting.set()
        await gate.wait()

    await stage.start(server)
    client = await stage.raw()
    await waiting.wait()
    (socket,) = server.sockets.values()
    for _ in range(BUFFERS_MAX + 1):
        socket.emit("news", "x" * 1024)
    with pytest.raises(ConnectionClosed) as closed:
        await client.recv()
    gate.set()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4002


# a second CONNECT


class Twice:
    """Counts who came and went in a namespace whose handler can be made to wait."""

    def __init__(self, server: Server, namespace: str) -> None:
        self.log: list[str] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.seen: list[Any] = []
        here = server.of(namespace)
        here.register(self)
        self.sockets = here

    async def on_connect(self, socket: Socket, auth: Any) -> None:
        self.seen.append(auth)
        await self.gate.wait()
        if auth == {"bad": True}:
            raise ConnectionRefused("no")
        self.log.append("connect")

    def on_disconnect(self, socket: Socket, reason: str) -> None:
        self.log.append(reason)

    def on_echo(self, socket: Socket, value: Any) -> Any:
        return value


def said_again(stage: Stage) -> bool:
    """A second CONNECT has come while the handler is deciding about the first one."""
    arriving = stage.server.gateway._engine._arriving  # type: ignore[attr-defined]
    return any(arrival.again for arrivals in arriving.values() for arrival in arrivals.values())


async def test_connecting_twice_before_the_answer_gives_two_and_the_second_counts(stage: Stage, way: str) -> None:
    twice = Twice(stage.server, "/other")
    twice.gate.clear()
    await stage.start()
    session = await stage.session(way)
    for number in range(5):
        await session.send(f'40/other,{{"number":{number}}}')
    twice.gate.set()
    first, second = await session.heard(), await session.heard()
    assert first.startswith("40/other,{")
    assert second.startswith("40/other,{")
    assert first != second
    await session.send('42/other,7["echo",1]')
    assert await session.heard() == "43/other,7[1]"
    assert twice.log == ["connect", "client namespace disconnect", "connect"]
    assert twice.seen == [{"number": 0}, {"number": 4}]
    assert len(twice.sockets.sockets) == 1
    await session.send('420["x"]')  # the main namespace is where it was
    assert len(stage.server.sockets) == 1


async def test_connecting_again_after_a_refusal_that_was_on_its_way(stage: Stage, way: str) -> None:
    twice = Twice(stage.server, "/other")
    twice.gate.clear()
    await stage.start()
    session = await stage.session(way)
    await session.send('40/other,{"bad":true}')
    await session.send('40/other,{"bad":false}')
    twice.gate.set()
    assert (await session.heard()).startswith("44/other,")
    assert (await session.heard()).startswith("40/other,{")
    assert twice.log == ["connect"]


async def test_leaving_and_connecting_quickly(stage: Stage, way: str, settled: Any) -> None:
    twice = Twice(stage.server, "/other")
    await stage.start()
    session = await stage.session(way)
    await session.send("40/other,")
    await session.heard()
    await session.send("41/other,")
    await session.send("40/other,")
    assert (await session.heard()).startswith("40/other,{")
    twice.gate.clear()
    for packet in ("41/other,", "40/other,", "41/other,", "40/other,", "41/other,"):
        await session.send(packet)
    twice.gate.set()
    await session.send('421["x"]')
    await settled(lambda: not twice.sockets.sockets and not stage.server.gateway._engine._arriving)  # type: ignore[attr-defined]
    assert len(stage.server.sockets) == 1
    expected = ["connect", "client namespace disconnect"]
    assert twice.log[:4] == expected * 2
    assert len(twice.seen) <= 4, "one at a time is asked about"


@pytest.mark.parametrize("namespace", ["/", "/other"])
async def test_connecting_again_after_the_answer_begins_anew(stage: Stage, way: str, namespace: str) -> None:
    """A client can't know whether its second CONNECT overtakes the answer to the first one."""
    twice = Twice(stage.server, namespace)
    await stage.start()
    session = await stage.session(way)
    where = "" if namespace == "/" else "/other,"
    if where:
        await session.send(f"40{where}")
        await session.heard()
    await session.send(f"40{where}")
    assert (await session.heard()).startswith(f"40{where}" + "{")
    await session.send(f'42{where}7["echo",1]')
    assert await session.heard() == f"43{where}7[1]"
    assert twice.log == ["connect", "client namespace disconnect", "connect"]
    assert len(twice.sockets.sockets) == 1
    assert len(stage.server.sockets) == 1


@pytest.mark.parametrize("namespace", ["/", "/other"])
@pytest.mark.parametrize("first", ["disconnect", "connect"])
async def test_the_real_client_connects_twice_at_once(stage: Stage, transport: str, first: str, namespace: str) -> None:
    """Without anybody who waits: the second CONNECT comes before or after the first one is answered, as it happens."""
    twice = Twice(stage.server, namespace)
    await stage.start()
    stage.server.of("/beside")
    main = await stage.connect("js", transport, "/beside")
    for _ in range(5):
        other: Any = stage.open("js", transport, namespace, beside=main)
        if first == "disconnect":
            await other.disconnect()
        await other.connect()
        await other.reports.next(report="connect")
        assert await other.ask("echo", 5) == 5
        await other.disconnect()
    assert not [one for one in main.reports._reports if one["report"] == "disconnect"]
    assert set(twice.log) == {"connect", "client namespace disconnect"}


async def test_who_leaves_while_a_second_connect_waits(stage: Stage, settled: Any) -> None:
    twice = Twice(stage.server, "/other")
    twice.gate.clear()
    await stage.start()
    session = await stage.session("websocket")
    await session.send("40/other,")
    await session.send("40/other,")
    await settled(lambda: said_again(stage))
    await session.close()
    await settled(lambda: not stage.server.sockets)
    twice.gate.set()
    await settled(lambda: twice.log == ["connect", "transport close"])
    assert not stage.server.gateway._engine._arriving  # type: ignore[attr-defined]


@pytest.mark.parametrize("first", ["disconnect", "connect"])
async def test_the_real_client_connects_twice(stage: Stage, settled: Any, transport: str, first: str) -> None:
    """The client of npm says nothing when it disconnects before its CONNECT is answered, and CONNECT again."""
    twice = Twice(stage.server, "/other")
    twice.gate.clear()
    await stage.start()
    main = await stage.connect("js", transport)
    other: Any = stage.open("js", transport, "/other", beside=main)
    await settled(lambda: bool(twice.seen))
    if first == "disconnect":
        await other.disconnect()
    await other.connect()
    await settled(lambda: said_again(stage))
    twice.gate.set()
    await other.reports.next(report="connect")
    assert await other.ask("echo", 5) == 5
    assert not [one for one in main.reports._reports if one["report"] == "disconnect"]
    assert len(stage.server.sockets) == 1


@pytest.fixture(params=["websocket", "polling"])
def way(request: pytest.FixtureRequest) -> str:
    """How a client by hand talks."""
    return str(request.param)
