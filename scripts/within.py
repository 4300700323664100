"""Run a command for a limited time: `python scripts/within.py SECONDS NAME COMMAND ARGUMENT…`.

The exit code is the command's, or 124 when the time was over. Then the command first gets SIGINT, at which pytest still
writes its results; a minute later it and all of its group get SIGABRT, at which a Python with a fault handler
writes its tracebacks, and soon SIGKILL. Whatever of the group is left when the command has ended is killed, too.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from typing import Final

OVER: Final = 124
"""As coreutils' `timeout` says it."""

_STEPS_SECONDS: Final = (60.0, 5.0)


def main(seconds: float, name: str, command: list[str], steps: tuple[float, float] = _STEPS_SECONDS) -> int:
    """Returns the exit code. `steps`: from SIGINT to SIGABRT, from there to SIGKILL."""
    with subprocess.Popen(command, process_group=0) as process:  # noqa: S603  the caller names it

        def pass_on(number: int, _frame: object) -> None:
            _signal_group(process.pid, signal.Signals(number))

        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, pass_on)
        try:
            return _wait(process, seconds, name, steps)
        finally:
            _signal_group(process.pid, signal.SIGKILL)


def _wait(process: subprocess.Popen[bytes], seconds: float, name: str, steps: tuple[float, float]) -> int:
    try:
        code = process.wait(seconds)
    except subprocess.TimeoutExpired:
        print(f"{name}: not done within {seconds:g} s, and is ended", file=sys.stderr, flush=True)
    else:
        return code if code >= 0 else 128 - code
    process.send_signal(signal.SIGINT)
    with suppress(subprocess.TimeoutExpired):
        process.wait(steps[0])
        return OVER
    _signal_group(process.pid, signal.SIGABRT)
    with suppress(subprocess.TimeoutExpired):
        process.wait(steps[1])
    return OVER


def _signal_group(group: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):  # macOS: EPERM for a group of zombies
        os.killpg(group, number)


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]), sys.argv[2], sys.argv[3:]))
