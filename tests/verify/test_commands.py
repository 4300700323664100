"""`hubbub verify-delivery` as one types it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click
import msgspec
import pytest
from click.testing import CliRunner

from hubbub.app import Application
from hubbub.client import Api
from hubbub.verify import Fault, Finding, History, Outcome, Plan, Verdict, WireName, check, commands
from hubbub.verify.commands import register
from hubbub.verify.report import report
from hubbub.verify.run import WireFigures
from hubbub.vocabulary import RoomId
from tests.conftest import PASSWORD

from .histories import ROOM


def verify(*arguments: str) -> tuple[int, str, str]:
    group = click.Group()
    register(group)
    result = CliRunner().invoke(group, ["verify-delivery", *arguments])
    return result.exit_code, result.stdout, result.stderr


async def test_a_server_that_keeps_its_promises(server: Application, tmp_path: Path) -> None:
    await Api(server.url).sign_up("admin", PASSWORD)
    outcome, history = tmp_path / "outcome.json", tmp_path / "history.json"
    code, out, err = await asyncio.to_thread(
        verify,
        *("--url", server.url, "--seconds", "0.5", "--rate", "40", "--seed", "5", "--wire", "json", "--wire", "sse"),
        *("--json", str(outcome), "--history", str(history)),
    )

    assert code == 0, err
    assert "seed 5" in out
    assert "acknowledged    20" in out
    assert "Kept: 20 acknowledged messages" in out
    assert "12 clients are in 2 rooms" in err
    written = msgspec.json.decode(outcome.read_bytes(), type=Outcome)
    assert written.plan.seed == 5
    assert check(msgspec.json.decode(history.read_bytes(), type=History)) == written.verdict


def test_a_broken_promise_is_shown_and_told_by_the_exit_code(monkeypatch: pytest.MonkeyPatch) -> None:
    verdict = Verdict(acknowledged=5)
    verdict.add(Finding(Fault.LOST, ROOM, 3, "'m' was never shown", "client 1", "sse"))
    plan = Plan(urls=("http://one",), drop_every_seconds=2, half_open=True, silent_readers=1)
    outcome = Outcome(plan, [ROOM], 1.0, settled=False, wires={WireName.SSE: WireFigures()}, verdict=verdict)
    monkeypatch.setattr(commands, "_run", lambda _: (outcome, History()))

    code, out, _ = verify("--url", "http://one")

    assert code == 1
    assert out == report(outcome) + "\n"
    for line in (
        "lost            1",
        "lost: general seq 3, client 1 (sse): 'm' was never shown",
        "each connection left hanging about every 2 s",
        "BROKEN: 1 violations.",
        "Not everybody had everything within 60 s",
    ):
        assert line in out


def test_nothing_acknowledged_is_no_success() -> None:
    outcome = Outcome(Plan(urls=("http://one",)), [RoomId("a")], 1.0, settled=True, wires={}, verdict=Verdict())

    assert report(outcome).endswith("Nothing was acknowledged, so nothing is proven.")


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--url", "ftp://one"),
        ("--url", "http://one", "--silent-readers", "9"),
        ("--url", "http://one", "--wire", "smoke"),
    ],
)
def test_wrong_usage(arguments: tuple[str, ...]) -> None:
    assert verify(*arguments)[0] == 2


def test_a_server_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hubbub.verify.preparing._PAUSE_SECONDS", 0.0)
    code, _, err = verify("--url", "http://127.0.0.1:9", "--seconds", "1")

    assert code == 1
    assert err == "Error: The server can't be reached: [Errno 111] Connection refused.\n"
