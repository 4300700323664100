"""A gateway with the smallest handler that can show what it does, on a free port."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvicorn

from hubbub.errors import Disconnect, HubbubError, Unauthenticated, UnknownRoom
from hubbub.realtime import Connection, Gateway, GatewaySettings, Group, Handshake, Hub, Outgoing, VocabularyCodec
from hubbub.vocabulary import Command, Join, Leave, Message, RoomId, Send, Sent, UserName
from hubbub.vocabulary.keys import FIELD_KEYS, TYPE_KEYS

Application = Callable[[Any, Any, Any], Awaitable[None]]


class Everyone:
    """A handler with one room: `send` publishes to it, `join` of any other room is refused."""

    def __init__(self, hub: Hub) -> None:
        self.room = Group(hub, "everyone")
        self.handshakes: list[Handshake] = []
        self.connections: list[Connection] = []
        self.gone: list[str] = []
        self.lagged: list[Connection] = []
        self.caught_up: list[Connection] = []
        self.admit: Callable[[Handshake], Awaitable[None]] | None = None
        self.changed = asyncio.Event()
        self._seq = 0

    async def connected(self, connection: Connection, handshake: Handshake) -> None:
        self.handshakes.append(handshake)
        if self.admit is not None:
            await self.admit(handshake)
        connection.state = {}
        self.connections.append(connection)
        self.room.add(connection)
        self._note()

    def received(self, connection: Connection, command: Any) -> None:
        match command:
            case Send(text="crash"):
                raise RuntimeError("a bug in the application")
            case Send(text="bye"):
                self.leave(connection, Unauthenticated())
            case Send(text=text, ref=ref):
                self._seq += 1
                if ref is not None:
                    connection.reply(ref, Sent(seq=self._seq, ts=0))
                self.publish(text, self._seq)
            case Join(ref=ref):
                connection.fail(ref, UnknownRoom())
            case Leave():
                self.room.remove(connection)
            case _:
                raise NotImplementedError

    def leave(self, connection: Connection, error: HubbubError) -> None:
        from hubbub.errors import CloseCode

        connection.disconnect(Disconnect(CloseCode.SESSION_ENDED, error.code))

    def publish(self, text: str, seq: int = 1) -> None:
        self.room.publish(Outgoing(Message(room=RoomId("everyone"), seq=seq, sender=UserName("ada"), ts=0, text=text)))

    def position(self, connection: Connection) -> str:
        return f"everyone:{self._seq}" if connection in self.room else ""

    def resume(self, handshake: Handshake, last_event_id: str) -> list[object]:
        if not last_event_id:
            return []
        text = f"{handshake.query} since {last_event_id}"
        return [Send(room=RoomId("everyone"), text=text, nonce="resumed")]

    def lagging(self, connection: Connection) -> None:
        self.lagged.append(connection)
        self.room.remove(connection)
        self._note()

    def drained(self, connection: Connection) -> None:
        self.caught_up.append(connection)
        self._note()

    def disconnected(self, connection: Connection, reason: str) -> None:
        self.gone.append(reason)
        self._note()

    def _note(self) -> None:
        self.changed.set()
        self.changed = asyncio.Event()

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(10):
            while not condition():
                await self.changed.wait()


class Stand:
    """A running server: its gateway, handler and port."""

    def __init__(self, gateway: Gateway, handler: Everyone, port: int) -> None:
        self.gateway = gateway
        self.handler = handler
        self.port = port
        self.ws = f"ws://127.0.0.1:{port}"
        self.http = f"http://127.0.0.1:{port}"

    async def until_links(self, count: int) -> None:
        """Wait until so many WebSockets are open, closing ones included."""
        async with asyncio.timeout(10):
            while self.gateway._context.links != count:  # noqa: ASYNC110  the server has no event for it
                await asyncio.sleep(0.005)


@asynccontextmanager
async def running(settings: GatewaySettings, site: Application | None = None) -> AsyncIterator[Stand]:
    """A server with `settings` on a free port. `site`: what answers on other paths than the gateway's."""
    hub = Hub(asyncio.get_running_loop())
    handler = Everyone(hub)
    gateway = Gateway(handler, VocabularyCodec(Command, FIELD_KEYS, TYPE_KEYS), settings, hub=hub)
    gateway.start()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if gateway.serves(scope["path"]):
            await gateway.http(scope, receive, send)
            return
        if site is not None:
            await site(scope, receive, send)
            return
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"4")]})
        await send({"type": "http.response.body", "body": b"page"})

    listening = socket.create_server(("127.0.0.1", 0), backlog=512)
    config = uvicorn.Config(
        gateway.forwarded(app),
        http=gateway.http_protocol,
        ws="none",
        lifespan="off",
        log_config=None,
        loop="none",
        proxy_headers=False,
    )
    server = uvicorn.Server(config)
    config.load()
    server.lifespan = config.lifespan_class(config)
    await server.startup(sockets=[listening])
    try:
        yield Stand(gateway, handler, listening.getsockname()[1])
    finally:
        await gateway.close(0.5)
        await server.shutdown(sockets=[listening])


async def spin(condition: Callable[[], bool]) -> None:
    """Let the event loop turn until something is so."""
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110  the turns themselves are what is waited for
            await asyncio.sleep(0)


@pytest.fixture
async def stand() -> AsyncIterator[Stand]:
    async with running(GatewaySettings(message_bytes=4096, write_buffer_bytes=65536)) as value:
        yield value
