"""`server.raw`: plain WebSockets at a path of the application's own."""

from __future__ import annotations

import asyncio
import contextlib

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Subprotocol

from hubbub.realtime import GatewaySettings, RawSocket, Server, serving


async def test_text_and_binary_come_and_go() -> None:
    server = Server()

    @server.raw("/echo")
    async def echo(socket: RawSocket) -> None:
        assert (socket.handshake.path, socket.handshake.query) == ("/echo", "a=1")
        async for message in socket:
            await socket.send(message)

    async with serving(server) as port, connect(f"ws://127.0.0.1:{port}/echo?a=1") as client:
        for message in ("ä", b"\x00\xff", "", b""):
            await client.send(message)
            assert await client.recv() == message


async def test_the_end_of_the_handler_closes() -> None:
    server = Server()

    @server.raw("/once", subprotocols=("b", "a"))
    async def once(socket: RawSocket) -> None:
        await socket.send(str(socket.subprotocol))

    @server.raw("/own")
    async def own(socket: RawSocket) -> None:
        socket.close(4321, "enough")
        assert [message async for message in socket] == []
        assert socket.closed
        await socket.send("into the void")

    @server.raw("/bug")
    async def bug(socket: RawSocket) -> None:
        raise KeyError("inside")

    async with serving(server) as port:
        for path, code, said in (("once", 1000, ["a"]), ("own", 4321, []), ("bug", 1011, [])):
            async with connect(f"ws://127.0.0.1:{port}/{path}", subprotocols=[Subprotocol("a")]) as client:
                assert await heard(client) == said
                assert client.close_code == code
        with pytest.raises(InvalidStatus):
            await connect(f"ws://127.0.0.1:{port}/elsewhere")


async def heard(client: ClientConnection) -> list[str | bytes]:
    """Everything until the end."""
    messages: list[str | bytes] = []
    with contextlib.suppress(ConnectionClosed):
        while True:
            messages.append(await client.recv())
    return messages


async def test_the_handler_hears_of_the_clients_end() -> None:
    server, ended = Server(), asyncio.Event()

    @server.raw("/")
    async def wait(socket: RawSocket) -> None:
        assert [message async for message in socket] == ["last words"]
        ended.set()

    async with serving(server) as port:
        async with connect(f"ws://127.0.0.1:{port}/") as client:
            await client.send("last words")
        await asyncio.wait_for(ended.wait(), 10)


async def test_a_slow_handler_is_not_buried_and_a_slow_reader_is_waited_for() -> None:
    """Megabytes into a handler that sleeps, and out of it to a client that does not read: little is kept here."""
    server = Server(GatewaySettings(write_buffer_bytes=65536, heartbeat_seconds=0.05, heartbeat_timeout_seconds=0.05))
    go, taken = asyncio.Event(), 0

    @server.raw("/")
    async def slow(socket: RawSocket) -> None:
        nonlocal taken
        await go.wait()
        async for message in socket:
            taken += 1
            await socket.send(message)

    chunk, count = b"x" * 60_000, 600
    async with serving(server) as port, connect(f"ws://127.0.0.1:{port}/", max_size=None, max_queue=1) as client:

        async def pour() -> None:
            for _ in range(count):
                await client.send(chunk)

        pouring = asyncio.create_task(pour())
        done, _ = await asyncio.wait((pouring,), timeout=0.5)  # several heartbeats long
        assert not done  # the kernel's buffers are full: the server does not read on
        go.set()
        for _ in range(count):
            assert len(await client.recv()) == len(chunk)
        await pouring
        assert taken == count


@pytest.mark.parametrize("path", ["echo", "/ws", "/socket.io/", "/socket.io"])
def test_paths_that_are_taken(path: str) -> None:
    with pytest.raises(ValueError, match="path"):
        Server().raw(path)


async def test_handlers_that_run_on_are_ended_with_the_server() -> None:
    server, cancelled, running = Server(), asyncio.Event(), asyncio.Event()

    @server.raw("/")
    async def forever(socket: RawSocket) -> None:
        running.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.set()
            raise

    async with serving(server, grace_seconds=0.1) as port:
        client = await connect(f"ws://127.0.0.1:{port}/")
        await asyncio.wait_for(running.wait(), 10)
    assert cancelled.is_set()
    await client.wait_closed()
