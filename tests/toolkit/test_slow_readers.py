"""Events larger than the write buffer reach whoever reads; who does not read is cut off."""

from __future__ import annotations

import asyncio
import json
import logging

import httpx
import pytest
from websockets.asyncio.client import connect as websocket

from hubbub.realtime import EngineServer, GatewaySettings, Server, serving
from hubbub.toolkit import slow_readers
from hubbub.toolkit.slow_readers import SlowReaders

from .clients import event
from .conftest import Stage
from .raw import hear

LARGE = "x" * 4_000_000  # more than the kernel takes at once, and not more than the clients do
SMALL_BUFFER = GatewaySettings(write_buffer_bytes=65536)


async def test_one_large_event_reaches_each_client(stage: Stage, kind: str, transport: str) -> None:
    await stage.start(Server(SMALL_BUFFER))
    client = await stage.connect(kind, transport)
    for number in range(3):
        stage.server.emit("large", number, LARGE)
        stage.server.emit("behind", number)
        assert await event(client, "large") == (number, LARGE)
        assert await event(client, "behind") == (number,)
    assert len(stage.server.sockets) == 1


async def test_many_events_of_one_moment_reach_each_client(stage: Stage) -> None:
    await stage.start(Server(SMALL_BUFFER))
    clients = [await stage.connect("js", transport) for transport in ("websocket", "polling")]
    for number in range(2000):
        stage.server.emit("n", number, "y" * 1000)
    for client in clients:
        assert [(await event(client, "n"))[0] for _ in range(2000)] == list(range(2000))


@pytest.mark.parametrize("way", ["websocket", "polling", "sse"])
async def test_raw_clients(stage: Stage, way: str) -> None:
    await stage.start(Server(SMALL_BUFFER))
    said = {"type": "large", "args": [LARGE]}
    async with httpx.AsyncClient(base_url=stage.url, timeout=20) as http:
        if way == "websocket":
            client = await stage.raw(max_size=None)
            for _ in range(2):
                stage.server.emit("large", LARGE)
                assert await hear(client) == said
        elif way == "polling":
            key = (await http.get("/poll")).json()["key"]
            for _ in range(2):
                stage.server.emit("large", LARGE)
                assert (await http.get(f"/poll/{key}")).json() == [said]
        else:
            async with http.stream("GET", "/sse") as response:
                lines = response.aiter_lines()
                assert '"opened"' in await anext(lines)
                for _ in range(2):
                    stage.server.emit("large", LARGE)
                    while not (line := await anext(lines)).startswith("data: "):
                        pass
                    assert json.loads(line.removeprefix("data: ")) == said
    assert len(stage.server.sockets) == 1


async def test_engine_io_by_itself() -> None:
    engine = EngineServer(GatewaySettings(engine_path="/engine.io/", write_buffer_bytes=65536))
    engine.on("connect")(lambda socket: socket.send(LARGE))
    async with serving(engine) as port:
        url = f"ws://127.0.0.1:{port}/engine.io/?EIO=4&transport=websocket"
        async with websocket(url, max_size=None) as client:
            assert str(await client.recv())[0] == "0"
            for _ in range(2):
                assert await client.recv() == "4" + LARGE
                (socket,) = engine.sockets.values()
                socket.send(LARGE)


async def test_who_does_not_read_is_cut_off_and_the_log_says_so(
    stage: Stage, settled: object, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    server = Server(GatewaySettings(write_buffer_bytes=65536, heartbeat_timeout_seconds=0.3))
    gone: asyncio.Queue[str] = asyncio.Queue()
    server.on("disconnect")(lambda socket, reason: gone.put_nowait(reason))
    await stage.start(server)
    client = await stage.raw(max_queue=1, max_size=None, close_timeout=0.1)
    for _ in range(6):  # more than the client's library and the kernel take without being read
        server.emit("n", LARGE)
    async with asyncio.timeout(20):
        assert await gone.get() == "forced server close"
    assert "closing a client at 127.0.0.1 that reads too slowly" in caplog.text
    assert client.close_code in {None, 1006, 4002}


async def test_engine_io_s_clients_that_do_not_read(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    settings = GatewaySettings(engine_path="/engine.io/", write_buffer_bytes=65536, heartbeat_timeout_seconds=0.3)
    engine = EngineServer(settings)
    gone: asyncio.Queue[str] = asyncio.Queue()
    engine.on("disconnect")(lambda socket, reason: gone.put_nowait(reason))

    @engine.on("connect")
    def connected(socket: object) -> None:
        for one in engine.sockets.values():
            for _ in range(6):
                one.send(LARGE)

    async with serving(engine) as port:
        url = f"ws://127.0.0.1:{port}/engine.io/?EIO=4&transport=websocket"
        async with websocket(url, max_queue=1, max_size=None, close_timeout=0.1), asyncio.timeout(20):
            assert await gone.get() == "forced server close"
    assert "reads too slowly" in caplog.text


class Pipe:
    """A reader of which the test says what waits for it."""

    def __init__(self, unsent_bytes: int) -> None:
        self.unsent_bytes = unsent_bytes


async def test_who_reads_is_left_alone_until_another_buffer_is_full(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slow_readers, "LOOK_SECONDS", 0)
    cut: list[Pipe] = []
    slow: SlowReaders[Pipe] = SlowReaders(asyncio.get_running_loop(), 100, 1000, cut.append)
    reads, fills, leaves = Pipe(5000), Pipe(5000), Pipe(5000)
    for pipe in (reads, fills, leaves):
        slow.add(pipe)
        slow.add(pipe)
    slow.remove(leaves)
    for _ in range(50):
        await asyncio.sleep(0)
        reads.unsent_bytes -= 50
        fills.unsent_bytes += 1
    assert cut == []
    fills.unsent_bytes = 5101
    async with asyncio.timeout(10):
        while not cut:  # noqa: ASYNC110
            await asyncio.sleep(0)
    assert cut == [fills]
    assert len(slow) == 1
    slow.remove(reads)


async def test_patience_ends_with_who_reads_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slow_readers, "LOOK_SECONDS", 0)
    cut: list[Pipe] = []
    slow: SlowReaders[Pipe] = SlowReaders(asyncio.get_running_loop(), 100, 0, cut.append)
    pipe = Pipe(5000)
    slow.add(pipe)
    async with asyncio.timeout(10):
        while not cut:  # noqa: ASYNC110
            await asyncio.sleep(0)
    assert cut == [pipe]
