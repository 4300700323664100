"""The fuzz run finds nothing in a short time, and finds what is planted."""

from __future__ import annotations

import binascii
import tracemalloc
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import strategies as st

from hubbub.wire import engineio

from .__main__ import main
from .runner import Bad, Run
from .targets import TARGETS, Target


@pytest.fixture
def tracing() -> Iterator[None]:
    tracemalloc.start(1)
    yield
    tracemalloc.stop()


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_a_short_run_finds_nothing(target: Target, tracing: None) -> None:
    run = Run(target)
    run.turn(seed=1, inputs=25)
    assert run.inputs >= 25
    assert 0 < run.peak_bytes <= target.peak_bytes


def test_the_script_takes_turns_until_the_time_is_up(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--minutes", "0", "--only", "deflate", "--only", "query", "--seed", "7"]) == 0
    seed, *lines = capsys.readouterr().out.splitlines()
    assert seed == "seed 7"
    assert [line.split()[0] for line in lines] == ["deflate", "query"]
    assert all(int(line.split()[1].replace(",", "")) >= 100 for line in lines)
    assert not tracemalloc.is_tracing()


def test_a_planted_exception_is_found_and_can_be_seen_again(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def careless(packet: bytes) -> bytes:
        return binascii.a2b_base64(packet[1:], strict_mode=True)

    monkeypatch.setattr(engineio, "decode_base64", careless)
    assert main(["--minutes", "5", "--only", "engineio", "--seed", "3"]) == 1
    said = capsys.readouterr()
    assert "binascii.Error" in said.err
    assert "meets(" in said.err  # the input that shows it
    again = said.out.partition("scripts/fuzz ")[2].splitlines()[0].split()
    assert again[:2] == ["--only", "engineio"]
    assert main(["--minutes", "0", *again]) == 1


def planted(run: Any) -> Run:
    return Run(Target("planted", st.binary(max_size=10), run, peak_bytes=50_000), watched=(__file__,))


def test_memory_past_the_limit_is_found(tracing: None) -> None:
    """By a single input, and by what stays of many."""
    with pytest.raises(Bad, match="held"):
        planted(lambda data: bytearray(len(data) * 20_000)).turn(seed=1, inputs=100)
    kept: list[bytearray] = []
    run = planted(lambda data: kept.append(bytearray(10_000)))
    with pytest.raises(Bad, match="keeps"):
        run.turn(seed=1, inputs=100)
    assert run.kept_bytes > 500_000


def test_an_input_that_takes_too_long_is_found(tracing: None, monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = iter(range(0, 10**6, 6))
    monkeypatch.setattr("time.process_time", lambda: float(next(seconds)))
    with pytest.raises(Bad, match=r"took 6\.0 s"):
        planted(lambda data: None).turn(seed=1, inputs=1)
