"""A server of the toolkit on a free port, and clients of every kind on every transport."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as websocket

from hubbub.realtime import Server, serving

from .clients import TRANSPORTS, Client, Driver, JsClient, PythonClient
from .sessions import Session, joined, opened


@pytest.fixture(scope="session")
def node() -> Iterator[Driver]:
    driver = Driver()
    yield driver
    driver.close()


class Stage:
    """A running server and whom it talks with."""

    def __init__(self, node: Driver, stack: AsyncExitStack) -> None:
        self.server = Server()
        self.port = 0
        self._node = node
        self._stack = stack
        self._python: list[PythonClient] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self, server: Server | None = None, **options: Any) -> None:
        """Serve; register the handlers before."""
        if server is not None:
            self.server = server
        options.setdefault("grace_seconds", 0.2)
        self.port = await self._stack.enter_async_context(serving(self.server, **options))

    def open(self, kind: str, transport: str, namespace: str = "/", **options: Any) -> Client:
        """A client that connects, `kind` "js" or "python"."""
        transports = TRANSPORTS[transport]
        if kind == "js":
            return JsClient(self._node, self.url, namespace, {"transports": transports, **options})
        client = PythonClient(namespace, options.get("answers", {}))
        self._python.append(client)
        client.open(self.url, transports, options.get("auth"))
        return client

    async def connect(self, kind: str, transport: str, namespace: str = "/", **options: Any) -> Client:
        """A client that is connected, and has upgraded when it is to."""
        client = self.open(kind, transport, namespace, **options)
        await client.reports.next(report="connect")
        if kind == "js" and transport == "upgrade" and "beside" not in options:
            await client.reports.next(report="upgraded")
        return client

    async def raw(self, query: str = "", **options: Any) -> ClientConnection:
        """A raw WebSocket client, which the server knows by now, or has refused."""
        known = set(self.server.sockets)
        client = await self._stack.enter_async_context(websocket(f"ws://127.0.0.1:{self.port}/ws{query}", **options))
        while known.issuperset(self.server.sockets) and client.close_code is None:  # noqa: ASYNC110  the server says so to nobody
            await asyncio.sleep(0)
        return client

    async def session(self, way: str, *, connected: bool = True) -> Session:
        """A Socket.IO session by hand, `way` "websocket" or "polling". Not `connected`: before its CONNECT."""
        return await (joined if connected else opened)(self.port, way, self._stack)

    async def close_clients(self) -> None:
        for client in self._python:
            await client.close()


@pytest.fixture
async def stage(node: Driver) -> AsyncIterator[Stage]:
    node.attach(asyncio.get_running_loop())
    async with AsyncExitStack() as stack:
        stage = Stage(node, stack)
        yield stage
        await asyncio.to_thread(node.reset)
        await stage.close_clients()


@pytest.fixture(params=["js", "python"])
def kind(request: pytest.FixtureRequest) -> str:
    """Which Socket.IO client."""
    return str(request.param)


@pytest.fixture(params=list(TRANSPORTS))
def transport(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def settled() -> Callable[[Callable[[], bool]], Any]:
    """Waits until something is true of the server, tick by tick."""

    async def wait(condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(20):
            while not condition():  # noqa: ASYNC110  the server has no event for it
                await asyncio.sleep(0.005)

    return wait
