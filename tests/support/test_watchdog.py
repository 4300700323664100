"""The watchdog of test processes, tried on tests that hang where no signal handler runs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import tally

from .watchdog_process import runs

ROOT = Path(__file__).parents[2]
PYTEST = (sys.executable, "-m", "pytest", "-p", "xdist.plugin", "-p", "pytest_timeout")

CONFTEST = 'pytest_plugins = ["tests.support.watchdog"]\n'

PREAMBLE = """
import asyncio, ctypes, os, pathlib, socket, subprocess, sys
import pytest, uvloop

def start():
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
    with pathlib.Path("started").open("a") as file:
        print(process.pid, file=file)
    return process
"""

HANGING = """
def test_before():
    pass

@pytest.mark.timeout(1)
@pytest.mark.filterwarnings("error")
def test_that_hangs_while_uvloop_closes():
    start()
    with socket.create_server(("127.0.0.1", 0)) as server:
        loop = uvloop.new_event_loop()
        left_open = loop.run_until_complete(loop.create_connection(asyncio.Protocol, *server.getsockname()))
        loop.close()

@pytest.fixture
def hangs_when_torn_down():
    yield start()
    lock = ctypes.create_string_buffer(128)
    for _ in range(2):
        ctypes.PyDLL(None).pthread_mutex_lock(lock)  # the second time for ever, and with the interpreter's lock

@pytest.mark.timeout(1)
def test_that_hangs_in_its_teardown(hangs_when_torn_down):
    pass

def test_after():
    pass
"""

LEAVING = """
def test_that_leaves_a_process():
    start()

@pytest.fixture(scope="module")
def shared():
    process = start()
    yield process
    process.kill()
    process.wait()

def test_that_shares_one(shared):
    pass

def test_that_shares_it_too(shared):
    assert shared.poll() is None
"""

UNEVEN = """
import time
from tests.support import watchdog
watchdog._ENDING_SECONDS = 0.5

def test_short():
    pass

@pytest.mark.timeout(60)
def test_long():
    time.sleep(3)
    pathlib.Path("started").touch()
"""

KILLED = """
from tests.support.redis import running_redis

def test_whose_process_is_killed():
    start()
    subprocess.run(["sh", "-c", "sleep 600 & echo $! >>started"])  # its parent is gone
    with running_redis() as server:  # it writes over its environment
        with open("started", "a") as file:
            print(server._process.pid, file=file)
        os.kill(os.getpid(), 9)
"""


class Run:
    """A run of pytest in a folder of its own.

    Attributes:
        output: all that it said.
        code: its exit code.
        started: processes of its tests.
        left: those of them that run on.
        results: its JUnit file.
    """

    def __init__(self, folder: Path, tests: str, *arguments: str) -> None:
        (folder / "conftest.py").write_text(CONFTEST)
        (folder / "test_planted.py").write_text(PREAMBLE + tests)
        (folder / "pytest.ini").write_text(f"[pytest]\npythonpath = {ROOT}\nwatchdog_seconds = 1\n")
        self.results = folder / "results.xml"
        done = subprocess.run(
            [*PYTEST, f"--junitxml={self.results}", *arguments],
            cwd=folder,
            env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=100,
        )
        self.output = done.stdout
        self.code = done.returncode
        self.started = [int(pid) for pid in (folder / "started").read_text().split()]
        self.left = [pid for pid in self.started if runs(pid)]


def test_tests_that_hang_are_named_and_counted_and_the_run_goes_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = Run(tmp_path, HANGING, "-n", "2", "--dist", "worksteal")
    assert run.code == 1, run.output
    for name in ("test_that_hangs_while_uvloop_closes", "test_that_hangs_in_its_teardown"):
        assert f"ended after 2 s: test_planted.py::{name}" in run.output
        assert f"crashed while running 'test_planted.py::{name}'" in run.output
    assert "waits in " in run.output
    assert 'test_planted.py", line' in run.output, run.output  # a traceback
    assert "3 passed" in run.output
    assert "2 failed" in run.output
    assert tally.main([str(run.results)]) == 1
    assert capsys.readouterr().out == "3 passed, 2 failed, 0 skipped\n"
    assert run.left == []


def test_a_process_that_is_done_before_the_others_is_left_alone(tmp_path: Path) -> None:
    run = Run(tmp_path, UNEVEN, "-n", "2")
    assert run.code == 0, run.output
    assert "hangs" not in run.output


def test_without_xdist_the_run_ends_there_and_says_where(tmp_path: Path) -> None:
    run = Run(tmp_path, HANGING, "-k", "uvloop")
    assert run.code != 0
    assert "ended after 2 s: test_planted.py::test_that_hangs_while_uvloop_closes" in run.output
    assert run.left == []


def test_a_process_that_a_test_leaves_fails_it_and_is_ended(tmp_path: Path) -> None:
    run = Run(tmp_path, LEAVING)
    assert run.code == 1
    assert "3 passed, 1 error" in run.output, run.output
    assert "the test leaves processes that it started" in run.output
    assert run.left == []


def test_processes_end_with_a_test_process_that_is_killed(tmp_path: Path) -> None:
    run = Run(tmp_path, KILLED, "-n", "1")
    assert run.code == 1
    assert "crashed while running" in run.output
    assert len(run.started) == 3
    assert run.left == []
