"""A new display name, told on every wire and transport of a whole server."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import httpx
import pytest
import socketio

from hubbub.app import Application
from hubbub.client import Client, Credentials
from hubbub.vocabulary import ProfileChanged, User, UserName

SignUp = Callable[[str], Awaitable[Credentials]]

PATIENCE_SECONDS = 20


async def rename(server: Application, token: str, title: str) -> None:
    async with httpx.AsyncClient(base_url=server.url, headers={"authorization": f"Bearer {token}"}) as http:
        assert (await http.patch("/api/v1/me", json={"title": title})).status_code == 200


@pytest.mark.parametrize(
    ("transport", "wire"),
    [("websocket", "json"), ("websocket", "msgpack"), ("sse", "json"), ("polling", "json")],
)
async def test_a_new_name_reaches_raw_clients(server: Application, sign_up: SignUp, transport: Any, wire: Any) -> None:
    ada, bob = await sign_up("ada"), await sign_up("bob")
    async with AsyncExitStack() as stack:
        one = await stack.enter_async_context(Client(server.url, ada.token))
        await one.create_room("tea")
        other = await stack.enter_async_context(Client(server.url, bob.token, transport=transport, wire=wire))
        await other.join("tea")
        await rename(server, ada.token, "Countess")
        async with asyncio.timeout(PATIENCE_SECONDS):
            assert await anext(other.signals()) == ProfileChanged(User(UserName("ada"), "Countess", admin=True))


@pytest.mark.parametrize("transport", ["websocket", "polling"])
async def test_a_new_name_reaches_socket_io_clients(server: Application, sign_up: SignUp, transport: str) -> None:
    ada, bob = await sign_up("ada"), await sign_up("bob")
    heard: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    client = socketio.AsyncClient()
    client.on("user", heard.put_nowait)
    async with Client(server.url, ada.token) as one:
        await one.create_room("tea")
        await client.connect(server.url, auth={"token": bob.token}, transports=[transport])
        assert "ok" in await client.call("join", {"room": "tea"})
        await rename(server, ada.token, "Countess")
        async with asyncio.timeout(PATIENCE_SECONDS):
            said = await heard.get()
        assert said["user"] == {"name": "ada", "title": "Countess", "admin": True}
        await client.disconnect()
