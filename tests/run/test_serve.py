"""`hubbub serve --workers 2` as a whole."""

from __future__ import annotations

import asyncio
import re
import signal
import subprocess
import sys
from asyncio.subprocess import PIPE

import httpx

from tests.support.postgres import postgres, postgres_dsn

__all__ = ["postgres", "postgres_dsn"]

SERVE = (sys.executable, "-m", "hubbub", "serve", "--workers", "2")


async def test_two_workers_answer_at_one_address_and_leave_when_told(postgres_dsn: str) -> None:
    options = ("--port", "0", "--database", postgres_dsn, "--shutdown-grace-seconds", "0")
    process = await asyncio.create_subprocess_exec(*SERVE, *options, stdout=PIPE)
    try:
        assert process.stdout is not None
        async with asyncio.timeout(60):
            line = (await process.stdout.readline()).decode()
        url = line.split()[-1]
        async with httpx.AsyncClient(base_url=url) as http:
            assert (await http.get("/readyz")).json()["checks"] == {"store": "ok", "bus": "ok", "peers": "ok"}
            page = (await http.get("/metrics")).text
        assert len(set(re.findall(r'^hubbub_nodes{node="(\w+)"} 2\.0$', page, re.MULTILINE))) == 2
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(30):
            assert await process.stdout.read() == b"", "more than one address"
            assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def test_several_workers_need_a_database_that_they_can_share() -> None:
    done = subprocess.run(SERVE, capture_output=True, check=False, text=True)
    assert done.returncode == 1
    assert done.stderr.startswith("hubbub: --workers: workers must be 1 as long as `database` names no PostgreSQL")
    assert done.stderr.count("\n") == 1
