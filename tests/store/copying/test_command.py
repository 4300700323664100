"""`hubbub copy`, as an operator meets it."""

from __future__ import annotations

import asyncio
import os
import pty
import signal
import subprocess
import sys
from asyncio.subprocess import PIPE
from collections.abc import Mapping
from pathlib import Path
from subprocess import CompletedProcess

from .blocking import blocked
from .content import postgres_tables, sqlite_tables

ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("HUBBUB_")}


def command(source: str | Path, target: str) -> list[str]:
    return [sys.executable, "-m", "hubbub", "copy", "--from", str(source), "--to", target]


async def run(
    arguments: list[str], environment: Mapping[str, str] = ENVIRONMENT, folder: Path | None = None
) -> CompletedProcess[str]:
    return await asyncio.to_thread(
        lambda: subprocess.run(arguments, check=False, capture_output=True, text=True, env=environment, cwd=folder)
    )


async def test_without_a_terminal_there_are_lines(filled: Path, postgres_dsn: str) -> None:
    done = await run(command(filled, postgres_dsn))

    assert done.returncode == 0
    tables = sqlite_tables(filled)
    rows = sum(map(len, tables.values()))
    lines = done.stderr.splitlines()
    assert [line for line in lines if line.startswith("Copying: ")] + [
        line for line in lines if line.startswith("Comparing: ")
    ] == lines
    assert (lines[0], lines[-1]) == (f"Copying: 0 of {rows} rows", f"Comparing: {rows} of {rows} rows")
    assert f"Copying: {rows} of {rows} rows" in lines
    assert done.stdout == (f"Copied and compared: {', '.join(f'{len(tables[table])} {table}' for table in tables)}.\n")


async def test_a_terminal_shows_a_bar(filled: Path, postgres_dsn: str) -> None:
    screen, terminal = pty.openpty()
    process = await asyncio.create_subprocess_exec(
        *command(filled, postgres_dsn), stdout=PIPE, stderr=terminal, env=ENVIRONMENT
    )
    os.close(terminal)
    shown = await asyncio.to_thread(_everything, screen)
    assert await process.wait() == 0

    for stage in ("Copying", "Comparing"):
        assert f"{stage:<9}  [####################################]  100%" in shown
    assert "rows" not in shown
    assert await postgres_tables(postgres_dsn) == sqlite_tables(filled)


def _everything(screen: int) -> str:
    shown = b""
    while True:
        try:
            read = os.read(screen, 65536)
        except OSError:  # Linux: the other end is closed
            read = b""
        if not read:
            os.close(screen)
            return shown.decode()
        shown += read


async def test_what_goes_wrong_is_one_line_and_exit_code_1(filled: Path, tmp_path: Path) -> None:
    for source, target, reason in (
        (tmp_path / "missing.db", "new.db", f"There is no file {tmp_path / 'missing.db'}."),
        (filled, str(filled), f"A server or another copy is using {filled}. Stop it first."),
        (filled, "mysql://ada:hunter2@localhost/db", "An address begins with sqlite:// or postgresql://, or is "),
        (filled, "postgresql://ada:hunter2@localhost:1/db", "PostgreSQL at localhost:1/db: "),
    ):
        done = await run(command(source, target), folder=tmp_path)
        assert done.returncode == 1
        assert done.stdout == ""
        assert done.stderr.startswith(f"hubbub: {reason}")
        assert done.stderr.count("\n") == 1
        assert "hunter2" not in done.stderr


async def test_interrupted_by_hand_it_goes_on_later(filled: Path, postgres_dsn: str) -> None:
    environment = {**ENVIRONMENT, "HUBBUB_COPY_FROM": str(filled), "HUBBUB_COPY_TO": postgres_dsn}
    plain = [sys.executable, "-m", "hubbub", "copy"]
    async with blocked(postgres_dsn) as until_blocked:
        process = await asyncio.create_subprocess_exec(*plain, stdout=PIPE, stderr=PIPE, env=environment)
        await until_blocked()
        process.send_signal(signal.SIGINT)
        told, errors = await process.communicate()
    assert process.returncode == 1
    assert told == b""
    assert b"Traceback" not in errors
    assert errors.splitlines()[-1] == b"Aborted!"

    again = await run(plain, environment)

    assert again.returncode == 0
    assert again.stdout.startswith("An earlier run had copied ")
    assert await postgres_tables(postgres_dsn) == sqlite_tables(filled)
