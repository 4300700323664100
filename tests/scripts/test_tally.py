"""The closing line of scripts/test."""

from __future__ import annotations

from pathlib import Path

import pytest

import tally


def write(path: Path, *, tests: int, failures: int = 0, errors: int = 0, skipped: int = 0) -> str:
    path.write_text(
        f'<testsuites><testsuite tests="{tests}" failures="{failures}" errors="{errors}" skipped="{skipped}"/>'
        "</testsuites>"
    )
    return str(path)


def test_several_runs_are_added_up(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = [write(tmp_path / "a.xml", tests=10, skipped=1), write(tmp_path / "b.xml", tests=3)]
    assert tally.main(files) == 0
    assert capsys.readouterr().out == "12 passed, 0 failed, 1 skipped\n"


def test_a_failure_or_an_error_anywhere_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = [write(tmp_path / "a.xml", tests=5, failures=1, errors=1), write(tmp_path / "b.xml", tests=3)]
    assert tally.main(files) == 1
    assert capsys.readouterr().out == "6 passed, 2 failed, 0 skipped\n"


def test_no_test_at_all_is_no_success(tmp_path: Path) -> None:
    assert tally.main([str(tmp_path / "missing.xml")]) == 1


def test_a_run_without_results_is_no_success(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = [write(tmp_path / "a.xml", tests=5), str(tmp_path / "missing.xml")]
    assert tally.main(files) == 1
    said = capsys.readouterr()
    assert said.out == "5 passed, 0 failed, 0 skipped\n"
    assert "missing.xml: there are no results" in said.err
