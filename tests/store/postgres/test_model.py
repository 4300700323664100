"""The PostgreSQL store against the model, under random histories (Hypothesis)."""

from __future__ import annotations

from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from hubbub.store import Store
from hubbub.store.postgres import PostgresStore
from tests.store.test_model import StoreMachine
from tests.support.postgres import PostgresServer


def test_random_histories(postgres: PostgresServer) -> None:
    class Machine(StoreMachine):
        def make_store(self) -> Store:
            return PostgresStore(postgres.new_schema())

    run_state_machine_as_test(Machine, settings=settings(max_examples=15, stateful_step_count=25, deadline=None))
