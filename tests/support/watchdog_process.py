"""A process beside each test process: ends it when it hangs, and afterwards everything that it started.

    python watchdog_process.py PID MARK

Standard input brings one line for whatever the test process begins: `SECONDS WHAT`; 0 seconds: no limit. When the time
is over, this process says on standard error what hung and what each of its threads waits for in the kernel, makes it
write the tracebacks of all its threads (SIGABRT, which pytest's faulthandler answers from C: that needs neither the
event loop nor the interpreter's lock), and kills it. pytest-xdist then reports the test as failed, and goes on with
another process.

However the test process ended: what it started, directly or not, and what still runs, is killed. Such processes are
known by their soft limit RLIMIT_RSS, `MARK` bytes: every child inherits it, whatever its session, parent or user, none
of these programs changes it, and Linux heeds it no longer (getrlimit(2)). Their environment would not do: Valkey and
PostgreSQL write their titles over it.

Linux only, by `/proc`. This process imports nothing but the standard library, and belongs to no terminal: Ctrl-C does
not end it.
"""

from __future__ import annotations

import os
import resource
import select
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

_POLL_SECONDS: Final = 1.0
_LAST_WORDS_SECONDS: Final = 10.0
_PROC: Final = Path("/proc")


class Watchdog:
    """Looks after one test process.

    Args:
        watched: the test process, our parent.
        mark: the limit that everything that it starts has.
    """

    def __init__(self, watched: int, mark: int) -> None:
        self._watched = watched
        self._mark = mark
        self._input = b""
        self._open = True
        self._what = ""
        self._until: float | None = None
        self._limit = 0.0

    def run(self) -> None:
        """Until the test process has ended, by itself or by us."""
        while self._alive():
            if self._until is not None and time.monotonic() > self._until:
                self._say()
                self._end()
                break
            self._read()
        self._clear_away()

    def _alive(self) -> bool:
        return os.getppid() == self._watched

    def _read(self) -> None:
        """Wait for a line, at most until there is something else to do."""
        wait = _POLL_SECONDS
        if self._until is not None:
            wait = max(0.0, min(wait, self._until - time.monotonic()))
        if not self._open:  # it is ending
            time.sleep(min(wait, 0.05))
            return
        if not select.select([0], [], [], wait)[0]:
            return
        data = os.read(0, 65_536)
        self._open = bool(data)
        *lines, self._input = (self._input + data).split(b"\n")
        for line in lines:
            seconds, _, what = line.decode(errors="replace").partition(" ")
            self._limit, self._what = float(seconds), what
            self._until = time.monotonic() + self._limit if self._limit else None

    def _say(self) -> None:
        lines = [f"\nhangs, and is ended after {self._limit:g} s: {self._what}"]
        for task in sorted((_PROC / str(self._watched) / "task").iterdir()):
            lines.append(f"  thread {task.name} {_text(task / 'comm')}: waits in {_text(task / 'wchan') or '?'}")
        lines += [f"  its process {pid}: {command(pid)[:200]}" for pid in self._marked()]
        print(*lines, sep="\n", file=sys.stderr, flush=True)

    def _end(self) -> None:
        with suppress(OSError):
            resource.prlimit(self._watched, resource.RLIMIT_CORE, (0, 0))
        for number in (signal.SIGCONT, signal.SIGABRT):
            os.kill(self._watched, number)
        until = time.monotonic() + _LAST_WORDS_SECONDS
        while self._alive() and time.monotonic() < until:
            time.sleep(0.02)
        if self._alive():
            os.kill(self._watched, signal.SIGKILL)
        while self._alive():
            time.sleep(0.02)

    def _clear_away(self) -> None:
        """Again and again: one of them may start another meanwhile."""
        while left := list(self._marked()):
            for pid in left:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.02)

    def _marked(self) -> Iterator[int]:
        """What the test process started, zombies excepted, whoever their parent is now."""
        for folder in _PROC.iterdir():
            if folder.name.isdigit() and int(folder.name) != self._watched and runs(int(folder.name)):
                for line in _text(folder / "limits").splitlines():  # as "Max resident set   SOFT   HARD   bytes"
                    if line.startswith("Max resident set ") and line.split()[3] == str(self._mark):
                        yield int(folder.name)


def mark(number: int) -> None:
    """Mark this process and all that it starts from now on."""
    _, hard = resource.getrlimit(resource.RLIMIT_RSS)
    resource.setrlimit(resource.RLIMIT_RSS, (number, hard))


def runs(pid: int) -> bool:
    """Whether there is such a process, and more of it than a zombie."""
    state = _text(_PROC / str(pid) / "stat").rpartition(")")[2].split()
    return bool(state) and state[0] not in {"Z", "X"}


def command(pid: int) -> str:
    """Its command line; empty when it has ended."""
    return _text(_PROC / str(pid) / "cmdline").replace("\0", " ").strip()


def _text(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""


if __name__ == "__main__":
    mark(resource.getrlimit(resource.RLIMIT_RSS)[1])  # not one of what another test process started
    Watchdog(int(sys.argv[1]), int(sys.argv[2])).run()
