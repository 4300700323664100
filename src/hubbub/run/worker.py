"""A worker's process: `python -m hubbub.run.worker`, started by the supervisor.

Standard input brings the configuration as one line of JSON, so that no password stands in a list of processes; its end
means that the supervisor is gone, and then the worker stops like one that got SIGTERM. Standard output says `READY` as
soon as connections are accepted.
"""

from __future__ import annotations

import asyncio
import os
import sys

import click
import msgspec

from hubbub.config import Config
from hubbub.logs import set_up_logging

from .listening import StartError
from .process import allow_open_files, keep_one_heap, run
from .server import Stop, serve, stop_limit_seconds, stop_signals
from .worker_process import READY


def main() -> None:
    """Until SIGTERM."""
    config = msgspec.json.decode(sys.stdin.buffer.readline(), type=Config)
    set_up_logging(config.log_level, config.log_format)
    allow_open_files()
    keep_one_heap()
    try:
        run(_run(config))
    except StartError as error:
        click.echo(f"hubbub: {error}", err=True)
        sys.exit(1)


async def _run(config: Config) -> None:
    stop = Stop(stop_limit_seconds(config.shutdown_grace_seconds))
    stop_signals(stop)
    loop = asyncio.get_running_loop()

    def on_input() -> None:
        if not os.read(sys.stdin.fileno(), 1):
            loop.remove_reader(sys.stdin)
            stop.set()

    def ready(_: str) -> None:
        sys.stdout.buffer.write(READY)
        sys.stdout.flush()

    loop.add_reader(sys.stdin, on_input)
    await serve(config, stop, ready, shared_port=True)


if __name__ == "__main__":
    main()
