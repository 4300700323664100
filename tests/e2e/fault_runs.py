"""Every fault against three real nodes, judged by the checker of `hubbub verify-delivery`.

    scripts/faults                                   # all of them; prints the table of docs/delivery.md
    scripts/faults --seconds 10 --only node-killed   # some of them, shorter

A fault strikes when a fifth of the time is over, and what was broken is whole again before the senders end: a run shows
the fault, the time after it, and the healing.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import click
import msgspec
import uvloop
from msgspec import Struct

from hubbub.client import Api
from hubbub.errors import HubbubError
from hubbub.verify import Outcome, Plan, Run, WireName
from tests.support.nodes import running_nodes
from tests.support.postgres import running_postgres
from tests.support.redis import running_redis

from . import faults
from .faults import POSTGRES_SETTINGS, Installation, Strike

NODES: Final = 3
SECONDS: Final = 15.0
PASSWORD: Final = "correct horse"
NODE_SETTINGS: Final = ("--heartbeat-seconds", "5", "--shutdown-grace-seconds", "2", "--log-level", "warning")


class Scenario(Struct, frozen=True):
    """A fault, and how the clients of its run differ from the usual ones.

    Attributes:
        title: as the table names it.
        module: the program that the nodes run.
    """

    title: str
    strike: Strike = faults.nothing
    plan: Mapping[str, Any] = {}
    module: str = "hubbub"


SCENARIOS: Final[Mapping[str, Scenario]] = {
    "quiet": Scenario("nothing"),
    "connections-dropped": Scenario("every connection dropped every 2 s", plan={"drop_every_seconds": 2.0}),
    "half-open": Scenario(
        "every connection left half-open every 2 s", plan={"drop_every_seconds": 2.0, "half_open": True}
    ),
    "node-frozen": Scenario("a node frozen (SIGSTOP), then back", faults.freeze_node),
    "node-killed": Scenario("a node killed (kill -9), then started again", faults.kill_node),
    "postgres-restarted": Scenario("PostgreSQL crashed and restarted", faults.restart_postgres),
    "postgres-paused": Scenario("PostgreSQL paused", faults.pause_postgres),
    "postgres-exhausted": Scenario("PostgreSQL out of connections", faults.exhaust_postgres),
    "redis-restarted": Scenario("Redis killed, then started again", faults.restart_redis),
    "redis-paused": Scenario("Redis paused", faults.pause_redis),
    "bus-bad": Scenario(
        "the bus drops 10 %, repeats 10 %, reorders 20 %, delays", module="tests.support.serve_with_bad_bus"
    ),
    "clock-jumps": Scenario(
        "each node's clock jumps by up to an hour, twice a second", module="tests.support.serve_with_jumping_clock"
    ),
    "silent-readers": Scenario(
        "readers that never read",
        plan={"silent_readers": 3, "wires": (WireName.JSON, WireName.SOCKETIO, WireName.MSGPACK), "text_bytes": 16_000},
    ),
    "storm": Scenario(
        "500 clients dropped at once, again and again",
        plan={
            "readers": 494,
            "drop_every_seconds": 4.0,
            "together": True,
            "rate": 20.0,
            "rooms": 1,
            "patience_seconds": 10.0,
        },
    ),
    "rolling-restart": Scenario("rolling restart of all three nodes", faults.restart_nodes, {"rate": 300.0}),
}


def plan_of(scenario: Scenario, urls: Sequence[str], seconds: float, seed: int) -> Plan:
    """The run of a scenario."""
    usual = Plan(urls=tuple(urls), senders=6, readers=6, rate=100.0, seconds=seconds, patience_seconds=2.0, seed=seed)
    return msgspec.structs.replace(usual, **scenario.plan)


@asynccontextmanager
async def installation(scenario: Scenario, seconds: float) -> AsyncIterator[Installation]:
    """Three nodes, a PostgreSQL and a Redis, all of them new, with an administrator."""
    with (
        running_postgres(*POSTGRES_SETTINGS) as postgres,
        running_redis() as redis,
        tempfile.TemporaryDirectory(prefix="hubbub-faults-") as folder,
    ):
        settings = [*NODE_SETTINGS, "--database", postgres.dsn, "--bus", redis.url]
        async with running_nodes(Path(folder), NODES, settings, scenario.module) as nodes:
            await Api(nodes[0].url).sign_up("admin", PASSWORD)
            yield Installation(nodes, postgres, redis, seconds / 4)


class Ran(Struct):
    """A run of a scenario. `struck_seconds`: how long the fault lasted. `errors`: lines of the nodes' logs."""

    outcome: Outcome
    struck_seconds: float
    errors: list[str]


