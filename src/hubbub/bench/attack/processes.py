"""Processes of their own for the attacker and the ordinary users, and which core runs what."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from multiprocessing.sharedctypes import RawValue
from types import TracebackType
from typing import Any, Self

import msgspec

from hubbub.bench.board import GeneratorError
from hubbub.bench.machine import raise_descriptor_limit, work_ns

from .attacker import Assault, Attacker
from .catalog import ATTACKS
from .experience import Experience, Phase
from .ordinary import Crowd

_SPAWN = multiprocessing.get_context("spawn")
_NICE_ATTACKER = 10


def cores() -> tuple[set[int], set[int]]:
    """The server's core and the others'; the same ones when there is one only."""
    first, *others = sorted(os.sched_getaffinity(0))
    return {first}, set(others) or {first}


@contextmanager
def on(chosen: set[int]) -> Iterator[None]:
    """What is started in here runs on these cores."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, chosen)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


class Worker:
    """A process that is told the phase and answers with what it found.

    Args:
        target: its main function; gets `arguments`, the phase and the end of a pipe.
    """

    def __init__(self, target: Any, *arguments: object) -> None:
        self._phase = RawValue("i", Phase.WARM_UP)
        self._results, sender = _SPAWN.Pipe(duplex=False)
        self._process = _SPAWN.Process(target=target, args=(*arguments, self._phase, sender), daemon=True)
        self._sender = sender

    def __enter__(self) -> Self:
        self._process.start()
        self._sender.close()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.tell(Phase.OVER)
        self._process.join(10)
        if self._process.is_alive():
            self._process.terminate()
            self._process.join()
        self._results.close()

    @property
    def pid(self) -> int:
        return self._process.pid or 0

    def tell(self, phase: int) -> None:
        """The phase that begins now."""
        self._phase.value = phase

    def hear(self, seconds: float) -> bytes:
        """What it says next. Raises GeneratorError when it says nothing in time, or that it failed."""
        said = b""
        with suppress(EOFError):
            said = self._results.recv_bytes() if self._results.poll(seconds) else b""
        if not said or said.startswith(b"!"):
            raise GeneratorError(said[1:].decode() or "a generator process did not answer")
        return said


def attack_process(server: tuple[str, int], source: str, key: str, connections: int, seconds: float) -> Worker:
    """The attacker's process, which attacks as soon as it runs."""
    return Worker(_attack, server, source, key, connections, seconds)


def users_process(server: tuple[str, int], pid: int, *, asks_password: bool) -> Worker:
    """The ordinary users' process, which says `ready` and begins at once. `pid`: the server's."""
    return Worker(_use, server, pid, asks_password)


def _attack(
    server: tuple[str, int], source: str, key: str, connections: int, seconds: float, phase: Any, results: Connection
) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the terminal interrupts everybody; the parent ends us
    os.nice(_NICE_ATTACKER)
    raise_descriptor_limit()
    parent = os.getppid()
    attacker = Attacker(
        ATTACKS[key], connections, server, [source], lambda: phase.value == Phase.OVER or os.getppid() != parent
    )
    results.send_bytes(b"ready")
    while phase.value < Phase.ATTACK:
        if os.getppid() != parent:
            return
        time.sleep(0.002)
    results.send_bytes(msgspec.json.encode(attacker.run(seconds)))


def _use(server: tuple[str, int], pid: int, asks_password: bool, phase: Any, results: Connection) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with suppress(PermissionError):  # little work, but at its time: whoever waits for the core measures itself
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    parent = os.getppid()
    try:
        crowd = Crowd(
            server,
            lambda: work_ns(pid),
            lambda: Phase.OVER if os.getppid() != parent else phase.value,
            asks_password=asks_password,
        )
        crowd.connect()
    except (GeneratorError, OSError) as failure:
        results.send_bytes(f"!{failure}".encode())
        return
    results.send_bytes(b"ready")
    results.send_bytes(msgspec.json.encode(crowd.run()))


def decode_assault(said: bytes) -> Assault:
    return msgspec.json.decode(said, type=Assault)


def decode_experiences(said: bytes) -> list[Experience]:
    return msgspec.json.decode(said, type=list[Experience])
