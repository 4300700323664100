"""Some of the faults, shortly; `scripts/faults` runs all of them (tests/e2e/fault_runs.py)."""

from __future__ import annotations

import pytest

from .fault_runs import SCENARIOS, run

SECONDS = 4.0
SEED = 1


@pytest.mark.alone
@pytest.mark.parametrize("name", ["connections-dropped", "node-killed", "redis-restarted", "rolling-restart"])
async def test_no_promise_is_broken(name: str) -> None:
    ran = await run(SCENARIOS[name], SECONDS, SEED)

    assert ran.outcome.verdict.kept, ran.outcome.verdict.findings
    assert ran.outcome.settled
    assert ran.errors == []
