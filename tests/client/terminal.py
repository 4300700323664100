"""The client's commands, each as its own process."""

from __future__ import annotations

import os
import sys
from asyncio import create_subprocess_exec
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

PROGRAM = (
    "import click; from hubbub.client.commands import register; main = click.Group('hubbub'); register(main); main()"
)

Run = Callable[..., Coroutine[Any, Any, Process]]


@asynccontextmanager
async def terminal(home: Path) -> AsyncIterator[Run]:
    """Starts the command line with this home; what still runs at the end is ended."""
    started: list[Process] = []

    async def start(*arguments: str, **environment: str) -> Process:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("HUBBUB_", "XDG_"))}
        process = await create_subprocess_exec(
            sys.executable,
            "-c",
            PROGRAM,
            *arguments,
            stdin=PIPE,
            stdout=PIPE,
            stderr=PIPE,
            env={**inherited, "HOME": str(home), **environment},
        )
        started.append(process)
        return process

    try:
        yield start
    finally:
        for process in started:
            if process.returncode is None:
                process.kill()
                await process.communicate()


async def outcome(process: Process, typed: str = "") -> tuple[int | None, str, str]:
    out, err = await process.communicate(typed.encode())
    return process.returncode, out.decode(), err.decode()
