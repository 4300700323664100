"""The command line against a scripted server, each command as its own process."""

from __future__ import annotations

import asyncio
import json
import signal
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from hubbub.client.logins import Logins, LoginsError

from .scripted import TOKEN, Scripted, scripted
from .terminal import Run, outcome


@asynccontextmanager
async def answering(status: str, body: str) -> AsyncIterator[tuple[str, list[bytes]]]:
    """An HTTP server with one answer; what it was asked."""
    asked: list[bytes] = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(
            (int(line[16:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length: ")), 0
        )
        asked.append(head + await reader.readexactly(length))
        answer = f"HTTP/1.1 {status}\r\nContent-Length: {len(body.encode())}\r\nConnection: close\r\n\r\n{body}"
        writer.write(answer.encode())
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_server(handle, "127.0.0.1", 0) as http:
        yield f"http://127.0.0.1:{http.sockets[0].getsockname()[1]}", asked


async def test_tail_prints_time_sender_and_text(server: Scripted, run: Run) -> None:
    server.say("hello")
    server.say("two\nlines \x1b[31mred")
    process = await run("tail", "general", "--since", "0", "--url", server.url, HUBBUB_TOKEN=TOKEN, TZ="UTC")
    assert process.stdout is not None
    lines = [(await process.stdout.readline()).decode() for _ in range(3)]
    assert lines == ["00:00:01 bob: hello\n", "00:00:01 bob: two\n", "    lines \N{REPLACEMENT CHARACTER}[31mred\n"]
    process.send_signal(signal.SIGINT)
    assert await outcome(process) == (130, "", "")


async def test_tail_prints_json(server: Scripted, run: Run) -> None:
    server.say("hello")
    process = await run("tail", "general", "--since", "0", "--json", HUBBUB_URL=server.url, HUBBUB_TOKEN=TOKEN)
    assert process.stdout is not None
    event = json.loads(await process.stdout.readline())
    assert event == {"type": "message", "room": "general", "seq": 1, "sender": "bob", "ts": 1000, "text": "hello"}


async def test_tail_comes_back_and_says_so(server: Scripted, run: Run) -> None:
    process = await run("tail", "general", "--json", "--url", server.url, "--token", TOKEN)
    await server.until(lambda: len(server.joined) == 1)
    server.say("before")
    assert process.stdout is not None
    assert process.stderr is not None
    assert b"before" in await process.stdout.readline()
    server.drop()
    server.say("while away", deliver=False)
    assert b"while away" in await process.stdout.readline()
    assert (await process.stderr.readline()).decode().endswith("Reconnecting …\n")
    assert await process.stderr.readline() == b"hubbub: connected again\n"


async def test_tail_ends_when_the_login_ends(server: Scripted, run: Run) -> None:
    process = await run("tail", "general", "--url", server.url, "--token", TOKEN)
    await server.until(lambda: len(server.joined) == 1)
    await server.close(4501, "session ended")
    assert await outcome(process) == (1, "", "Error: The connection was closed (4501: session ended).\n")


async def test_send_says_one_text(server: Scripted, run: Run) -> None:
    assert await outcome(await run("send", "general", "hi there", "--url", server.url, "--token", TOKEN)) == (0, "", "")
    assert [message.text for message in server.log] == ["hi there"]


async def test_send_reads_lines(server: Scripted, run: Run) -> None:
    process = await run("send", "general", "-", "--url", server.url, "--token", TOKEN)
    assert await outcome(process, "one\n\ntwo\r\n  three\n") == (0, "", "")
    assert [message.text for message in server.log] == ["one", "two", "  three"]


async def test_send_can_be_interrupted_while_it_waits_for_a_line(server: Scripted, run: Run) -> None:
    process = await run("send", "general", "-", "--url", server.url, "--token", TOKEN)
    await server.until(lambda: len(server.joined) == 1)
    process.send_signal(signal.SIGINT)
    assert await process.wait() == 130


async def test_failures_are_one_line(server: Scripted, run: Run) -> None:
    async with scripted() as gone:
        nobody = gone.url
    at = ["--url", server.url, "--token"]
    assert await outcome(await run("send", "nowhere", "x", *at, TOKEN)) == (1, "", "Error: There is no such room.\n")
    assert await outcome(await run("tail", "general", *at, "wrong")) == (1, "", "Error: Sign in first.\n")
    assert await outcome(await run("tail", "general", "--url", nobody, "--token", TOKEN)) == (
        1,
        "",
        "Error: Nothing listens at the server's address.\n",
    )
    code, _, error = await outcome(await run("tail", "general", "--url", "nonsense", "--token", TOKEN))
    assert code == 2
    assert "not a server's URL: 'nonsense'" in error
    code, _, error = await outcome(await run("tail", "general"))
    assert (code, error) == (
        1,
        "Error: not signed in: run `hubbub login URL NAME`, or set HUBBUB_TOKEN\n",
    )


async def test_login_keeps_the_token_for_its_owner_only(run: Run, tmp_path: Path) -> None:
    answer = json.dumps({"user": {"name": "ada"}, "session": "s1", "token": TOKEN})
    async with answering("201 Created", answer) as (url, asked):
        process = await run("login", url + "/", "ada")
        assert await outcome(process, "a long password\n") == (0, "", f"signed in at {url} as ada\n")
    assert asked[0].startswith(b"POST /api/v1/sessions ")
    body = json.loads(asked[0].partition(b"\r\n\r\n")[2])
    assert (body["name"], body["password"]) == ("ada", "a long password")
    file = tmp_path / ".config" / "hubbub" / "logins.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    saved = Logins(file).find(None)
    assert saved is not None
    assert (saved.url, saved.name, saved.token) == (url, "ada", TOKEN)


async def test_a_saved_login_is_used(server: Scripted, run: Run, tmp_path: Path) -> None:
    logins = Logins(tmp_path / ".config" / "hubbub" / "logins.json")
    logins.save("http://elsewhere", "ada", "other")
    logins.save(server.url, "ada", TOKEN)
    assert (await outcome(await run("send", "general", "by the last login")))[0] == 0
    logins.save("http://elsewhere", "ada", "other")
    assert (await outcome(await run("send", "general", "by its url", "--url", server.url)))[0] == 0
    assert [message.text for message in server.log] == ["by the last login", "by its url"]
    assert set(server.tokens) == {TOKEN}


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (
            "401 Unauthorized",
            '{"error":{"code":"wrong_credentials","message":"The name or the password is wrong.","retryable":false}}',
            "Error: The name or the password is wrong.\n",
        ),
        (
            "404 Not Found",
            "<html>",
            "Error: The server answered with HTTP status 404. Is this a Hubbub server?\n",
        ),
        ("200 OK", "<html>", "Error: The server's answer is of another version of the protocol.\n"),
    ],
)
async def test_login_says_why_not(run: Run, status: str, body: str, expected: str) -> None:
    async with answering(status, body) as (url, _):
        assert await outcome(await run("login", url, "ada"), "password\n") == (1, "", expected)


async def test_sign_up_creates_the_account(run: Run) -> None:
    answer = json.dumps({"user": {"name": "ada"}, "session": "s1", "token": TOKEN})
    async with answering("201 Created", answer) as (url, asked):
        assert (await outcome(await run("login", "--sign-up", url, "ada"), "a long password\n"))[0] == 0
    assert asked[0].startswith(b"POST /api/v1/accounts ")


def test_a_damaged_file_of_logins_is_said_to_be(tmp_path: Path) -> None:
    file = tmp_path / "logins.json"
    file.write_text("{")
    with pytest.raises(LoginsError, match="damaged"):
        Logins(file).find(None)


def test_a_folder_that_can_not_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(LoginsError, match="can't"):
        Logins(tmp_path / "file" / "logins.json").save("http://x", "ada", TOKEN)
