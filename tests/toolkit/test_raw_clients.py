"""Raw WebSocket clients in the same rooms, with the same events: docs/toolkit.md, "Raw clients"."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest
from websockets.exceptions import ConnectionClosed

from hubbub.realtime import ConnectionRefused, NoAnswer, Socket

from .conftest import Stage
from .raw import answer, hear, say


async def test_events_and_answers(stage: Stage) -> None:
    server = stage.server

    @server.on("add")
    async def add(socket: Socket, a: int, b: int) -> int:
        return a + b

    server.on("two")(lambda socket: ("x", [1]))
    server.on("none")(lambda socket: None)
    server.on("hello")(lambda socket, name: socket.emit("welcome", name, {"by": socket.wire}))
    await stage.start()
    client = await stage.raw()
    await say(client, "add", 1, 2, ref=7)
    assert await hear(client) == {"type": "reply", "ref": 7, "args": [3]}
    await say(client, "two", ref="a")
    assert await hear(client) == {"type": "reply", "ref": "a", "args": ["x", [1]]}
    await say(client, "none", ref=8)
    assert await hear(client) == {"type": "reply", "ref": 8, "args": []}
    await say(client, "hello", "ada")
    assert await hear(client) == {"type": "welcome", "args": ["ada", {"by": "native.json"}]}


async def test_errors_answer_and_leave_the_connection(stage: Stage) -> None:
    @stage.server.event
    async def wants_two(socket: Socket, a: int, b: int) -> str:
        return "fine"

    await stage.start()
    client = await stage.raw()

    async def error(text: str) -> tuple[Any, str]:
        await client.send(text)
        got = await hear(client)
        assert got["type"] == "reply"
        return got["ref"], got["error"]["code"]

    assert await error('{"type":"unknown","ref":1}') == (1, "unknown_command")
    assert await error('{"type":"wants_two","ref":2}') == (2, "bad_field")
    assert await error('{"type":"connect","ref":3}') == (3, "bad_field")
    assert await error('{"type":"reply","ref":"text"}') == ("text", "bad_field")
    for text in ("", "nonsense", "[]", "{}", '{"type":5}', '{"type":"x","args":{}}', "[" * 20_000):
        assert await error(text) == (None, "bad_field")
    await client.send(b"binary")
    assert (await hear(client))["error"]["code"] == "bad_json"
    await say(client, "wants_two", 1, 2, ref=9)
    assert (await hear(client))["args"] == ["fine"]


async def test_the_server_asks(stage: Stage) -> None:
    await stage.start()
    client = await stage.raw()
    (socket,) = stage.server.sockets.values()
    asking = asyncio.create_task(socket.call("question", 1))
    assert await answer(client, "question", "a", "b") == [1]
    assert await asking == ["a", "b"]
    asking = asyncio.create_task(socket.call("question"))
    await hear(client)
    await say(client, "reply", "never asked", ref=12345)
    await client.close()
    with pytest.raises(NoAnswer):
        await asking


async def test_connecting_and_leaving(stage: Stage) -> None:
    seen: list[Any] = []
    gone: asyncio.Queue[str] = asyncio.Queue()

    @stage.server.event
    async def connect(socket: Socket, auth: Any) -> None:
        seen.append((auth, socket.handshake.query, socket.handshake.headers["x-key"]))
        if socket.handshake.query == "bad":
            raise ConnectionRefused("no")
        socket.emit("hello")

    stage.server.on("disconnect")(lambda socket, reason: gone.put_nowait(reason))
    await stage.start()
    client = await stage.raw("?token=t", additional_headers={"X-Key": "k"})
    assert await hear(client) == {"type": "hello", "args": []}
    assert seen == [(None, "token=t", "k")]
    await client.close()
    assert await gone.get() == "transport close"
    refused = await stage.raw("?bad", additional_headers={"X-Key": "k"})
    assert (await hear(refused))["error"] == {"code": "refused", "message": "no", "retryable": False}
    await refused.wait_closed()
    assert refused.close_code == 4500
    dismissed = await stage.raw("?x", additional_headers={"X-Key": "k"})
    await hear(dismissed)
    stage.server.disconnect_sockets()
    with pytest.raises(ConnectionClosed):
        await dismissed.recv()
    assert dismissed.close_code == 4501
    assert await gone.get() == "server namespace disconnect"


async def test_messagepack(stage: Stage) -> None:
    stage.server.on("reverse")(lambda socket, data: data[::-1])
    await stage.start()
    client = await stage.raw(subprotocols=["hubbub.v1.msgpack"])
    pack, unpack = msgspec.msgpack.encode, msgspec.msgpack.decode
    await client.send(pack({"type": "reverse", "args": [b"abc"], "ref": 1}))
    assert unpack(await client.recv(decode=False)) == {"type": "reply", "ref": 1, "args": [b"cba"]}
    await client.send(b"\xc1")
    assert unpack(await client.recv(decode=False))["error"]["code"] == "bad_field"
    await client.send(pack({"type": "unheard", "ref": 2}))
    assert unpack(await client.recv(decode=False))["error"]["code"] == "unknown_command"
    (socket,) = stage.server.sockets.values()
    assert socket.wire == "native.msgpack"
    asking = asyncio.create_task(socket.call("bytes?"))
    asked = unpack(await client.recv(decode=False))
    await client.send(pack({"type": "reply", "args": [b"\x00"], "ref": asked["ref"]}))
    assert await asking == b"\x00"
