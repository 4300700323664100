"""What the pages of docs/ show runs. README.md, protocol.md and the toolkit's pages have tests of their own, too."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest

from hubbub.cli import main
from hubbub.client import Client, Phase, State
from hubbub.config import load
from hubbub.realtime import serving

from .test_readme import NODE, PYTHON, ROOT, Login, heard, login, started

__all__ = ["login"]

PAGES = sorted([*(ROOT / "docs").glob("*.md"), *ROOT.glob("*.md"), *ROOT.glob("clients/*/*.md")])


def blocks(page: str, language: str) -> list[str]:
    text = (ROOT / page).read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


async def test_the_python_client_s_first_example_hears_itself(login: Login) -> None:
    async with started(blocks("docs/python-client.md", "python")[0], *PYTHON, login=login) as output:
        assert await heard(output, "stored at") == "stored at 3\n"  # after the room and its member
        assert await heard(output, "hello") == "3 ada hello\n"


async def test_the_python_client_s_observer_says_how_it_is_connected(
    login: Login, capsys: pytest.CaptureFixture[str]
) -> None:
    example = blocks("docs/python-client.md", "python")[1]
    client = Client(login.url, login.token)
    exec(compile(example, "python-client.md", "exec"), {"client": client, "State": State, "Phase": Phase})
    async with client:
        await client.rooms()
    assert capsys.readouterr().out.startswith("connected by websocket ")


async def test_the_toolkit_s_first_example_answers_a_page(login: Login) -> None:
    [example, *_] = blocks("docs/toolkit.md", "python")
    names: dict[str, Any] = {"__name__": "page"}
    exec(compile(example, "toolkit.md", "exec"), names)
    [script] = blocks("docs/toolkit.md", "js")
    async with serving(names["server"]) as port:
        script = script.replace("http://127.0.0.1:8000", f"http://127.0.0.1:{port}")
        async with started(script, *NODE, login=login) as output:
            assert {await heard(output, ""), await heard(output, "")} == {"hello\n", "sent\n"}


def test_the_readme_of_the_typescript_client_shows_its_example() -> None:
    [shown] = blocks("clients/js/README.md", "js")
    assert shown in (ROOT / "clients" / "js" / "example.mjs").read_text(encoding="utf-8")


async def test_the_typescript_client_s_example_hears_itself(login: Login) -> None:
    [example] = blocks("clients/js/README.md", "js")
    given = {"HUBBUB_URL": login.url, "HUBBUB_PASSWORD": login.password}
    code = f"process.argv[2] = 'ada'; Object.assign(process.env, {json.dumps(given)}); {example}"
    async with started(code, *NODE, login=login) as output:
        assert "ada" in await heard(output, "Hello from the TypeScript client")


def test_the_example_of_a_configuration_is_one(tmp_path: Path) -> None:
    [example] = blocks("docs/configuration.md", "toml")
    file = tmp_path / "hubbub.toml"
    file.write_text(example)
    config = load(file, {}, {}).config
    assert (config.host, config.data, config.signup) == ("0.0.0.0", "/var/lib/hubbub", "closed")


def commands() -> Iterator[tuple[str, list[str]]]:
    """Every `hubbub …` in a block for the shell, as words."""
    for page in PAGES:
        for block in blocks(str(page.relative_to(ROOT)), "sh"):
            for line in block.replace("\\\n", " ").splitlines():
                words = shlex.split(line, comments=True)
                while words and re.fullmatch(r"\w+=.*", words[0]):
                    del words[0]
                if words and words[0] == "hubbub":
                    yield page.name, words[1:]


COMMANDS = tuple(commands())


@pytest.mark.parametrize(("page", "words"), COMMANDS)
def test_a_command_of_the_pages_has_these_options(page: str, words: list[str]) -> None:
    command: click.Command = main
    context = click.Context(main)
    while isinstance(command, click.Group):
        found = command.get_command(context, words.pop(0))
        assert found is not None
        command = found
    known = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
    assert {word.partition("=")[0] for word in words if word.startswith("-")} <= known


def test_commands_are_found() -> None:
    assert len(COMMANDS) > 8
