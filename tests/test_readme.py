"""The examples of README.md run, and what one of them says the others hear."""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from hubbub.app import Application
from hubbub.client import Api

ROOT = Path(__file__).resolve().parents[1]
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
ADDRESS = "127.0.0.1:8000"


def blocks(language: str, containing: str) -> list[str]:
    """The code blocks of README.md in one language that contain a text."""
    found = re.findall(rf"^```{language}\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
    return [block for block in found if containing in block]


def block(language: str, containing: str) -> str:
    (found,) = blocks(language, containing)
    return str(found)


@dataclass(frozen=True)
class Login:
    """What a reader of README has when the examples begin."""

    url: str
    token: str
    password: str
    home: Path


@pytest.fixture
async def login(server: Application, tmp_path: Path) -> Login:
    """README's sign-in, after its account and its room were made."""
    (found,) = re.findall(r"-d '(.*)'", block("sh", "/api/v1/sessions"))
    body = json.loads(found)
    made = await Api(server.url).sign_up(body["name"], body["password"])
    async with httpx.AsyncClient(base_url=server.url) as http:
        bearer = {"Authorization": f"Bearer {made.token}"}
        (await http.post("/api/v1/rooms", json={"room": "general"}, headers=bearer)).raise_for_status()
        answer = (await http.post("/api/v1/sessions", json=body)).raise_for_status()
    return Login(server.url, answer.json()["token"], body["password"], tmp_path)


@asynccontextmanager
async def started(code: str, *program: str, login: Login) -> AsyncIterator[asyncio.StreamReader]:
    """Run an example against the test's server, with the password on standard input; gives its output."""
    code = code.replace(ADDRESS, login.url.removeprefix("http://")).replace("TOKEN", login.token)
    process = await asyncio.create_subprocess_exec(
        *program,
        code,
        cwd=ROOT / "tests" / "js",  # where socket.io-client is found
        env={
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(login.home),
            "XDG_CONFIG_HOME": str(login.home),
            "PYTHONUNBUFFERED": "1",  # as in a terminal, where each line is seen at once
        },
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(f"{login.password}\n".encode())
    process.stdin.close()
    try:
        yield process.stdout
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def heard(output: asyncio.StreamReader, text: str) -> str:
    """The first line that has this text. Fails when the program ends before."""
    lines: list[str] = []
    async with asyncio.timeout(60):
        async for line in output:
            lines.append(line.decode())
            if text in lines[-1]:
                return lines[-1]
    pytest.fail(f"ended without {text!r}; it said: {''.join(lines)!r}")


NODE = ("node", "--no-warnings", "--experimental-websocket", "--input-type=module", "--eval")
PYTHON = (sys.executable, "-c")
BASH = ("bash", "-euo", "pipefail", "-c")
EXAMPLES = {
    "hello from a browser": ("js", NODE),
    "hello from Python": ("python", PYTHON),
    "hello from Socket.IO": ("js", NODE),
    "hello from a terminal": ("sh", BASH),
}


@pytest.mark.parametrize("text", EXAMPLES)
async def test_an_example_hears_itself(login: Login, text: str) -> None:
    language, program = EXAMPLES[text]
    async with started(block(language, text), *program, login=login) as output:
        assert "ada" in await heard(output, text)


async def test_one_example_hears_another(login: Login) -> None:
    async with started(block("js", "hello from Socket.IO"), *NODE, login=login) as first:
        await heard(first, "hello from Socket.IO")
        async with started(block("python", "hello from Python"), *PYTHON, login=login) as second:
            line = await heard(second, "hello from Python")
            assert await heard(first, "hello from Python") == line


def test_every_example_is_run() -> None:
    found = [block for language in ("js", "python", "sh") for block in blocks(language, "hello from")]
    assert len(found) == len(EXAMPLES)
    assert len(blocks("js", "")) + len(blocks("python", "")) == 3
