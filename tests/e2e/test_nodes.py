"""Three nodes behind a balancer without stickiness: everybody is served, restarted and killed without a loss."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
import socketio

from hubbub.bus.embedded import EmbeddedValkey
from hubbub.client import Api, Client
from hubbub.verify.plan import Plan, WireName
from hubbub.verify.run import Outcome, Run
from tests.support.postgres import postgres, postgres_dsn
from tests.support.round_robin import RoundRobin, round_robin

from .cluster import NodeProcess, cluster, forwarded_share
from .talkers import PythonSocketIoTalker, socket_io_js

__all__ = ["postgres", "postgres_dsn"]
pytestmark = [pytest.mark.alone, pytest.mark.timeout(400)]

OVER_HTTP = (WireName.POLLING, WireName.SSE, WireName.SOCKETIO_POLLING)


@pytest.fixture
async def nodes(postgres_dsn: str) -> AsyncIterator[list[NodeProcess]]:
    async with EmbeddedValkey() as bus, cluster(postgres_dsn, bus) as nodes:
        yield nodes


@pytest.fixture
async def balancer(nodes: list[NodeProcess]) -> AsyncIterator[RoundRobin]:
    async with round_robin([node.port for node in nodes]) as balancer:
        await Api(nodes[0].url).sign_up("admin", "correct horse")  # a server has to have an account
        yield balancer


async def verified(plan: Plan, meanwhile: Callable[[], Awaitable[None]]) -> Outcome:
    """Run the checker while something happens under its load; the promises have to be kept."""
    under_load = asyncio.Event()

    def say(text: str) -> None:
        print(text)
        under_load.set()  # its first words: everybody is in the rooms

    running = asyncio.create_task(Run(plan, say)())
    try:
        async with asyncio.timeout(60):
            await under_load.wait()
        began = asyncio.get_running_loop().time()
        await meanwhile()
        took = asyncio.get_running_loop().time() - began
        assert took < plan.seconds, f"the load ended before, after {took:.0f} s"
        outcome = await running
    finally:
        running.cancel()
    assert outcome.settled, outcome
    assert outcome.verdict.kept, outcome.verdict
    for wire, figures in outcome.wires.items():
        print(f"{wire}: {figures.connections} connections, longest silence {figures.silence_seconds:.2f} s")
    return outcome


async def test_clients_without_websocket_need_no_sticky_sessions(
    nodes: list[NodeProcess], balancer: RoundRobin
) -> None:
    plan = Plan(urls=(balancer.url,), wires=OVER_HTTP, rate=30, seconds=5, accounts=2)

    async def nothing() -> None:
        return

    outcome = await verified(plan, nothing)
    assert outcome.verdict.acknowledged == 150
    share = await forwarded_share(nodes[0].url)
    print(f"forwarded: {share:.0%} of the requests")
    assert share > 0.2


class Returning(PythonSocketIoTalker):
    """python-socketio's client as an application uses it: whenever it is connected, it joins from where it is."""

    @classmethod
    async def begin(cls, name: str, url: str, token: str, room: str, *transports: str) -> Returning:
        client = socketio.AsyncClient(reconnection_delay=0.2)
        talker = cls(name, client, room)

        async def join() -> None:
            since = talker.heard[-1][0] if talker.heard else 0
            reply: Any = await client.call("join", {"room": room, "since": since})
            assert "ok" in reply, reply
            talker.joined.set()

        # the handler must end before the client reads on, and so before the answer
        client.on("connect", lambda: talker.joining.append(asyncio.create_task(join())))
        await client.connect(url, auth={"token": token}, transports=list(transports))
        await talker.joined.wait()
        return talker

    def __init__(self, name: str, client: socketio.AsyncClient, room: str) -> None:
        super().__init__(name, client, room)
        self.joined = asyncio.Event()
        self.joining: list[asyncio.Task[None]] = []


async def test_socket_io_clients_upgrade_through_any_node_and_outlive_its_owner(
    nodes: list[NodeProcess], balancer: RoundRobin
) -> None:
    tokens = {}
    for name in ("ada", "bob", "eve", "joe", "sam"):
        tokens[name] = (await Api(nodes[0].url).sign_up(name, "correct horse")).token
    async with Client(nodes[0].url, tokens["ada"]) as sender:
        await sender.create_room("general")
        await sender.join("general")
        talkers = [
            await socket_io_js("bob", balancer.url, tokens["bob"], "general", "polling"),
            await socket_io_js("eve", balancer.url, tokens["eve"], "general", "polling", "websocket"),
            await Returning.begin("joe", balancer.url, tokens["joe"], "general", "polling"),
            await Returning.begin("sam", balancer.url, tokens["sam"], "general", "polling", "websocket"),
        ]
        try:
            await sender.send("general", "before")
            for talker in talkers:
                await talker.until(1)
            # the other two die, one after the other: whoever had a session there has to come back
            for number, node in enumerate(nodes[1:], 1):
                await node.kill()
                await sender.send("general", f"without {number}")
                await node.start()
            await sender.send("general", "after")
            for talker in talkers:
                await talker.until(4)
                assert [text for _, _, text in talker.heard] == ["before", "without 1", "without 2", "after"]
        finally:
            for talker in talkers:
                await talker.close()


async def test_a_rolling_restart_under_load_loses_and_repeats_nothing(
    nodes: list[NodeProcess], balancer: RoundRobin
) -> None:
    async def roll() -> None:
        for node in nodes:
            await node.restart()

    # as long as the restarts will take on this machine at this hour: a start of Python is the larger part of each
    seconds = sum(4 + 2.5 * node.start_seconds for node in nodes)
    outcome = await verified(Plan(urls=(balancer.url,), rate=100, seconds=seconds, settle_seconds=100), roll)
    assert sum(figures.connections for figures in outcome.wires.values()) >= 2 * len(outcome.wires) * 2, "nobody moved"


async def test_a_frozen_node_and_a_killed_one_cost_nothing(nodes: list[NodeProcess], balancer: RoundRobin) -> None:
    async def strike() -> None:
        nodes[1].signal(signal.SIGSTOP)
        await asyncio.sleep(8)  # longer than its lease
        nodes[1].signal(signal.SIGCONT)
        await nodes[2].kill()
        await nodes[2].start()

    plan = Plan(urls=tuple(node.url for node in nodes), rate=50, seconds=30, settle_seconds=100)
    await verified(plan, strike)
