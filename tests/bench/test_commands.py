"""`hubbub bench` from end to end, small."""

from __future__ import annotations

import os
from pathlib import Path

import click
import msgspec
import pytest
from click.testing import CliRunner

from hubbub.bench import contestants
from hubbub.bench.commands import register
from hubbub.bench.contestants import Contestant
from hubbub.bench.machine import cpu_seconds, machine, rss_bytes
from hubbub.bench.results import Results
from hubbub.bench.servers import ServerError


def bench(*arguments: str) -> tuple[int, str, str]:
    group = click.Group()
    register(group)
    result = CliRunner().invoke(group, ["bench", "--quick", *arguments])
    return result.exit_code, result.stdout, result.stderr


@pytest.mark.alone
@pytest.mark.timeout(400)
def test_a_small_run_measures_everything(tmp_path: Path) -> None:
    file = tmp_path / "results.json"
    code, out, err = bench(
        *(
            "--only",
            "raw,msgpack,socketio,toolkit,websockets",
            "--connections",
            "50",
            "--members",
            "20",
            "--seconds",
            "0.3",
        ),
        *("--json", str(file), "--folder", str(tmp_path / "cache")),
    )
    assert code == 0, err
    results = msgspec.json.decode(file.read_bytes(), type=Results)
    assert [row.key for row in results.rows] == ["raw", "msgpack", "socketio", "toolkit", "websockets"]
    for row in results.rows:
        assert row.failure == ""
        assert row.idle is not None
        assert row.idle.connections == 50
        assert [found.window for found in row.fan_out] == [1, 32]
        assert all(found.deliveries_per_second > 0 for found in row.fan_out)
        assert row.hello_bytes is not None
        assert row.hello_bytes <= (48 if row.key == "msgpack" else 120)
        assert [found.burst for found in row.polling] == ([1, 64] if row.key == "socketio" else [])
        assert all(found.polls_per_cpu_second > 0 for found in row.polling)
    durable = results.durable
    assert durable is not None
    assert durable.failure == ""
    assert durable.saturation is not None
    assert durable.saturation.accepted_per_second > 0
    assert durable.paced is not None
    assert durable.paced.reply_p99_ms >= durable.paced.reply_p50_ms > 0
    assert "Hubbub, Socket.IO" in out
    assert "fan-out, round 1 of 1: websockets" in err


def test_a_peer_that_can_not_be_had_is_a_note_in_its_row(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def missing(folder: Path) -> list[str]:
        raise ServerError("it is not for sale")

    peer = Contestant("ws", "ws on Node.js", "plain", ours=False, command=missing)
    monkeypatch.setattr("hubbub.bench.commands.CONTESTANTS", (peer,))
    code, out, _ = bench("--scenario", "idle", "--scenario", "fan-out", "--folder", str(tmp_path))
    assert code == 0
    assert "(it is not for sale)" in out


def test_a_hubbub_that_does_not_start_is_a_failure(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def broken(folder: Path) -> list[str]:
        return ["/bin/sh", "-c", "echo it broke >&2; exit 1", "--"]

    ours = Contestant("raw", "Hubbub, raw WebSocket", "native", ours=True, command=broken)
    monkeypatch.setattr("hubbub.bench.commands.CONTESTANTS", (ours,))
    code, out, _ = bench("--connections", "10", "--members", "2", "--folder", str(tmp_path))
    assert code == 1
    assert "(it ended at once: it broke)" in out
    assert "failed: it ended at once: it broke" in out


def test_an_unknown_server_is_wrong_usage() -> None:
    code, _, err = bench("--only", "raw,nothing")
    assert code == 2
    assert "there is no nothing" in err


def test_every_peer_has_a_program() -> None:
    folder = Path(contestants.__file__).parent / "peers"
    assert {file.name for file in folder.iterdir() if file.suffix in {".mjs", ".c"}} == {
        "floor.c",
        "socketio.mjs",
        "ws.mjs",
    }
    assert len({one.key for one in contestants.CONTESTANTS}) == len(contestants.CONTESTANTS) == 10


def test_the_instruments_read_this_process() -> None:
    assert rss_bytes(os.getpid()) > 5_000_000
    assert cpu_seconds(os.getpid()) > 0
    here = machine()
    assert here.cpus >= 1
    assert here.memory_gib > 0
    assert here.descriptors > 0
