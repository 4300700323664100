"""What no sound client sends: each is refused or dropped, and others go on."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as websocket
from websockets.exceptions import ConnectionClosed

from hubbub.realtime import GatewaySettings, Server, Socket

from .conftest import Stage


async def joined(stage: Stage, namespace: str = "") -> ClientConnection:
    """A Socket.IO session by hand, over WebSocket."""
    client = await stage._stack.enter_async_context(
        websocket(f"ws://127.0.0.1:{stage.port}/socket.io/?EIO=4&transport=websocket", max_size=None)
    )
    assert str(await client.recv())[0] == "0"
    await client.send("40" + namespace)
    assert str(await client.recv()).startswith("40")
    return client


async def heard(client: ClientConnection) -> str:
    """The next packet that is no ping."""
    while (packet := str(await client.recv())) == "2":
        pass
    return packet


async def ended(client: ClientConnection) -> bool:
    try:
        async with asyncio.timeout(10):
            while True:
                await client.recv()
    except ConnectionClosed:
        return True


@pytest.fixture
async def told(stage: Stage) -> list[Any]:
    """Events that reached the application."""
    seen: list[Any] = []
    stage.server = Server(GatewaySettings(message_bytes=8_000_000))

    @stage.server.on_any
    def everything(socket: Socket, name: str, *args: Any) -> str:
        seen.append((name, *args))
        return "ok"

    stage.server.of("/other").on_any(everything)
    await stage.start()
    return seen


@pytest.mark.parametrize(
    "packet",
    [
        *(f'42["{name}"]' for name in ("connect", "disconnect", "connect_error", "disconnecting", "newListener")),
        "42[true]",
        "42[null]",
        "42[]",
        "42{}",
        "42[1",
        "42",
        "44{}",
        "43[]",
        "49",
        '451-["x"]',
        '45100-["x",{"_placeholder":true,"num":0}]',
        "42" + "[" * 100_000,
        '42["x",' + '{"a":' * 100_000 + "1" + "}" * 100_000 + "]",
        "40",
        "40[]",
        "7",
        "",
    ],
    ids=lambda packet: packet[:24],
)
async def test_a_broken_packet_ends_its_session_only(stage: Stage, told: list[Any], packet: str) -> None:
    sound, client = await joined(stage), await joined(stage)
    await client.send(packet)
    if packet == '451-["x"]':
        await client.send(b"never placed")  # it belongs nowhere, and harms nobody
        await client.send('420["then"]')
        assert await heard(client) == '430["ok"]'
        return
    assert await ended(client)
    assert not told
    await sound.send('420["x"]')
    assert await heard(sound) == '430["ok"]'


async def test_a_name_that_is_ours_is_refused_and_the_session_stays(stage: Stage, told: list[Any]) -> None:
    client = await joined(stage)
    await client.send('420["reply",1]')
    assert json.loads((await heard(client))[3:])[0]["error"]["code"] == "bad_field"
    await client.send('421["x"]')
    assert await heard(client) == '431["ok"]'


async def test_attachments_that_do_not_come(stage: Stage, told: list[Any]) -> None:
    first = await joined(stage)
    await first.send('452-["x",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]')
    await first.send(b"one")
    await first.send('42["y"]')  # instead of the second
    assert await ended(first)
    second = await joined(stage)
    await second.send('451-["x",{"_placeholder":true,"num":0}]')
    await second.close()
    third = await joined(stage)
    await third.send(b"unannounced")
    assert await ended(third)
    assert not told


async def test_a_hundred_thousand_placeholders(stage: Stage, told: list[Any]) -> None:
    """One attachment in 100,000 places would be gigabytes when it is sent on."""
    one, many = '{"_placeholder":true,"num":0}', 100_000
    client = await joined(stage)
    await client.send('451-["x",' + ",".join([one] * many) + "]")
    await client.send(b"x" * 60_000)
    assert await ended(client)
    text = await joined(stage)
    await text.send('420["x",' + ",".join([one] * many) + "]")  # no binary packet: objects like any other
    assert await heard(text) == '430["ok"]'
    assert len(told) == 1


async def test_answers_nobody_asked_for(stage: Stage, told: list[Any]) -> None:
    client, other = await joined(stage), await joined(stage)
    for packet in ('430["x"]', '43999999999999999["x"]', '461-5["x",{"_placeholder":true,"num":0}]'):
        await client.send(packet)
    await client.send(b"x")
    asked = list(stage.server.sockets.values())
    asking = asyncio.create_task(asked[1].call("q", timeout=0.3))
    number = (await heard(other))[2 : -len('["q"]')]
    await client.send(f'43{number}["of somebody else"]')
    await client.send('427["still here"]')
    assert await heard(client) == '437["ok"]'
    await other.send(f'43{number}["right"]')
    assert await asking == "right"


async def test_namespaces_that_were_not_joined(stage: Stage, told: list[Any]) -> None:
    client = await joined(stage)
    for packet in ('42/other,["x"]', '42/nowhere,["x"]', "41/other,", '43/other,1["x"]'):
        await client.send(packet)
    await client.send('451-/other,["x",{"_placeholder":true,"num":0}]')
    await client.send(b"x")
    await client.send('420["here"]')
    assert await heard(client) == '430["ok"]'
    assert told == [("here",)]
    nobody = await stage._stack.enter_async_context(
        websocket(f"ws://127.0.0.1:{stage.port}/socket.io/?EIO=4&transport=websocket")
    )
    await nobody.recv()
    await nobody.send('42["x"]')
    assert await ended(nobody)


async def test_a_client_that_never_connects_and_one_that_connects_twice(stage: Stage) -> None:
    await stage.start(Server(GatewaySettings(handshake_seconds=0.2)))
    silent = await stage._stack.enter_async_context(
        websocket(f"ws://127.0.0.1:{stage.port}/socket.io/?EIO=4&transport=websocket")
    )
    assert await ended(silent)
    twice = await joined(stage)
    await twice.send("40")
    assert await ended(twice)
