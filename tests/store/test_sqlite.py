"""The SQLite store keeps the contract."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from hubbub.store import Store
from hubbub.store.sqlite import SqliteStore
from tests.contracts.store import ExclusiveStoreContract


class TestSqlite(ExclusiveStoreContract):
    @pytest.fixture
    def make_store(self, tmp_path: Path) -> Callable[[], Store]:
        return lambda: SqliteStore(tmp_path / "hubbub.db")
