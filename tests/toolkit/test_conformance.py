"""RFC 6455 by the Autobahn cases against examples/echo.py. docs/conformance.md has the longer groups."""

from __future__ import annotations

import kosoku
import pytest
from echo import server

from hubbub.realtime import serving


@pytest.mark.parametrize("groups", [("1.*", "2.*", "3.*", "4.*", "5.*"), ("6.*",), ("7.*", "10.*")], ids=" ".join)
async def test_no_case_fails_and_none_is_non_strict(groups: tuple[str, ...]) -> None:
    async with serving(server, grace_seconds=0.2) as port:
        results = await kosoku.run_fuzzingclient(f"ws://127.0.0.1:{port}", list(groups), concurrency=8)
    assert len(results) >= 38
    verdicts = {one.case_id: {one.behavior.value, one.behavior_close.value} for one in results}
    assert {case: verdict for case, verdict in verdicts.items() if not verdict <= {"OK", "INFORMATIONAL"}} == {}
