"""Workers that don't start, don't get ready, or die: what the supervisor does and says. Each is a process."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from hubbub.config import Config
from hubbub.run.listening import StartError
from hubbub.run.supervisor import Supervisor
from hubbub.run.worker_process import Pace

WORKER = """
import json, os, signal, sys
folder = sys.argv[1]
second = json.loads(sys.stdin.readline())["node_address"].endswith(":7001")
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
ready = lambda: print("ready", flush=True)
{trouble}
ready()
signal.sigwait([signal.SIGTERM])
"""

ONCE = """
def once():
    try:
        os.rmdir(f"{folder}/trouble")
    except FileNotFoundError:
        return False
    return True
"""
"""True for the first one that asks."""

HANGS = "signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTERM]); signal.pause()"


class Lines(logging.Handler):
    """What the log says, as it comes."""

    def __init__(self) -> None:
        super().__init__()
        self._queue: asyncio.Queue[str] = asyncio.Queue()

    def emit(self, record: logging.LogRecord) -> None:
        self._queue.put_nowait(record.getMessage())

    async def next(self) -> str:
        async with asyncio.timeout(30):
            return await self._queue.get()


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> Iterator[Lines]:
    caplog.set_level(logging.INFO, "hubbub.run")
    logger, handler = logging.getLogger("hubbub.run"), Lines()
    logger.addHandler(handler)
    yield handler
    logger.removeHandler(handler)


@pytest.fixture
def config() -> Config:
    return Config(port=0, workers=2, database="postgresql://db", bus="redis://bus", node_address="127.0.0.1:7000")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "trouble").mkdir()
    return tmp_path


def played(folder: Path, trouble: str) -> Sequence[str]:
    """The command of a worker that does this before it is ready."""
    return (sys.executable, "-I", "-S", "-c", WORKER.format(trouble=ONCE + trouble), str(folder))


class Run:
    """A supervisor that runs. `up` is done as soon as it says its address."""

    def __init__(self, config: Config, command: Sequence[str], pace: Pace) -> None:
        self.supervisor = Supervisor(config, command=command, pace=pace)
        self.stop = asyncio.Event()
        self.up: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.ending = asyncio.create_task(self.supervisor.run(self.stop, self.up.set_result))

    def pid(self, number: int) -> int:
        pid = self.supervisor.workers[number].pid
        assert pid is not None
        return pid


@asynccontextmanager
async def run(config: Config, command: Sequence[str], pace: Pace) -> AsyncIterator[Run]:
    one = Run(config, command, pace)
    try:
        yield one
    finally:
        one.stop.set()
        async with asyncio.timeout(30):
            await one.ending


async def test_the_address_waits_for_one_that_could_not_start(config: Config, folder: Path, lines: Lines) -> None:
    command = played(folder, "if second and once(): raise SystemExit(3)")
    async with run(config, command, Pace(first_pause=0.01)) as one:
        assert await lines.next() == "worker 1 failed to start: exit code 3, next try in 0.01 s; 1 of 2 workers run"
        assert not one.up.done()
        assert await lines.next() == "worker 1 has recovered; 2 of 2 workers run"
        async with asyncio.timeout(30):
            await one.up


async def test_one_that_dies_again_and_again_is_tried_more_and_more_seldom(
    config: Config, folder: Path, lines: Lines
) -> None:
    async with run(config, played(folder, ""), Pace(first_pause=0.01)) as one:
        async with asyncio.timeout(30):
            await one.up
        for times, pause in (("", "0.01"), (" (2 times in a row)", "0.02"), (" (3 times in a row)", "0.04")):
            os.kill(one.pid(1), signal.SIGKILL)
            line = await lines.next()
            assert line.startswith("worker 1 died after ")
            assert line.endswith(f" s: killed by signal 9 (Killed){times}, next try in {pause} s; 1 of 2 workers run")
            assert await lines.next() == "worker 1 has recovered; 2 of 2 workers run"


async def test_one_that_lived_long_enough_is_tried_again_soon(config: Config, folder: Path, lines: Lines) -> None:
    async with run(config, played(folder, ""), Pace(first_pause=0.01, stable=0.0)) as one:
        async with asyncio.timeout(30):
            await one.up
        for _ in range(2):
            os.kill(one.pid(1), signal.SIGKILL)
            assert "(Killed), next try in 0.01 s; 1 of 2 workers run" in await lines.next()
            assert await lines.next() == "worker 1 has recovered; 2 of 2 workers run"


async def test_one_that_never_gets_ready_is_replaced(config: Config, folder: Path, lines: Lines) -> None:
    command = played(folder, f"if second and once(): {HANGS}")
    async with run(config, command, Pace(first_pause=0.01, start=2.0)) as one:
        line = await lines.next()
        assert line == "worker 1 failed to start: not ready within 2 s, next try in 0.01 s; 1 of 2 workers run"
        async with asyncio.timeout(30):
            await one.up


async def test_the_system_s_refusal_to_start_a_process_is_said_and_tried_again(
    config: Config, folder: Path, lines: Lines
) -> None:
    program, away = folder / "worker", folder / "away"
    program.write_text(f"#!{sys.executable} -IS\n" + WORKER.format(trouble=""))
    program.chmod(0o700)
    async with run(config, (str(program), str(folder)), Pace(first_pause=0.01)) as one:
        async with asyncio.timeout(30):
            await one.up
        program.rename(away)
        os.kill(one.pid(1), signal.SIGKILL)
        assert (await lines.next()).startswith("worker 1 died")
        line = await lines.next()
        assert line.startswith("worker 1 failed to start: No such file or directory (2 times in a row), next try in ")
        away.rename(program)
        while (line := await lines.next()) != "worker 1 has recovered; 2 of 2 workers run":
            assert line.startswith("worker 1 failed to start: No such file or directory")


async def test_the_stop_waits_for_no_pause(config: Config, folder: Path, lines: Lines) -> None:
    async with run(config, played(folder, "if second: raise SystemExit(3)"), Pace(first_pause=30.0)) as one:
        assert await lines.next() == "worker 1 failed to start: exit code 3, next try in 30 s; 1 of 2 workers run"
        one.stop.set()
        async with asyncio.timeout(20):  # less than the pause
            await one.ending
        assert not one.up.done()


async def test_the_stop_waits_for_no_start(config: Config, folder: Path) -> None:
    one = Run(config, played(folder, f"os.rmdir(f'{{folder}}/trouble'); {HANGS}"), Pace())
    async with asyncio.timeout(30):
        while (folder / "trouble").exists():  # noqa: ASYNC110  processes tell nobody
            await asyncio.sleep(0.02)
        one.stop.set()
        await one.ending
    assert not one.up.done()
    with pytest.raises(ProcessLookupError):
        os.kill(one.pid(0), 0)


async def test_a_first_one_that_says_nothing_prevents_the_start(config: Config, folder: Path) -> None:
    killed = "os.kill(os.getpid(), signal.SIGKILL)"
    for command, pace, reason in (
        (played(folder, HANGS), Pace(first_start=1.0), "not ready within 1 s"),
        (played(folder, killed), Pace(), r"killed by signal 9 \(Killed\)"),
        ((str(folder / "nothing"),), Pace(), "No such file or directory"),
    ):
        with pytest.raises(StartError, match=f"the first worker failed to start: {reason}"):
            await Supervisor(config, command=command, pace=pace).run(asyncio.Event(), pytest.fail)
