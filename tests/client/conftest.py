"""A scripted server, a command line, and clients of it that don't wait between attempts."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hubbub.client import Backoff, Client

from .scripted import TOKEN, Scripted, scripted
from .terminal import Run, terminal


@pytest.fixture
async def server() -> AsyncIterator[Scripted]:
    async with scripted() as one:
        yield one


@pytest.fixture
async def client(server: Scripted) -> AsyncIterator[Client]:
    async with Client(server.url, TOKEN, backoff=Backoff(0.0)) as one:
        yield one


@pytest.fixture
async def run(tmp_path: Path) -> AsyncIterator[Run]:
    """Starts a command with an empty home; what still runs at the end is ended."""
    async with terminal(tmp_path) as start:
        yield start
