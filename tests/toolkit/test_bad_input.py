"""What no sound client sends, over both transports: each is refused or dropped, and others go on."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from hubbub.realtime import GatewaySettings, Server, Socket
from hubbub.realtime.protocols.socketio_server import NAMESPACES

from .conftest import Stage
from .sessions import Session

Join = Callable[[], Awaitable[Session]]


@pytest.fixture(params=["websocket", "polling"])
def way(request: pytest.FixtureRequest) -> str:
    """How the bad client talks."""
    return str(request.param)


@pytest.fixture
async def told(stage: Stage) -> AsyncIterator[list[Any]]:
    """Events that reached the application. After the test, two sound clients are still there and get an event."""
    seen: list[Any] = []
    stage.server = Server(GatewaySettings(message_bytes=8_000_000))

    @stage.server.on_any
    def everything(socket: Socket, name: str, *args: Any) -> str:
        seen.append((name, *args))
        return "ok"

    stage.server.of("/other").on_any(everything)
    await stage.start()
    sound = [await stage.session(one) for one in ("websocket", "polling")]
    yield seen
    stage.server.emit("news", 1)
    for session in sound:
        while (packet := await session.heard()) != '42["news",1]':
            assert packet.startswith("42"), packet  # what the test itself sent to everybody


@pytest.fixture
def join(stage: Stage, way: str) -> Join:
    """A further client, which is going to misbehave."""
    return lambda: stage.session(way)


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
        "40[]",
        "7",
        "",
    ],
    ids=lambda packet: packet[:24],
)
async def test_a_broken_packet_ends_its_session_only(join: Join, told: list[Any], packet: str) -> None:
    client = await join()
    await client.send(packet)
    if packet == '451-["x"]':
        await client.send(b"never placed")  # it belongs nowhere, and harms nobody
        await client.send('420["then"]')
        assert await client.heard() == '430["ok"]'
        return
    assert await client.ended()
    assert not told


async def test_a_name_that_is_ours_is_refused_and_the_session_stays(join: Join, told: list[Any]) -> None:
    client = await join()
    await client.send('420["reply",1]')
    assert json.loads((await client.heard())[3:])[0]["error"]["code"] == "bad_field"
    await client.send('421["x"]')
    assert await client.heard() == '431["ok"]'


async def test_attachments_that_do_not_come(join: Join, told: list[Any]) -> None:
    first = await join()
    await first.send('452-["x",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]')
    await first.send(b"one")
    await first.send('42["y"]')  # instead of the second
    assert await first.ended()
    second = await join()
    await second.send('451-["x",{"_placeholder":true,"num":0}]')
    await second.close()
    third = await join()
    await third.send(b"unannounced")
    assert await third.ended()
    assert not told


async def test_a_hundred_thousand_placeholders(join: Join, told: list[Any]) -> None:
    """One attachment in 100,000 places would be gigabytes when it is sent on."""
    one, many = '{"_placeholder":true,"num":0}', 100_000
    client = await join()
    await client.send('451-["x",' + ",".join([one] * many) + "]")
    await client.send(b"x" * 60_000)
    assert await client.ended()
    text = await join()
    await text.send('420["x",' + ",".join([one] * many) + "]")  # no binary packet: objects like any other
    assert await text.heard() == '430["ok"]'
    assert len(told) == 1


async def test_answers_nobody_asked_for(stage: Stage, join: Join, told: list[Any]) -> None:
    client, other = await join(), await join()
    for packet in ('430["x"]', '43999999999999999["x"]', '461-5["x",{"_placeholder":true,"num":0}]'):
        await client.send(packet)
    await client.send(b"x")
    *_, asked = stage.server.sockets.values()
    asking = asyncio.create_task(asked.call("q", timeout=0.3))
    number = (await other.heard())[2 : -len('["q"]')]
    await client.send(f'43{number}["of somebody else"]')
    await client.send('427["still here"]')
    assert await client.heard() == '437["ok"]'
    await other.send(f'43{number}["right"]')
    assert await asking == "right"


async def test_namespaces_that_were_not_joined(stage: Stage, way: str, join: Join, told: list[Any]) -> None:
    client = await join()
    for packet in ('42/other,["x"]', '42/nowhere,["x"]', "41/other,", '43/other,1["x"]'):
        await client.send(packet)
    await client.send('451-/other,["x",{"_placeholder":true,"num":0}]')
    await client.send(b"x")
    await client.send('420["here"]')
    assert await client.heard() == '430["ok"]'
    assert told == [("here",)]
    nobody = await stage.session(way, connected=False)
    await nobody.send('42["x"]')
    assert await nobody.ended()


async def test_more_namespaces_than_anybody_needs(stage: Stage, join: Join, told: list[Any]) -> None:
    stage.server.of(re.compile(r"/game-\d+")).on("x")(lambda socket: "in")
    client = await join()
    for number in range(NAMESPACES - 1):
        await client.send(f"40/game-{number},")
        assert (await client.heard()).startswith(f"40/game-{number},")
    await client.send('42/game-7,0["x"]')
    assert await client.heard() == '43/game-7,0["in"]'
    await client.send("40/game-100,")
    assert await client.ended()
    assert not stage.server.of("/game-7").sockets


async def test_a_client_that_never_connects(stage: Stage, way: str) -> None:
    await stage.start(Server(GatewaySettings(handshake_seconds=0.2)))
    silent = await stage.session(way, connected=False)
    assert await silent.ended()
