"""Clients for the tests, and what they hear."""

from __future__ import annotations

from hubbub.client import Backoff, Client
from hubbub.vocabulary import Message

from .scripted import TOKEN, Scripted


async def texts(client: Client, count: int) -> list[str]:
    """The next messages of the stream; anything else fails."""
    stream = client.events()
    found: list[str] = []
    while len(found) < count:
        item = await anext(stream)
        assert isinstance(item, Message)
        found.append(item.text)
    return found


def quick(server: Scripted, token: str = TOKEN) -> Client:
    """One that does not wait between attempts."""
    return Client(server.url, token, backoff=Backoff(0.0))
