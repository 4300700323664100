"""A phase of scripts/test that does not end."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import within

PROGRAM = Path(within.__file__)
FOR_EVER = "while :; do sleep 0.05; done"  # a shell looks at its signals between commands


def run(seconds: float, script: str, steps: tuple[float, float] = (60, 60)) -> subprocess.CompletedProcess[str]:
    """Returns when nothing holds its output open any more."""
    call = f"import sys, within; sys.exit(within.main({seconds}, 'the phase', ['sh', '-c', {script!r}], {steps}))"
    return subprocess.run(
        [sys.executable, "-c", call], capture_output=True, text=True, check=False, timeout=60, cwd=PROGRAM.parent
    )


@pytest.mark.parametrize("code", [0, 3])
def test_what_ends_in_time_keeps_its_exit_code(code: int) -> None:
    assert run(60, f"exit {code}").returncode == code


def test_a_signal_is_told_as_a_shell_does() -> None:
    assert run(60, "kill -9 $$").returncode == 128 + 9


def test_what_does_not_end_is_interrupted_first() -> None:
    done = run(1, f"trap 'echo results; exit' INT; {FOR_EVER}")
    assert done.returncode == within.OVER
    assert done.stdout == "results\n"
    assert "the phase: not done within 1 s" in done.stderr


def test_what_ignores_that_is_asked_for_its_traceback() -> None:
    done = run(1, f"trap '' INT; trap 'echo traceback; exit' ABRT; {FOR_EVER}", (0.1, 60))
    assert done.returncode == within.OVER
    assert done.stdout == "traceback\n"


def test_what_ignores_everything_is_killed_with_all_of_its_group() -> None:
    assert run(1, "trap '' INT ABRT; sleep 600", (0.1, 0.1)).returncode == within.OVER
