"""Connecting, being refused, namespaces and leaving, with unmodified clients on every transport."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest

from hubbub.realtime import ConnectionRefused, Server, Socket, serving

from .clients import JsClient, event
from .conftest import Stage


async def test_a_client_connects_with_its_auth(stage: Stage, kind: str, transport: str) -> None:
    seen: list[Any] = []

    @stage.server.event
    async def connect(socket: Socket, auth: Any) -> None:
        seen.append((socket.id, auth, socket.handshake.auth, socket.recovered))

    await stage.start()
    client = stage.open(kind, transport, auth={"token": "t"})
    report = await client.reports.next(report="connect")
    assert seen == [(report["sid"], {"token": "t"}, {"token": "t"}, False)]
    assert set(stage.server.sockets) == {report["sid"]}


async def test_the_transport_is_known(stage: Stage, kind: str, transport: str) -> None:
    await stage.start()
    await stage.connect(kind, transport)
    (socket,) = stage.server.sockets.values()
    used = "polling" if transport == "polling" else "websocket"
    assert (socket.wire, socket.transport) == ("socketio", used)
    assert stage.server.gateway.census()["socketio", used] == 1


async def test_a_client_is_refused_with_data(stage: Stage, kind: str, transport: str) -> None:
    @stage.server.event
    async def connect(socket: Socket, auth: Any) -> None:
        socket.join("lobby")
        raise ConnectionRefused("not you", {"code": "E1", "tries": [1, 2]})

    await stage.start()
    client = stage.open(kind, transport)
    error = await client.reports.next(report="connect_error")
    assert (error["message"], error["data"]) == ("not you", {"code": "E1", "tries": [1, 2]})
    assert not stage.server.sockets
    assert not stage.server.sockets_in("lobby")
    assert len(stage.server.roster) == 0


async def test_a_connect_handler_that_returns_false_refuses(stage: Stage, kind: str) -> None:
    stage.server.on("connect")(lambda socket: False)
    await stage.start()
    client = stage.open(kind, "websocket")
    error = await client.reports.next(report="connect_error")
    assert (error["message"], error["data"]) == ("Connection refused.", None)


async def test_a_connect_handler_that_fails_refuses_without_a_word_of_why(
    stage: Stage, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    @stage.server.event
    async def connect(socket: Socket) -> None:
        raise KeyError("secret")

    await stage.start()
    client = stage.open(kind, "websocket")
    error = await client.reports.next(report="connect_error")
    assert (error["message"], error["data"]) == ("Something went wrong on the server.", {"code": "internal"})
    assert "secret" in caplog.text


async def test_an_unknown_namespace(stage: Stage, kind: str, transport: str) -> None:
    await stage.start()
    client = stage.open(kind, transport, "/nowhere")
    assert (await client.reports.next(report="connect_error"))["message"] == "Invalid namespace"


async def test_each_namespace_has_its_own_middleware_and_handlers(stage: Stage, kind: str, transport: str) -> None:
    admin, rooms = stage.server.of("/admin"), stage.server.of(re.compile(r"/room-\d+"))
    order: list[str] = []

    @admin.use
    async def first(socket: Socket) -> None:
        order.append("first")
        socket.data["by"] = "first"

    @admin.use
    def second(socket: Socket) -> None:
        order.append("second")
        if socket.handshake.auth != {"key": "k"}:
            raise ConnectionRefused("no key")

    @admin.on("who")
    async def who_admin(socket: Socket) -> str:
        return f"admin after {socket.data['by']}"

    @rooms.use
    def third(socket: Socket) -> None:
        order.append(socket.namespace.name)

    @rooms.on("who")
    def who_room(socket: Socket) -> str:
        return socket.namespace.name

    await stage.start()
    assert (await stage.open(kind, transport, "/admin").reports.next(report="connect_error"))["message"] == "no key"
    assert order == ["first", "second"]
    inside = await stage.connect(kind, transport, "/admin", auth={"key": "k"})
    assert await inside.ask("who") == "admin after first"
    room = await stage.connect(kind, transport, "/room-7")
    assert await room.ask("who") == "/room-7"
    assert order[4:] == ["/room-7"]
    refused = stage.open(kind, transport, "/room-x")
    assert (await refused.reports.next(report="connect_error"))["message"] == "Invalid namespace"


async def test_events_stay_in_their_namespace(stage: Stage, transport: str) -> None:
    """Two namespaces on one Engine.IO session."""
    other = stage.server.of("other")
    await stage.start()
    main = await stage.connect("js", transport)
    beside = await stage.connect("js", transport, "/other", beside=main)
    other.emit("x", 1)
    stage.server.emit("y", 2)
    assert await event(beside, "x") == (1,)
    assert await event(main, "y") == (2,)
    assert main.reports.events() == beside.reports.events() == []
    await beside.disconnect()
    stage.server.emit("still", "here")
    assert await event(main, "still") == ("here",)


async def test_a_namespace_of_a_pattern_ends_with_its_last_socket(stage: Stage, settled: Any) -> None:
    stage.server.of(re.compile("/r-.*"))
    await stage.start()
    names = stage.server._namespaces
    client = await stage.connect("js", "websocket", "/r-1")
    assert len(names) == 2
    await client.disconnect()
    await settled(lambda: len(names) == 1)


async def test_emits_of_the_connect_handler_arrive_after_connect(stage: Stage, kind: str, transport: str) -> None:
    @stage.server.event
    async def connect(socket: Socket) -> None:
        socket.join("r")
        socket.emit("first", 1)
        stage.server.to("r").emit("second", b"\x01")
        await asyncio.sleep(0)
        socket.emit("third", 3)

    await stage.start()
    client = await stage.connect(kind, transport)
    got = [await event(client, name) for name in ("first", "second", "third")]
    assert got == [(1,), (b"\x01",), (3,)]


@pytest.mark.parametrize("end", ["client", "server", "server at once", "network"])
async def test_both_sides_hear_the_reason(stage: Stage, kind: str, transport: str, end: str) -> None:
    reasons: asyncio.Queue[tuple[str, frozenset[str]]] = asyncio.Queue()

    @stage.server.event
    async def connect(socket: Socket) -> None:
        socket.join("r")
        if end == "server at once":
            socket.disconnect()

    @stage.server.event
    async def disconnect(socket: Socket, reason: str) -> None:
        reasons.put_nowait((reason, socket.rooms - {socket.id}))
        assert not socket.connected
        socket.join("too late")

    await stage.start()
    if end == "server at once":
        client = stage.open(kind, transport)
        await client.reports.next(report="connect")
    else:
        client = await stage.connect(kind, transport)
    match end:
        case "client":
            await client.disconnect()
        case "server":
            stage.server.disconnect_sockets()
        case "network":
            await client.drop()
        case _:
            pass  # the connect handler does it
    expected = {
        "client": ("client namespace disconnect", "io client disconnect"),
        "server": ("server namespace disconnect", "io server disconnect"),
        "server at once": ("server namespace disconnect", "io server disconnect"),
        "network": ("transport close", "forced close"),
    }[end]
    reason, rooms = await asyncio.wait_for(reasons.get(), 20)
    assert rooms == {"r"}
    if end == "client" and kind == "python":  # it may close the transport before its goodbye has been written
        assert reason in {expected[0], "transport close"}
    else:
        assert reason == expected[0]
    if kind == "js":
        assert (await client.reports.next(report="disconnect"))["reason"] == expected[1]
    if end != "network":
        assert not stage.server.sockets
        assert len(stage.server.roster) == 0


async def test_a_client_that_leaves_while_it_is_connected_leaves_nothing_behind(stage: Stage, settled: Any) -> None:
    inside, go = asyncio.Event(), asyncio.Event()
    steps: list[str] = []

    @stage.server.use
    async def slow(socket: Socket) -> None:
        if socket.handshake.auth == {"slow": "middleware"}:
            inside.set()
            await go.wait()

    @stage.server.event
    async def connect(socket: Socket) -> None:
        steps.append("connect")
        if socket.handshake.auth == {"slow": "connect"}:
            inside.set()
            await go.wait()
            socket.join("r")

    @stage.server.event
    def disconnect(socket: Socket) -> None:
        steps.append("disconnect")

    await stage.start()
    for where, expected in (("middleware", []), ("connect", ["connect", "disconnect"])):
        inside.clear()
        go.clear()
        client = stage.open("js", "websocket", auth={"slow": where})
        await asyncio.wait_for(inside.wait(), 20)
        assert isinstance(client, JsClient)
        await client.disconnect()
        await settled(lambda: not stage.server.gateway.census().get(("socketio", "websocket")))
        go.set()
        await settled(lambda: not stage.server.arriving)
        assert steps == expected
        assert not stage.server.sockets
        assert not stage.server.roster.everybody.members()
        assert len(stage.server.roster) == 0


async def test_clients_come_back_by_themselves_after_a_restart(stage: Stage, kind: str, transport: str) -> None:
    def server() -> Server:
        made = Server()
        made.on("hello")(lambda socket: "again")
        return made

    async with serving(server(), grace_seconds=0.2) as port:
        stage.port = port
        client = await stage.connect(kind, transport)
        assert await client.ask("hello") == "again"
    await client.reports.next(report="disconnect")
    await stage.start(server(), port=port)
    await client.reports.next(report="connect")
    assert await client.ask("hello") == "again"
