"""Two whole nodes in this process: one PostgreSQL, one bus."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager

import pytest

from hubbub.app import Application, running
from hubbub.config import Config
from tests.support.faulty_bus import FaultyNetwork
from tests.support.postgres import postgres, postgres_dsn

__all__ = ["postgres", "postgres_dsn"]

Start = Callable[[], AbstractAsyncContextManager[Application]]


@pytest.fixture
async def network() -> FaultyNetwork:
    return FaultyNetwork(seed=1)


@pytest.fixture
def cluster_config(postgres_dsn: str) -> Config:
    return Config(port=0, database=postgres_dsn, shutdown_grace_seconds=0)


@pytest.fixture
def start(cluster_config: Config, network: FaultyNetwork) -> Start:
    """Starts a further node."""
    return lambda: running(cluster_config, bus=network.bus())


@pytest.fixture
async def nodes(start: Start) -> AsyncIterator[tuple[Application, Application]]:
    async with start() as one, start() as other:
        yield one, other
