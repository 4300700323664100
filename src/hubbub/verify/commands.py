"""`hubbub verify-delivery`: are the promises kept on these servers, whatever happens meanwhile?

Exit codes: 0 kept, 1 broken or not to be measured, 2 wrong usage.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence
from pathlib import Path

import click
import msgspec
import uvloop

from hubbub.client.transport import place
from hubbub.errors import HubbubError

from .history import History
from .plan import Plan, WireName
from .report import report
from .run import Outcome, Run


def register(group: click.Group) -> None:
    """Add the command to the command line."""
    group.add_command(verify_delivery)


@click.command("verify-delivery")
@click.option("--url", "urls", multiple=True, required=True, help="A server. Repeatable: nodes of one installation.")
@click.option(
    "--wire", "wires", type=click.Choice([str(wire) for wire in WireName]), multiple=True, help="Only this. Repeatable."
)
@click.option("--token", "tokens", multiple=True, help="Of a login to use, instead of new accounts. Repeatable.")
@click.option("--accounts", type=click.IntRange(min=1), default=6, show_default=True, help="New accounts.")
@click.option("--senders", type=click.IntRange(min=1), default=6, show_default=True)
@click.option("--readers", type=click.IntRange(min=0), default=6, show_default=True, help="Beside them; senders read.")
@click.option("--rooms", type=click.IntRange(min=1), default=2, show_default=True)
@click.option("--rate", type=click.FloatRange(min=0.1), default=100.0, show_default=True, help="Messages/s in all.")
@click.option("--seconds", type=click.FloatRange(min=0.1), default=15.0, show_default=True)
@click.option("--settle", type=click.FloatRange(min=1), default=60.0, show_default=True, help="Seconds, at most.")
@click.option("--patience", type=click.FloatRange(min=0.5), default=5.0, show_default=True, help="Silent seconds.")
@click.option("--seed", type=int, help="Of everything that is left to chance. Default: a new one, which is shown.")
@click.option("--drop-every", type=click.FloatRange(min=0), default=0.0, help="Break connections off, every N seconds.")
@click.option("--together", is_flag=True, help="All of them at once.")
@click.option("--half-open", is_flag=True, help="Leave them hanging instead, as when a cable is pulled.")
@click.option("--silent-readers", type=click.IntRange(min=0), default=0, help="So many readers that do not read.")
@click.option("--json", "file", type=click.Path(dir_okay=False, path_type=Path), help="Write the outcome here, too.")
@click.option("--history", type=click.Path(dir_okay=False, path_type=Path), help="And here all that was seen.")
def verify_delivery(
    *,
    urls: Sequence[str],
    wires: Sequence[str],
    tokens: Sequence[str],
    accounts: int,
    senders: int,
    readers: int,
    rooms: int,
    rate: float,
    seconds: float,
    settle: float,
    patience: float,
    seed: int | None,
    drop_every: float,
    together: bool,
    half_open: bool,
    silent_readers: int,
    file: Path | None,
    history: Path | None,
) -> None:
    """Drive senders and readers, break what you like meanwhile, and learn whether every promise was kept.

    Each acknowledged message has to be in every reader's view once, at its seq; no view may have a hole, a repeat or a
    swap; the log that each server gives at the end has to say the same. Rooms named verify-… stay on the server.
    """
    for url in urls:
        try:
            place(url)
        except ValueError as failure:
            raise click.BadParameter(str(failure), param_hint="--url") from failure
    if silent_readers > readers:
        raise click.BadParameter("more than --readers", param_hint="--silent-readers")
    plan = Plan(
        urls=tuple(urls),
        wires=tuple(WireName(wire) for wire in wires) or tuple(WireName),
        tokens=tuple(tokens),
        accounts=accounts,
        senders=senders,
        readers=readers,
        rooms=rooms,
        rate=rate,
        seconds=seconds,
        settle_seconds=settle,
        patience_seconds=patience,
        seed=secrets.randbelow(1_000_000) if seed is None else seed,
        drop_every_seconds=drop_every,
        together=together,
        half_open=half_open,
        silent_readers=silent_readers,
    )
    outcome, seen = _run(plan)
    if history is not None:
        history.write_bytes(msgspec.json.encode(seen))
    if file is not None:
        file.write_bytes(msgspec.json.format(msgspec.json.encode(outcome)) + b"\n")
    click.echo(report(outcome))
    if not outcome.verdict.kept:
        raise click.exceptions.Exit(1)


def _run(plan: Plan) -> tuple[Outcome, History]:
    async def run() -> tuple[Outcome, History]:
        one = Run(plan, lambda line: click.echo(f"… {line}", err=True))
        return await one(), one.history

    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(run())
    except HubbubError as error:
        raise click.ClickException(error.message) from error
