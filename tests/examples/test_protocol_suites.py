"""The server for the protocols' own test suites answers as they ask. docs/conformance.md says how to run them."""

from __future__ import annotations

import json

import pytest
from protocol_suites import engine_io, socket_io
from websockets.asyncio.client import ClientConnection, connect

from hubbub.realtime import serving

OPENING = {"upgrades": [], "pingInterval": 300, "pingTimeout": 200, "maxPayload": 1_000_000}


async def opened(client: ClientConnection) -> None:
    opening = json.loads(str(await client.recv())[1:])
    del opening["sid"]
    assert opening == OPENING


async def heard(client: ClientConnection) -> str | bytes:
    """The next packet that is no ping."""
    while (packet := await client.recv()) == "2":
        await client.send("3")
    return packet


async def test_engine_io_returns_messages() -> None:
    async with serving(engine_io(), grace_seconds=0.2) as port:
        url = f"ws://127.0.0.1:{port}/engine.io/?EIO=4&transport=websocket"
        async with connect(url) as client:
            await opened(client)
            for message in ("4hello", b"\x01\x02"):
                await client.send(message)
                assert await heard(client) == message


@pytest.mark.parametrize("namespace", ["", "/custom,"])
async def test_socket_io_shows_auth_and_returns_arguments(namespace: str) -> None:
    async with serving(socket_io(), grace_seconds=0.2) as port:
        url = f"ws://127.0.0.1:{port}/socket.io/?EIO=4&transport=websocket"
        async with connect(url) as client:
            await opened(client)
            await client.send(f'40{namespace}{{"token":"1"}}')
            assert str(await heard(client)).startswith(f'40{namespace}{{"sid":')
            assert await heard(client) == f'42{namespace}["auth",{{"token":"1"}}]'
            await client.send(f'42{namespace}["message",1,"2"]')
            assert await heard(client) == f'42{namespace}["message-back",1,"2"]'
            await client.send(f'42{namespace}7["message-with-ack",1,"2"]')
            assert await heard(client) == f'43{namespace}7[1,"2"]'
