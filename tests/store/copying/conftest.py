"""Databases to copy, and a real PostgreSQL."""

from __future__ import annotations

from pathlib import Path

import pytest

from hubbub.store.sqlite import SqliteStore
from tests.support.postgres import PostgresServer, postgres, postgres_dsn, postgres_server

from .content import fill

__all__ = ["postgres", "postgres_dsn", "postgres_server"]


@pytest.fixture
async def filled(tmp_path: Path) -> Path:
    """An SQLite database with something of everything."""
    path = tmp_path / "filled.db"
    async with fill(SqliteStore(path)):
        return path


@pytest.fixture
def another_dsn(postgres: PostgresServer) -> str:
    """Another empty database."""
    return postgres.new_schema()


@pytest.fixture
def target(tmp_path: Path) -> str:
    """The address of an SQLite file that is not there."""
    return f"sqlite://{tmp_path / 'target.db'}"
