"""The examples of docs/python-client.md run."""

from __future__ import annotations

import asyncio
import re
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

import pytest

from hubbub.app import running
from hubbub.client import Api, Client, Phase, State
from hubbub.config import Config
from tests.support.proxy import proxy

PAGE = Path(__file__).resolve().parents[2] / "docs" / "python-client.md"
BLOCKS: list[str] = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


async def test_the_first_example(config: Config) -> None:
    async with running(config) as hubbub:
        login = await Api(hubbub.url).sign_up("ada", "correct horse")
        async with Client(hubbub.url, login.token) as client:
            await client.create_room("general")
        program = BLOCKS[0].replace("http://127.0.0.1:8000", hubbub.url).replace("TOKEN", login.token)
        process = await asyncio.create_subprocess_exec(sys.executable, "-u", "-c", program, stdout=PIPE)
        assert process.stdout is not None
        assert await process.stdout.readline() == b"stored at 3\n"
        assert await process.stdout.readline() == b"3 ada hello\n"
        process.kill()
        await process.communicate()


async def test_the_example_of_a_fallback(config: Config, capsys: pytest.CaptureFixture[str]) -> None:
    async with running(config) as hubbub, proxy(hubbub.url) as between:
        between.refuse_upgrades = True
        login = await Api(hubbub.url).sign_up("ada", "correct horse")
        client = Client(between.url, login.token)
        exec(BLOCKS[1], {"client": client, "Phase": Phase, "State": State})
        async with client:
            pass
    assert capsys.readouterr().out.splitlines() == [
        "connected by sse native.json",
        "not by websocket refused The server refused the connection (HTTP 403).",
    ]
