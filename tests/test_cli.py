"""The command line, as an operator meets it."""

from __future__ import annotations

import base64
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from click.testing import CliRunner, Result

from hubbub import __version__
from hubbub.cli import main

ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("HUBBUB_")}


class Serving:
    """A `hubbub serve` of its own process."""

    def __init__(self, *arguments: str, environment: Mapping[str, str] | None = None) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "hubbub", "serve", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**ENVIRONMENT, **(environment or {})},
        )

    def url(self) -> str:
        """Waits for the line that says where it is."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line.startswith(f"Hubbub {__version__} is at http://"), self.finish()
        return line.split()[-1]

    def log_until(self, text: str) -> None:
        """Reads its log up to a line with `text`."""
        assert self._process.stderr is not None
        for line in self._process.stderr:
            if text in line:
                return
        pytest.fail(f"it ended without saying {text!r}")

    def signal(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def finish(self) -> tuple[int, str]:
        """Waits for its end: the exit code, and what it still had to say on standard error."""
        _, errors = self._process.communicate(timeout=60)
        return self._process.returncode, errors

    def kill(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.communicate()


@pytest.fixture
def data(tmp_path: Path) -> str:
    return str(tmp_path / "data")


@pytest.fixture
def serving(data: str) -> Iterator[Serving]:
    """A server that is starting on a free port."""
    process = Serving("--port", "0", "--data", data)
    yield process
    process.kill()


def run(*arguments: str, stdin: str | None = None, environment: Mapping[str, str | None] | None = None) -> Result:
    given: dict[str, str | None] = {name: None for name in os.environ if name.startswith("HUBBUB_")}
    return CliRunner(env={**given, **(environment or {})}).invoke(main, arguments, input=stdin)


def refused(*arguments: str) -> str:
    """The one line with which `hubbub serve` refuses to start."""
    process = Serving(*arguments)
    try:
        code, errors = process.finish()
    finally:
        process.kill()
    assert code == 1
    assert errors.startswith("hubbub: ")
    assert errors.count("\n") == 1
    return errors.removeprefix("hubbub: ").rstrip("\n")


def test_help_names_every_command() -> None:
    shown = run("--help")
    assert shown.exit_code == 0
    for command in ("config", "serve", "version", "user", "tail", "send"):
        assert f"\n  {command} " in shown.output


def test_a_command_that_does_not_exist_is_wrong_usage() -> None:
    assert run("serf").exit_code == 2


def test_version() -> None:
    assert run("version").output == f"hubbub {__version__}\n"


def test_config_shows_what_is_in_force_and_where_it_comes_from(tmp_path: Path) -> None:
    file = tmp_path / "hubbub.toml"
    file.write_text('signup = "closed"')
    shown = run("config", "--config", str(file), "--port", "1", environment={"HUBBUB_HOST": "::1"})
    assert shown.exit_code == 0
    lines = dict(line.split("  # ") for line in (" ".join(line.split(" ")) for line in shown.output.splitlines()))
    stripped = {setting.strip(): source.strip() for setting, source in lines.items()}
    assert stripped['signup = "closed"'] == str(file)
    assert stripped["port = 1"] == "--port"
    assert stripped['host = "::1"'] == "HUBBUB_HOST"
    assert stripped["text_bytes = 16384"] == "default"


def test_what_config_shows_can_be_used_as_a_file(tmp_path: Path) -> None:
    file = tmp_path / "hubbub.toml"
    first = run("config", "--port", "1", "--allowed-origins", "https://a.example", "--compression", "true")
    file.write_text(first.output)
    again = run("config", "--config", str(file))
    assert again.exit_code == 0
    assert [line.split("#")[0].strip() for line in again.output.splitlines()] == [
        line.split("#")[0].strip() for line in first.output.splitlines()
    ]


@pytest.mark.parametrize("command", ["config", "serve"])
def test_a_wrong_setting_is_one_line_and_exit_code_1(command: str) -> None:
    result = run(command, "--port", "x")
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr == "hubbub: --port: port must be a whole number from 0 to 65535, not 'x'\n"


def test_serve_says_where_it_is_once_it_accepts_and_ends_well_on_sigterm(serving: Serving, data: str) -> None:
    url = serving.url()
    assert httpx.get(f"{url}/readyz").status_code == 200
    assert Path(data, "hubbub.db").exists()
    serving.signal(signal.SIGTERM)
    code, _ = serving.finish()
    assert code == 0


def test_a_second_server_on_the_same_port_is_refused(serving: Serving, tmp_path: Path) -> None:
    port = urlsplit(serving.url()).port
    line = refused("--port", str(port), "--data", str(tmp_path / "other"))
    assert line == f"port: can't listen on 127.0.0.1 port {port}: Address already in use"


def test_a_second_server_on_the_same_database_is_refused(serving: Serving, data: str) -> None:
    serving.url()
    assert refused("--port", "0", "--data", data) == f"data: another Hubbub is using the database in {data}"


def test_a_place_where_no_database_can_be_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    assert refused("--port", "0", "--data", str(file)) == f"data: {file} can't be made: File exists"
    assert refused("--port", "0", "--data", f"{file}/data") == f"data: {file}/data can't be made: Not a directory"


def test_an_address_that_is_not_ours_is_refused(data: str) -> None:
    # 192.0.2.0/24 is for documentation (RFC 5737): no machine has it
    line = refused("--host", "192.0.2.1", "--port", "0", "--data", data)
    assert line == "port: can't listen on 192.0.2.1 port 0: Cannot assign requested address"


def test_a_second_signal_does_not_wait_for_clients(data: str) -> None:
    process = Serving("--port", "0", "--data", data, "--shutdown-grace-seconds", "600", "--log-format", "json")
    try:
        with silent_websocket(process.url()):
            process.signal(signal.SIGINT)
            process.log_until('"message":"stopping"')
            process.signal(signal.SIGINT)
            code, _ = process.finish()
        assert code == -signal.SIGINT
    finally:
        process.kill()


def silent_websocket(url: str) -> socket.socket:
    """A client that connects and then neither reads nor answers, not even the closing handshake."""
    place = urlsplit(url)
    assert place.hostname is not None
    assert place.port is not None
    client = socket.create_connection((place.hostname, place.port))
    key = base64.b64encode(os.urandom(16)).decode()
    head = f"GET /ws HTTP/1.1\r\nHost: {place.netloc}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    client.sendall(f"{head}Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n".encode())
    assert client.recv(12) == b"HTTP/1.1 101"
    return client


def test_logs_can_be_objects_and_hold_no_secrets(data: str) -> None:
    process = Serving("--port", "0", "--data", data, "--log-format", "json", "--log-level", "debug")
    try:
        url = process.url()
        account = {"name": "ada", "password": "a secret password"}
        signed_up = httpx.post(f"{url}/api/v1/accounts", json=account, headers={"x-request-id": "mine-1"})
        token = signed_up.json()["token"]
        httpx.get(f"{url}/api/v1/me?secret=thing", headers={"authorization": f"Bearer {token}"})
        process.signal(signal.SIGTERM)
        code, errors = process.finish()
    finally:
        process.kill()
    assert code == 0
    entries = [json.loads(line) for line in errors.splitlines()]
    assert all({"ts", "level", "logger", "message"} <= entry.keys() for entry in entries)
    first = next(entry for entry in entries if entry.get("path") == "/api/v1/accounts")
    assert (first["method"], first["status"], first["request_id"]) == ("POST", 201, "mine-1")
    for secret in ("a secret password", token, "thing"):
        assert secret not in errors


def test_user_add_makes_administrators_even_while_sign_up_is_closed(data: str) -> None:
    first = run("user", "add", "ada", "--data", data, stdin="correct horse\n")
    assert (first.exit_code, first.output) == (0, "ada is an administrator now.\n")
    second = run("user", "add", "bob", "--data", data, "--signup", "closed", stdin="correct horse\n")
    assert (second.exit_code, second.output) == (0, "bob is a user now.\n")
    third = run("user", "add", "eve", "--admin", "--data", data, stdin="correct horse\n")
    assert (third.exit_code, third.output) == (0, "eve is an administrator now.\n")


@pytest.mark.parametrize(
    ("name", "password", "line"),
    [
        ("ada", "correct horse", "This name is taken."),
        ("Not a name", "correct horse", "A name has 1 to 32 characters"),
        ("bob", "short", "A password has 8 to 256 characters."),
        ("bob", "", "A password has 8 to 256 characters."),
    ],
)
def test_user_add_refuses_in_one_line(data: str, name: str, password: str, line: str) -> None:
    run("user", "add", "ada", "--data", data, stdin="correct horse\n")
    result = run("user", "add", name, "--data", data, stdin=f"{password}\n")
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr.startswith(f"hubbub: {line}")
    assert result.stderr.count("\n") == 1


def test_user_add_is_refused_while_a_server_runs(serving: Serving, data: str) -> None:
    serving.url()
    result = run("user", "add", "ada", "--data", data, stdin="correct horse\n")
    assert result.exit_code == 1
    assert result.stderr == f"hubbub: data: another Hubbub is using the database in {data}\n"
