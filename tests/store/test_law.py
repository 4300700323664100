"""A page of history equals the fold of the events, in SQLite, under random histories (Hypothesis)."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

from hypothesis import given, settings

from hubbub.store.sqlite import SqliteStore

from .law import Step, calls, check_history


@settings(max_examples=60, deadline=None)
@given(calls)
def test_a_page_is_the_fold_of_the_events(history: list[list[tuple[int, Step]]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(check_history(SqliteStore(Path(folder) / "hubbub.db"), history))
