"""A node for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from .nodes import Nodes, opened_nodes
from .world import World, opened


@pytest_asyncio.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with opened(tmp_path) as world:
        yield world


@pytest_asyncio.fixture
async def one(tmp_path: Path) -> AsyncIterator[Nodes]:
    """One node, n0. What others say is said by the test."""
    async with opened_nodes(tmp_path, 1) as nodes:
        yield nodes
