"""A phase of scripts/test that does not end."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import within

PROGRAM = Path(within.__file__)

DEAF = """
import faulthandler, signal, subprocess, sys, time
faulthandler.enable()
signal.signal(signal.SIGINT, signal.SIG_IGN)
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
while True:
    time.sleep(600)  # here it stands
"""


def run(seconds: float, code: str) -> subprocess.CompletedProcess[str]:
    """Returns when nothing holds its output open any more."""
    return subprocess.run(
        [sys.executable, PROGRAM, str(seconds), "the phase", sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize("code", [0, 3])
def test_what_ends_in_time_keeps_its_exit_code(code: int) -> None:
    assert run(60, f"raise SystemExit({code})").returncode == code


def test_a_signal_is_told_as_a_shell_does() -> None:
    assert run(60, "import os; os.kill(os.getpid(), 9)").returncode == 128 + 9


def test_what_does_not_end_is_interrupted_first() -> None:
    done = run(0.3, "import time\ntry:\n  time.sleep(60)\nexcept KeyboardInterrupt:\n  print('results', flush=True)")
    assert done.returncode == within.OVER
    assert done.stdout == "results\n"
    assert "the phase: not done within 0.3 s" in done.stderr


def test_what_ignores_that_is_killed_with_all_of_its_group() -> None:
    command = f"[sys.executable, '-c', {DEAF!r}]"
    call = f"import sys, within; sys.exit(within.main(0.3, 'the phase', {command}, grace_seconds=1))"
    done = subprocess.run(
        [sys.executable, "-c", call], capture_output=True, text=True, check=False, timeout=60, cwd=PROGRAM.parent
    )
    assert done.returncode == within.OVER
    assert 'File "<string>", line 7' in done.stderr  # where it stood
