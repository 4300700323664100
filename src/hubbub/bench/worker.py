"""The main function of a generator process."""

from __future__ import annotations

import signal
import time
from collections.abc import MutableSequence
from multiprocessing.connection import Connection
from typing import Any

import msgspec

from .board import Board
from .generator import Generator
from .plan import Counter, Phase, Plan, Rounds
from .poller import Poller


def work(plan: Plan, counters: MutableSequence[int], phase: Any, results: Connection) -> None:
    """Run the plan, and send what it found."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the terminal interrupts everybody; the parent ends us
    board = Board(counters, phase)
    board.counts[Counter.STARTED] = 1
    board.publish()
    while board.phase == Phase.HOLD:
        time.sleep(0.002)
        board.publish()
    generator = Poller(plan, board) if isinstance(plan.pace, Rounds) else Generator(plan, board)
    results.send_bytes(msgspec.msgpack.encode(generator.run()))
