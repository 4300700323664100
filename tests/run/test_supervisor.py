"""The parent of the workers. What a worker does is played by a few lines of Python, in processes of their own."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest

from hubbub.config import Config
from hubbub.run.listening import StartError, bind, reserve
from hubbub.run.supervisor import FirstWorkerFailed, Supervisor
from hubbub.run.worker_process import Pace

GOOD = """
import os, signal, sys
folder = sys.argv[1]
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
open(f"{folder}/{os.getpid()}", "w").write(sys.stdin.readline())
print("ready", flush=True)
signal.sigwait([signal.SIGTERM])
"""


@pytest.fixture
def config() -> Config:
    return Config(port=0, workers=2, database="postgresql://db", bus="redis://bus", node_address="127.0.0.1:7000")


class Watched:
    """A supervisor that runs, and the folder in which each worker leaves its configuration under its pid."""

    def __init__(self, supervisor: Supervisor, folder: Path, stop: asyncio.Event) -> None:
        self.supervisor = supervisor
        self.stop = stop
        self._folder = folder

    def configs(self) -> dict[int, Config]:
        texts = {int(path.name): path.read_bytes() for path in self._folder.iterdir()}
        return {pid: msgspec.json.decode(text, type=Config) for pid, text in texts.items() if text.endswith(b"\n")}

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(30):
            while not condition():  # noqa: ASYNC110  processes tell nobody
                await asyncio.sleep(0.02)


@asynccontextmanager
async def supervised(config: Config, folder: Path) -> AsyncIterator[Watched]:
    command = (sys.executable, "-I", "-S", "-c", GOOD, str(folder))
    supervisor, stop = Supervisor(config, command=command, pace=Pace(first_pause=0.01)), asyncio.Event()
    up: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    running = asyncio.create_task(supervisor.run(stop, up.set_result))
    async with asyncio.timeout(30):
        assert (await up).startswith("http://127.0.0.1:")
    try:
        yield Watched(supervisor, folder, stop)
    finally:
        stop.set()
        await running


async def test_all_get_the_port_and_each_a_door_of_its_own(config: Config, tmp_path: Path) -> None:
    async with supervised(config, tmp_path) as watched:
        configs = watched.configs().values()
        assert len(configs) == 2
        assert len({one.port for one in configs} - {0}) == 1
        assert {one.node_address for one in configs} == {"127.0.0.1:7000", "127.0.0.1:7001"}
        assert {one.bus for one in configs} == {"redis://bus"}


async def test_one_that_dies_is_replaced_and_the_others_are_left_alone(config: Config, tmp_path: Path) -> None:
    async with supervised(config, tmp_path) as watched:
        first, second = (worker.pid for worker in watched.supervisor.workers)
        assert first is not None
        os.kill(first, signal.SIGKILL)
        await watched.until(lambda: len(watched.configs()) == 3)
        assert watched.supervisor.workers[1].pid == second
        assert watched.supervisor.workers[0].pid != first


async def test_they_end_with_their_supervisor(config: Config, tmp_path: Path) -> None:
    async with supervised(config, tmp_path) as watched:
        pids = [worker.pid for worker in watched.supervisor.workers]
    for pid in pids:
        assert pid is not None
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


async def test_when_the_first_can_t_start_none_is_and_it_has_said_why(config: Config) -> None:
    supervisor = Supervisor(config, command=(sys.executable, "-I", "-S", "-c", "raise SystemExit(1)"))
    with pytest.raises(FirstWorkerFailed):
        await supervisor.run(asyncio.Event(), pytest.fail)
    assert supervisor.workers[1].pid is None


async def test_a_port_in_use_prevents_the_start(config: Config) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(StartError, match=f"can't listen on 127.0.0.1 port {port}: Address already in use"):
            await Supervisor(msgspec.structs.replace(config, port=port)).run(asyncio.Event(), pytest.fail)


def test_a_port_that_workers_share_is_in_use_for_everybody_else() -> None:
    with reserve("127.0.0.1", 0) as place:
        port = place.getsockname()[1]
        with bind("127.0.0.1", port, shared=True) as one, bind("127.0.0.1", port, shared=True) as other:
            one.listen()
            other.listen()
            for second in (bind, reserve):
                with pytest.raises(StartError, match="Address already in use"):
                    second("127.0.0.1", port)
