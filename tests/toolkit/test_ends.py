"""Ends that nobody planned: slow readers, handlers that fail when nobody listens any more, a server that stops."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from hubbub.realtime import GatewaySettings, Server, Socket, serving

from .clients import event
from .conftest import Stage
from .raw import hear, say


async def test_a_client_that_reads_too_slowly_is_closed_and_harms_nobody(stage: Stage) -> None:
    server = Server(GatewaySettings(write_buffer_bytes=65536))
    gone: asyncio.Queue[str] = asyncio.Queue()
    server.on("disconnect")(lambda socket, reason: gone.put_nowait(reason))
    await stage.start(server)
    await stage.raw(max_queue=1, close_timeout=0.1)  # nobody takes what it gets
    other = await stage.connect("js", "websocket")
    sent = 0
    while gone.empty():
        server.emit("n", sent, "x" * 50_000)
        assert (await event(other, "n"))[0] == sent  # never further behind than one event
        sent += 1
    assert gone.get_nowait() == "forced server close"
    assert len(server.sockets) == 1


async def test_volatile_events_stop_before_a_slow_client_is_closed(stage: Stage) -> None:
    server = Server(GatewaySettings(write_buffer_bytes=8 * 1024 * 1024))
    await stage.start(server)
    client = await stage.raw(max_queue=1, max_size=None)
    (socket,) = server.sockets.values()
    for number in range(500):  # 25 MB, which neither the kernel nor the buffer could hold
        server.volatile.emit("n", number, "x" * 50_000)
        await asyncio.sleep(0)
    assert socket.connected
    server.emit("end")
    got = []
    while (said := await hear(client))["type"] != "end":
        got.append(said["args"][0])
    assert 0 < len(got) < 500
    assert got == sorted(got)


@pytest.mark.parametrize("plain", [True, False])
async def test_a_disconnect_handler_that_fails(
    stage: Stage, settled: Any, caplog: pytest.LogCaptureFixture, *, plain: bool
) -> None:
    if plain:

        @stage.server.event
        def disconnect(socket: Socket) -> None:
            raise KeyError("at the end")
    else:

        @stage.server.on("disconnect")
        async def later(socket: Socket) -> None:
            await asyncio.sleep(0)
            raise KeyError("at the end")

    await stage.start()
    client = await stage.raw()
    await client.close()
    await settled(lambda: "at the end" in caplog.text)
    assert not stage.server.sockets


async def test_handlers_that_never_end_are_cancelled_after_the_grace(stage: Stage) -> None:
    started, ended = asyncio.Event(), asyncio.Event()

    @stage.server.event
    async def forever(socket: Socket) -> None:
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    async with serving(stage.server, grace_seconds=0.1) as port:
        stage.port = port
        client = await stage.raw()
        await say(client, "forever")
        await started.wait()
        await client.close()
    assert ended.is_set()


async def test_nobody_handles_what_a_middleware_lets_through(stage: Stage) -> None:
    @stage.server.event
    def connect(socket: Socket) -> None:
        socket.use(lambda name, args: None)

    stage.server.on("length")(len)  # a built-in: the socket alone is no right argument for it
    await stage.start()
    client = await stage.raw()
    await say(client, "unheard", ref=1)
    assert (await hear(client))["error"]["code"] == "unknown_command"
    await say(client, "length", ref=2)
    assert (await hear(client))["error"]["code"] == "internal"


async def test_asking_everybody_and_emitting_to_all_but_some(stage: Stage) -> None:
    server = stage.server
    await stage.start()
    clients = [await stage.connect("js", "websocket", answers={"q": [number]}) for number in range(3)]
    assert sorted(await server.call("q")) == [0, 1, 2]
    first = next(iter(server.sockets.values()))
    assert sorted(await first.broadcast.call("q")) == [1, 2]
    server.except_(first.id).emit("not you")
    server.emit("end")
    for client, count in zip(clients, (0, 1, 1), strict=True):
        await event(client, "end")
        assert sum(name == "not you" for name, *_ in client.reports.events()) == count
    assert repr(first).startswith(f"<Socket {first.id} / by websocket")


async def test_a_client_that_says_too_much_hears_why_and_stays_away(stage: Stage, transport: str) -> None:
    """In every namespace that it is in, by its own; as Socket.IO's client it would be back at once otherwise."""
    gone: list[str] = []
    stage.server.on("disconnect")(lambda socket, reason: gone.append(reason))
    stage.server.of("/other").on("disconnect")(lambda socket, reason: gone.append(reason))
    await stage.start()
    client = await stage.connect("js", transport)
    other = await stage.connect("js", transport, "/other", beside=client)
    await client.emit("much", "x" * 70_000)
    for one in (client, other):
        (told,) = await event(one, "closing")
        assert told == {"code": 1009, "reason": "message too big", "reconnect": False}
        assert (await one.reports.next(report="disconnect"))["reason"] == "io server disconnect"
    sound = await stage.connect("js", transport)
    assert len(stage.server.sockets) == 1
    assert gone == ["parse error", "parse error"]
    stage.server.emit("still", 1)
    assert await event(sound, "still") == (1,)
    assert not [one for one in client.reports.events() if one[0] == "still"]


async def test_an_end_is_told_in_each_namespace(stage: Stage) -> None:
    stage.server.of("/other")
    await stage.start()
    session = await stage.session("websocket")
    await session.send("40/other,")
    assert (await session.heard()).startswith("40/other,")
    await session.send("7")
    closing = '["closing",{"code":1002,"reason":"unknown packet type","reconnect":false}]'
    assert [await session.heard() for _ in range(4)] == [f"42{closing}", "41", f"42/other,{closing}", "41/other,"]
