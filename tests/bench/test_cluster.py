"""Two nodes on a PostgreSQL and a bus of the bench's own, under a small load."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from hubbub.bench import engines
from hubbub.bench.cluster import cluster
from hubbub.bench.commands import bench
from hubbub.bench.contestants import CONTESTANTS
from hubbub.bench.lab import Lab
from hubbub.bench.scale import Scale
from hubbub.bench.servers import ServerError

HUBBUB = next(one for one in CONTESTANTS if one.key == "raw")
SMALL = Scale(
    fan_out_members=20,
    windows=(1,),
    warm_up_seconds=0.2,
    seconds=0.5,
    senders=20,
    rooms=9,
    rooms_each=2,
    in_flight=4,
    durable_seconds=0.5,
    across_per_second=100.0,
)


def test_two_nodes_deliver_to_each_other(tmp_path: Path) -> None:
    found = cluster(Lab(SMALL, tmp_path, lambda line: None), HUBBUB)
    assert found.accepted_per_second > 0
    assert found.across_p99_ms >= found.across_p50_ms > 0
    assert [across.window for across in found.fan_out] == [1]
    assert found.fan_out[0].one_node > 0
    assert found.fan_out[0].two_nodes > 0


def test_without_an_engine_it_is_not_measured_which_is_no_failure(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def nowhere() -> Path:
        raise ServerError("there is no PostgreSQL")

    monkeypatch.setattr(engines, "_find_postgres", nowhere)
    result = CliRunner().invoke(bench, ["--quick", "--only", "raw", "--scenario", "cluster", "--folder", str(tmp_path)])
    assert result.exit_code == 0
    assert "cluster: not measured: there is no PostgreSQL" in result.stdout
