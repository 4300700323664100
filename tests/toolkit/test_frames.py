"""Frames on `/socket.io/` that are not the usual ones: binary data as base64 text, and compressed messages."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as websocket
from websockets.exceptions import ConnectionClosed

from hubbub.realtime import EngineServer, GatewaySettings, Server, Socket, serving
from hubbub.wire.websocket import RSV1

from .clients import event
from .conftest import Stage

LONG = "long " * 2000
DATA = bytes(range(256)) * 4


def echoing(server: Server, seen: list[Any]) -> None:
    @server.on("echo")
    def echo(socket: Socket, *args: Any) -> Any:
        seen.append(args)
        server.emit("echoed", *args)
        return args


@asynccontextmanager
async def by_hand(port: int, query: str = "", **options: Any) -> AsyncIterator[ClientConnection]:
    """A WebSocket whose client says each packet itself, connected to the main namespace."""
    url = f"ws://127.0.0.1:{port}/socket.io/?EIO=4&transport=websocket{query}"
    async with websocket(url, **options) as client:
        await client.recv()
        await client.send("40")
        assert str(await client.recv()).startswith("40")
        yield client


async def test_a_client_that_forces_base64(stage: Stage, transport: str) -> None:
    seen: list[Any] = []
    echoing(stage.server, seen)

    @stage.server.on("connect")
    def connected(socket: Socket) -> None:
        socket.emit("early", DATA)  # for some it is on its way while the client upgrades

    await stage.start()
    client = await stage.connect("js", transport, forceBase64=True)
    assert await event(client, "early") == (DATA,)
    assert await client.ask("echo", DATA, "text") == [DATA, "text"]
    assert await event(client, "echoed") == (DATA, "text")
    assert seen == [(DATA, "text")]


@pytest.mark.parametrize("query", ["", "&b64=1"])
async def test_binary_data_may_come_as_text_and_goes_as_the_client_asked(stage: Stage, query: str) -> None:
    seen: list[Any] = []
    echoing(stage.server, seen)
    await stage.start()
    as_text = "b" + base64.b64encode(DATA).decode()
    expected = as_text if query else DATA
    async with by_hand(stage.port, query) as client:
        await client.send('451-7["echo",{"_placeholder":true,"num":0}]')
        await client.send(as_text)
        found = [await client.recv() for _ in range(4)]
        assert found.count(expected) == 2  # the answer's, and the one for everybody
    assert seen == [(DATA,)]


@pytest.mark.parametrize("packet", ["b!!!!", "bAAA", "c"])
async def test_what_is_no_base64_ends_the_session(stage: Stage, packet: str) -> None:
    await stage.start()
    async with by_hand(stage.port) as client:
        await client.send(packet)
        assert '"code":1002' in str(await client.recv())
        assert await client.recv() == "41"
        with pytest.raises(ConnectionClosed) as caught:
            await client.recv()
        assert caught.value.rcvd is not None
        assert caught.value.rcvd.code == 1002


async def test_engine_io_by_itself() -> None:
    engine = EngineServer(GatewaySettings(engine_path="/engine.io/", compression=True))
    engine.on("message")(lambda socket, data: socket.send(data))
    async with serving(engine) as port:
        url = f"ws://127.0.0.1:{port}/engine.io/?EIO=4&transport=websocket&b64=1"
        async with websocket(url) as client:
            assert client.protocol.extensions
            await client.recv()
            for message in ("b" + base64.b64encode(DATA).decode(), "4" + LONG):
                await client.send(message)
                assert await client.recv() == message


async def test_compression_when_the_operator_allows_it(stage: Stage, transport: str) -> None:
    seen: list[Any] = []
    server = Server(GatewaySettings(compression=True))
    echoing(server, seen)
    await stage.start(server)
    client = await stage.connect("js", transport)
    async with by_hand(stage.port) as asks, by_hand(stage.port, compression=None) as does_not:
        assert asks.protocol.extensions
        assert not does_not.protocol.extensions
        assert await client.ask("echo", LONG, DATA) == [LONG, DATA]
        assert await event(client, "echoed") == (LONG, DATA)
        for other in (asks, does_not):
            assert LONG in str(await other.recv())
            assert await other.recv() == DATA
        await asks.send(f'427["echo","{LONG}"]')
        assert await asks.recv() == f'437["{LONG}"]'
    assert len(seen) == 2


async def test_long_messages_are_compressed_on_the_way(stage: Stage) -> None:
    await stage.start(Server(GatewaySettings(compression=True)))
    reader, writer = await asyncio.open_connection("127.0.0.1", stage.port)
    writer.write(
        b"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: here\r\nUpgrade: websocket\r\n"
        b"Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
        b"Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n\x81\x82\x00\x00\x00\x0040"
    )
    async with asyncio.timeout(20):
        assert b"permessage-deflate" in await reader.readuntil(b"\r\n\r\n")
        await _frame(reader)
        assert (await _frame(reader))[1].startswith(b"40")
        stage.server.emit("news", LONG)
        first, payload = await _frame(reader)
    writer.close()
    assert first & RSV1
    assert len(payload) < len(LONG) / 10


async def test_compression_is_off_by_default(stage: Stage) -> None:
    await stage.start()
    async with by_hand(stage.port) as client:
        assert not client.protocol.extensions


async def _frame(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """First byte and payload of a short frame."""
    first, size = await reader.readexactly(2)
    if size == 126:
        size = int.from_bytes(await reader.readexactly(2), "big")
    return first, await reader.readexactly(size)
