"""A page of history equals the fold of the events, in PostgreSQL, under random histories (Hypothesis)."""

from __future__ import annotations

import asyncio

from hypothesis import HealthCheck, given, settings

from hubbub.store.postgres import PostgresStore
from tests.store.law import Step, calls, check_history
from tests.support.postgres import PostgresServer


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=calls)
def test_a_page_is_the_fold_of_the_events(postgres: PostgresServer, history: list[list[tuple[int, Step]]]) -> None:
    asyncio.run(check_history(PostgresStore(postgres.new_schema()), history))
