"""A small storm and a short silence against a real server."""

from __future__ import annotations

from pathlib import Path

import pytest

from hubbub.bench.contestants import CONTESTANTS
from hubbub.bench.lab import Lab
from hubbub.bench.machine import raise_descriptor_limit
from hubbub.bench.scale import Scale
from hubbub.bench.troubles import slow_reader, storm

HUBBUB = next(one for one in CONTESTANTS if one.key == "raw")
SMALL = Scale(storm_connections=100, storm_others=10, stalled_seconds=1.0, warm_up_seconds=0.2)


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    raise_descriptor_limit()
    return Lab(SMALL, tmp_path, lambda line: None)


def test_all_come_back_from_a_storm_while_others_chat_on(lab: Lab) -> None:
    found = storm(lab, HUBBUB)
    assert (found.connections, found.others) == (100, 10)
    assert found.resumed_seconds > 0
    assert found.resumed_per_cpu_second > 0
    assert found.others_deliveries > 0
    assert found.others_p99_ms >= found.others_p50_ms > 0


def test_a_reader_that_does_not_read_is_weighed(lab: Lab) -> None:
    found = slow_reader(lab, HUBBUB)
    assert found.messages_per_second > 0
    assert found.unread_bytes > 100_000
    assert found.unread_bytes >= found.messages_per_second * found.seconds * 900
