"""Whole runs on a real server: every wire, broken connections, readers that do not read."""

from __future__ import annotations

import asyncio
import urllib.request
from pathlib import Path

import msgspec
import pytest

from hubbub.app import Application, running
from hubbub.client import Api, Credentials
from hubbub.config import Config
from hubbub.errors import Forbidden, HubbubError, SignupClosed
from hubbub.verify import Plan, Run, WireName
from tests.conftest import PASSWORD


@pytest.fixture
async def admin(server: Application) -> Credentials:
    return await Api(server.url).sign_up("admin", PASSWORD)


def plan(server: Application, **changes: object) -> Plan:
    short = Plan(urls=(server.url,), seconds=1.5, rate=60, senders=6, readers=6, patience_seconds=5, seed=7)
    return msgspec.structs.replace(short, **changes)


def ignore(_: str) -> None:
    pass


async def test_every_wire_on_a_quiet_network(server: Application, admin: Credentials) -> None:
    run = Run(plan(server), ignore)
    outcome = await run()

    assert outcome.verdict.kept, outcome.verdict.findings
    assert outcome.verdict.acknowledged == 90
    assert outcome.settled
    assert {wire: figures.clients for wire, figures in outcome.wires.items()} == dict.fromkeys(WireName, 2)
    assert all(figures.shown >= 180 for figures in outcome.wires.values())
    assert any(len(said.acknowledged) == 2 for said in run.history.said), "no nonce was sent again"


async def test_connections_that_are_broken_off(server: Application, admin: Credentials) -> None:
    outcome = await Run(plan(server, drop_every_seconds=0.4), ignore)()

    assert outcome.verdict.kept, outcome.verdict.findings
    for figures in outcome.wires.values():
        assert figures.dropped >= 2
        assert figures.connections > figures.clients


async def test_all_connections_at_once(server: Application, admin: Credentials) -> None:
    outcome = await Run(plan(server, drop_every_seconds=0.5, together=True), ignore)()

    assert outcome.verdict.kept, outcome.verdict.findings


async def test_connections_that_are_left_hanging(server: Application, admin: Credentials) -> None:
    outcome = await Run(plan(server, drop_every_seconds=0.4, half_open=True), ignore)()

    assert outcome.verdict.kept, outcome.verdict.findings
    assert all(figures.connections > figures.clients for figures in outcome.wires.values())


async def test_readers_that_do_not_read_have_everything_in_the_end(server: Application, admin: Credentials) -> None:
    wires = (WireName.JSON, WireName.SOCKETIO)
    run = Run(
        plan(server, wires=wires, senders=2, readers=2, silent_readers=2, rate=600, rooms=1, text_bytes=16_000), ignore
    )
    outcome = await run()

    assert outcome.verdict.kept, outcome.verdict.findings
    assert outcome.verdict.acknowledged == 900
    assert await counted(server, admin, "lagging") >= 2, "the kernel's buffers held everything"


async def counted(server: Application, admin: Credentials, name: str) -> float:
    request = urllib.request.Request(server.url + "/metrics", headers={"Authorization": f"Bearer {admin.token}"})

    def read() -> str:
        with urllib.request.urlopen(request) as answer:
            return str(answer.read().decode())

    (line,) = (
        line for line in (await asyncio.to_thread(read)).splitlines() if line.startswith(f"hubbub_chat_{name}_total")
    )
    return float(line.split()[1])


async def test_given_logins_are_used_and_not_written_down(server: Application, admin: Credentials) -> None:
    outcome = await Run(plan(server, tokens=(admin.token,)), ignore)()

    assert outcome.verdict.kept, outcome.verdict.findings
    assert admin.token.encode() not in msgspec.json.encode(outcome)


async def test_nobody_becomes_the_administrator_by_a_run(server: Application) -> None:
    with pytest.raises(Forbidden):
        await Run(plan(server), ignore)()


async def test_a_closed_server_wants_tokens(tmp_path: Path) -> None:
    async with running(Config(port=0, data=str(tmp_path), shutdown_grace_seconds=0, signup="closed")) as server:
        await Api(server.url).sign_up("admin", PASSWORD)
        with pytest.raises(SignupClosed):
            await Run(plan(server), ignore)()


async def test_a_token_that_is_none(server: Application, admin: Credentials) -> None:
    with pytest.raises(HubbubError):
        await Run(plan(server, tokens=("nobody's",)), ignore)()
