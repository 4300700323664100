"""A few seconds of an attack on a real server, with few connections."""

from __future__ import annotations

from pathlib import Path

import pytest

from hubbub.bench.attack.outcome import Outcome
from hubbub.bench.attack.scenario import attacks
from hubbub.bench.contestants import CONTESTANTS
from hubbub.bench.lab import Lab
from hubbub.bench.machine import raise_descriptor_limit
from hubbub.bench.scale import Scale

HUBBUB = next(one for one in CONTESTANTS if one.key == "raw")
SMALL = Scale(warm_up_seconds=0.2, quiet_seconds=1.0, attack_seconds=3.0, recovery_seconds=1.5)


def attacked(folder: Path, key: str) -> Outcome:
    raise_descriptor_limit()
    said: list[str] = []
    [outcome] = attacks(Lab(SMALL, folder, said.append), HUBBUB, [key], [2])
    assert outcome.failure == ""
    assert said[0] == f"attack {key}, 2 connections"
    return outcome


@pytest.mark.parametrize("key", ["bad-json", "sends"])
def test_ordinary_users_are_timed_before_and_during_an_attack(tmp_path: Path, key: str) -> None:
    outcome = attacked(tmp_path, key)
    assert outcome.quiet is not None
    assert outcome.attacked is not None
    assert min(outcome.quiet.replies.count, outcome.quiet.received.count, outcome.quiet.beside.count) > 0
    assert outcome.quiet.work.count == outcome.quiet.replies.count
    assert outcome.attacked.work.p99_ms > 0
    assert outcome.quiet.arrivals.count > 0
    assert outcome.attacked.replies.count > 0
    assert outcome.attacked.replies.p99_ms >= outcome.attacked.replies.p50_ms > 0
    assert outcome.memory.peak_bytes >= outcome.memory.before_bytes > 10_000_000
    assert outcome.assault.opened > 0
    assert outcome.assault.sent_bytes > 0


def test_the_owner_of_an_attacked_name_signs_in_meanwhile(tmp_path: Path) -> None:
    outcome = attacked(tmp_path, "wrong-password")
    assert outcome.quiet is not None
    assert outcome.attacked is not None
    tried = outcome.quiet.sign_ins.count + outcome.attacked.sign_ins.count + sum(outcome.sign_in_failures.values())
    assert tried > 0
    assert outcome.assault.sent_bytes > 0


def test_a_server_that_does_not_start_is_a_row_without_figures(tmp_path: Path) -> None:
    def broken(folder: Path) -> list[str]:
        return ["/bin/sh", "-c", "echo it broke >&2; exit 1", "--"]

    contestant = type(HUBBUB)("raw", "Hubbub", "native", ours=True, command=broken)
    [outcome] = attacks(Lab(SMALL, tmp_path, lambda line: None), contestant, ["ping"], [1])
    assert outcome.failure == "it ended at once: it broke"
    assert list(outcome.faults()) == ["unmeasured"]
