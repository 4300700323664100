"""A scripted server, and clients of it that don't wait between attempts."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from hubbub.client import Backoff, Client

from .scripted import TOKEN, Scripted, scripted


@pytest.fixture
async def server() -> AsyncIterator[Scripted]:
    async with scripted() as one:
        yield one


@pytest.fixture
async def client(server: Scripted) -> AsyncIterator[Client]:
    async with Client(server.url, TOKEN, backoff=Backoff(0.0)) as one:
        yield one
