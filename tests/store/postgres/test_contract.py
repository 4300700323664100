"""The PostgreSQL store keeps the contract."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hubbub.store import Store
from hubbub.store.postgres import PostgresStore
from tests.contracts.store import SharedStoreContract


class TestPostgres(SharedStoreContract):
    @pytest.fixture
    def make_store(self, postgres_dsn: str) -> Callable[[], Store]:
        return lambda: PostgresStore(postgres_dsn)
