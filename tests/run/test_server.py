"""How a server's process ends. Tried in processes of their own."""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

PROGRAM = """
import asyncio, ctypes, os
from hubbub.run.server import Stop, stop_signals
from hubbub.run.process import run

def hang():
    lock = ctypes.create_string_buffer(128)
    for _ in range(2):
        ctypes.PyDLL(None).pthread_mutex_lock(lock)  # the second time for ever, and with the interpreter's lock

async def main():
    stop = Stop(LIMIT)
    stop_signals(stop, hard=lambda: os.write(1, b"hard\\n"))  # a print may be under way
    print("ready", flush=True)
"""


@contextmanager
def program(body: str, *options: str, limit_seconds: float = 600) -> Iterator[subprocess.Popen[str]]:
    """One that is ready for signals, and then does what `body` says."""
    code = PROGRAM.replace("LIMIT", str(limit_seconds)) + textwrap.indent(body, "    ") + "\nrun(main())"
    with subprocess.Popen(
        [sys.executable, *options, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_in_order(number: signal.Signals) -> None:
    with program("await stop.wait(); print('stopped')") as process:
        process.send_signal(number)
        assert process.communicate(timeout=60) == ("stopped\n", "")
        assert process.returncode == 0


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ("await stop.wait(); hang()", "in hang"),
        ("await stop.wait(); await asyncio.Event().wait()", "in run"),
        ("while True: pass", "in main"),  # nothing on the loop hears of the signal
    ],
)
def test_what_does_not_come_to_its_end_is_ended_and_says_where_it_was(body: str, place: str) -> None:
    with program(body, limit_seconds=0.5) as process:
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 1
        assert "most recent call first" in errors
        assert place in errors


@pytest.mark.parametrize("body", ["await stop.wait(); print('stopping', flush=True); await asyncio.Event().wait()"])
def test_a_second_signal_ends_it_at_once(body: str) -> None:
    with program(body) as process:
        assert process.stdout is not None
        process.send_signal(signal.SIGTERM)
        assert process.stdout.readline() == "stopping\n"
        process.send_signal(signal.SIGTERM)
        assert process.communicate(timeout=60)[0] == "hard\n"
        assert process.returncode == -signal.SIGTERM


def test_connections_that_are_open_at_the_end_do_not_keep_the_loop_from_closing() -> None:
    body = """
server = await asyncio.get_running_loop().create_server(asyncio.Protocol, "127.0.0.1", 0)
await asyncio.get_running_loop().create_connection(asyncio.Protocol, *server.sockets[0].getsockname())
"""
    with program(body, "-W", "error") as process:
        process.communicate(timeout=60)
        assert process.returncode == 0