async def run(scenario: Scenario, seconds: float, seed: int) -> Ran:
    """Make the installation, strike, and judge. Raises HubbubError, and whatever kept a fault from being made."""
    async with installation(scenario, seconds) as at:
        begun = asyncio.Event()
        plan = plan_of(scenario, [node.url for node in at.nodes], seconds, seed)

        async def strike() -> float:
            await begun.wait()
            await asyncio.sleep(seconds / 5)
            struck = time.monotonic()
            await scenario.strike(at)
            return time.monotonic() - struck

        striking = asyncio.create_task(strike())
        outcome = await Run(plan, lambda _: begun.set())()
        struck_seconds = await striking
        return Ran(outcome, struck_seconds, [line for node in at.nodes for line in errors(node.log.read_text())])


def errors(log: str) -> list[str]:
    """Its lines of errors, with the tracebacks after them."""
    found, inside = [], False
    for line in log.splitlines():
        if line[:2] == "20":  # a date
            inside = " ERROR " in line
        if inside:
            found.append(line)
    return found


def row(scenario: Scenario, ran: Ran) -> str:
    """A line of the table."""
    outcome, plan, verdict = ran.outcome, ran.outcome.plan, ran.outcome.verdict
    counts = [f"{count:,}" for count in verdict.counts.values()]
    silence = max(one.silence_seconds for one in outcome.wires.values())
    cells = [
        scenario.title,
        str(plan.seed),
        f"{outcome.seconds:.0f} s",
        str(plan.senders + plan.readers),
        f"{verdict.acknowledged:,}",
        f"{verdict.shown:,}",
        *counts[:4],
        f"{sum(verdict.counts.values()):,}",
        f"{ran.struck_seconds:.1f} s" if scenario.strike is not faults.nothing else "–",
        f"{silence:.1f} s",
    ]
    return f"| {' | '.join(cells)} |"


HEAD: Final = (
    "| fault | seed | took | clients | acknowledged | shown | lost | shown twice | out of order | holes "
    "| all violations | fault lasted | longest silence |\n|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|"
)


@click.command()
@click.option("--seconds", type=click.FloatRange(min=2), default=SECONDS, show_default=True, help="Of each run's load.")
@click.option(
    "--seed", type=int, default=1, show_default=True, help="Of the first run; each further one takes the next."
)
@click.option("--only", type=click.Choice(list(SCENARIOS)), multiple=True, help="Repeatable. Default: all.")
def main(*, seconds: float, seed: int, only: Sequence[str]) -> None:
    """Break an installation of three nodes in every way, and print what the clients saw."""
    broken = False
    click.echo(HEAD)
    for number, name in enumerate(only or SCENARIOS):
        scenario = SCENARIOS[name]
        try:
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as loop:
                ran = loop.run(run(scenario, seconds, seed + number))
        except HubbubError as error:
            click.echo(f"{name}: {error.message}", err=True)
            broken = True
            continue
        click.echo(row(scenario, ran))
        broken = broken or not ran.outcome.verdict.kept
        for line in (*ran.outcome.verdict.findings, *ran.errors):
            click.echo(f"  {line}", err=True)
    sys.exit(broken)


if __name__ == "__main__":
    main()
