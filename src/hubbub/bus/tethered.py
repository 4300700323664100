"""Runs a program that ends when the process that started this ends: `python tethered.py PARENT_PID PROGRAM ARGUMENT…`.

A program of its own, because `prctl` has to be called between fork and exec, where a process with threads must not run
Python. It imports nothing of Hubbub. Linux only; elsewhere the program outlives a parent that is killed.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from typing import Final

_PR_SET_PDEATHSIG: Final = 1  # linux/prctl.h


def main(parent: int, command: list[str]) -> None:
    """Becomes the program."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:  # it ended before the kernel was asked to tell
            sys.exit(1)
    os.execv(command[0], command)  # noqa: S606  the caller names the program


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
