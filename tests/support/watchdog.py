"""The pytest plugin that has every test process watched from outside, and finds processes that a test leaves.

pytest-timeout ends a test that takes too long by a signal, which uvloop does not look at while it closes: such a test
stood still for ever. So each test process has another process beside it (`watchdog_process.py`), which is told what
begins, and ends what does not end. It allows `watchdog_seconds` more than pytest-timeout, which ends more gently.

A process that a test started and did not end fails the test. What fixtures of a wider scope start may go on.
"""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import suppress
from pathlib import Path
from typing import Final

import pytest

from . import watchdog_process
from .watchdog_process import command, runs

_PLUGIN: Final = "test-process-watchdog"
_COLLECTING_SECONDS: Final = 300.0
_ENDING_SECONDS: Final = 120.0
_DYING_SECONDS: Final = 5.0
"""For a process that was told to end when its test was over."""

_OF_THE_LIBRARY: Final = "from multiprocessing.resource_tracker import"
"""One for the whole process, started at the first need."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addini("watchdog_seconds", "Seconds beyond its timeout until a test is ended from outside", default="30")


def pytest_configure(config: pytest.Config) -> None:
    """Not in xdist's controller: it runs no tests."""
    runs_tests = hasattr(config, "workerinput") or config.getoption("dist", "no") == "no"
    if runs_tests and sys.platform == "linux":
        config.pluginmanager.register(_Watched(config), _PLUGIN)


class _Watched:
    def __init__(self, config: pytest.Config) -> None:
        self._slack_seconds = float(config.getini("watchdog_seconds"))
        self._default_seconds = float(config.getoption("timeout", None) or config.getini("timeout") or 0)
        self._debugs = bool(config.getoption("usepdb", default=False))
        mark = secrets.randbits(50) + 2**50
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", watchdog_process.__file__, str(os.getpid()), str(mark)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )
        watchdog_process.mark(mark)
        self._kept = {self._process.pid}
        self._begins(_COLLECTING_SECONDS, "collecting the tests")

    def _begins(self, seconds: float, what: str) -> None:
        assert self._process.stdin is not None
        line = " ".join(what.splitlines()).encode(errors="replace")
        os.write(self._process.stdin.fileno(), b"%.3f %b\n" % (seconds, line))

    def pytest_collection_finish(self) -> None:
        self._begins(0, "waiting for a test")

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        self._begins(self._limit(item), item.nodeid)
        try:
            return (yield)
        finally:
            self._begins(0, "waiting for a test")

    def pytest_enter_pdb(self) -> None:
        self._begins(0, "waiting for the debugger")

    def pytest_sessionfinish(self) -> None:
        self._begins(_ENDING_SECONDS, "the end of the test process")

    def pytest_unconfigure(self, config: pytest.Config) -> None:
        if hasattr(config, "workerinput"):  # it stands idle until the others are done, and xdist ends it
            self._begins(0, "waiting for other test processes")

    def _limit(self, item: pytest.Item) -> float:
        """In seconds; 0: none."""
        seconds = self._default_seconds
        if (marker := item.get_closest_marker("timeout")) is not None:
            seconds = float(marker.args[0] if marker.args else marker.kwargs.get("timeout", seconds))
        return seconds + self._slack_seconds if seconds and not self._debugs else 0.0

    # what a test leaves

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_fixture_setup(self, fixturedef: pytest.FixtureDef[object]) -> Generator[None, object, object]:
        before = set() if fixturedef.scope == "function" else _children()
        try:
            return (yield)
        finally:
            if fixturedef.scope != "function":
                self._kept |= _children() - before

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_setup(self) -> Generator[None, object, object]:
        self._before = _children()
        return (yield)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_teardown(self) -> Generator[None, object, object]:
        result = yield
        until = time.monotonic() + _DYING_SECONDS
        while left := _children() - self._kept - self._before:
            if time.monotonic() > until:
                commands = [f"{pid} {command(pid)}" for pid in left]
                for pid in left:
                    with suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
                pytest.fail("the test leaves processes that it started:\n" + "\n".join(commands), pytrace=False)
            time.sleep(0.01)
        return result


def _children() -> set[int]:
    """Those of this process that run."""
    found: set[int] = set()
    for thread in Path("/proc/self/task").iterdir():
        with suppress(OSError):
            found.update(int(pid) for pid in (thread / "children").read_text().split())
    return {pid for pid in found if runs(pid) and _OF_THE_LIBRARY not in command(pid)}
