"""An identity over a real store, with a clock that stands still and cheap hashes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from hubbub.identity import Identity
from hubbub.store.sqlite import SqliteStore

from .clock import Clock

CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    store = SqliteStore(tmp_path / "hubbub.db")
    await store.open()
    yield store
    await store.close()


@pytest.fixture
async def identity(store: SqliteStore, clock: Clock) -> AsyncIterator[Identity]:
    identity = Identity(store, now_ms=clock, hasher=CHEAP)
    await identity.open()
    yield identity
    await identity.close()
