"""What a raw WebSocket client says and hears, as anybody would write it."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from websockets.asyncio.client import ClientConnection


async def say(client: ClientConnection, name: str, *args: Any, ref: int | str | None = None) -> None:
    """Send an event."""
    body = {"type": name, "args": args} if ref is None else {"type": name, "args": args, "ref": ref}
    await client.send(json.dumps(body))


async def hear(client: ClientConnection) -> dict[str, Any]:
    """The next object."""
    async with asyncio.timeout(20):
        found: dict[str, Any] = json.loads(await client.recv())
        return found


async def answer(client: ClientConnection, name: str, *args: Any) -> list[Any]:
    """Answer the next event, which has to be `name`; its arguments."""
    asked = await hear(client)
    assert asked["type"] == name
    await say(client, "reply", *args, ref=asked["ref"])
    found: list[Any] = asked["args"]
    return found
