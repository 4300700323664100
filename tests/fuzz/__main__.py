"""The longer fuzz run: scripts/fuzz."""

from __future__ import annotations

import argparse
import random
import sys
import time
import traceback
import tracemalloc
from collections.abc import Sequence
from typing import Final

from .runner import Run
from .targets import TARGETS

TURN: Final = 200
"""Inputs for one parser before it is the next one's turn."""


def main(arguments: Sequence[str]) -> int:
    """0: nothing found. 1: a parser has a bug; the report says how to see it again."""
    names = [target.name for target in TARGETS]
    parser = argparse.ArgumentParser(prog="scripts/fuzz", description="Give every parser what no sound client sends.")
    parser.add_argument("--minutes", type=float, default=10.0, help="how long (default: 10)")
    parser.add_argument("--only", action="append", choices=names, metavar="PARSER", help=f"one of {', '.join(names)}")
    parser.add_argument("--seed", type=int, help="repeat what a run with this seed tried first")
    given = parser.parse_args(arguments)
    seed = random.randrange(10**9) if given.seed is None else given.seed
    print(f"seed {seed}", flush=True)
    tracemalloc.start(1)
    runs = [Run(target) for target in TARGETS if given.only is None or target.name in given.only]
    ends = time.monotonic() + given.minutes * 60
    try:
        return _run(runs, seed, ends)
    finally:
        tracemalloc.stop()
        for run in runs:
            print(f"{run.target.name:12} {run.inputs:10,} inputs, at most {run.peak_bytes:9,} bytes for one")


def _run(runs: list[Run], seed: int, ends: float) -> int:
    """All take turns, at least one each, until the time is up."""
    while True:
        for run in runs:
            if run.inputs and time.monotonic() >= ends:
                return 0
            try:
                run.turn(seed, TURN)
            except Exception:  # noqa: BLE001  whatever it is, it is what we are looking for
                traceback.print_exc()
                print(f"\n{run.target.name}: found. Again: scripts/fuzz --only {run.target.name} --seed {seed}")
                return 1
        seed += 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
