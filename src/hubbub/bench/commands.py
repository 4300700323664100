"""`hubbub bench`: run the lab and show what it found.

Exit codes: 0 measured (a peer that can't be had is a note in its row), 1 Hubbub itself could not be measured.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import click
import msgspec

from hubbub import __version__
from hubbub.bench.attack.catalog import ATTACKS
from hubbub.bench.attack.scenario import attacks

from .cluster import cluster
from .contestants import CONTESTANTS, Contestant
from .lab import Lab, LabError
from .machine import machine, raise_descriptor_limit
from .report import report
from .results import Results, Row
from .scale import QUICK, Scale
from .servers import ServerError
from .troubles import slow_reader, storm

_SCENARIOS = ("hello", "idle", "fan-out", "polling", "durable", "storm", "slow-reader", "cluster", "attack")
_LONG_SCENARIO = "attack"  # only when it is asked for: about 40 minutes
_USUAL_SCENARIOS = tuple(one for one in _SCENARIOS if one != _LONG_SCENARIO)
_QUICK_SCENARIOS = tuple(one for one in _USUAL_SCENARIOS if one != "cluster")
_SPARE_DESCRIPTORS = 200
_LEFT_OUT_OF_QUICK = {"toolkit", "toolkit-socketio", "websockets"}


def register(group: click.Group) -> None:
    """Add the command to the command line."""
    group.add_command(bench)


@click.command()
@click.option("--quick", is_flag=True, help="A good minute: smaller loads, fewer servers, one node.")
@click.option(
    "--only",
    metavar="KEY,…",
    help=f"Only these servers: {', '.join(one.key for one in CONTESTANTS)}; or attacks: {', '.join(ATTACKS)}.",
)
@click.option("--scenario", "scenarios", type=click.Choice(_SCENARIOS), multiple=True, help="Only this. Repeatable.")
@click.option("--json", "file", type=click.Path(dir_okay=False, path_type=Path), help="Write the results here, too.")
@click.option("--connections", type=click.IntRange(min=10), help="Idle connections.")
@click.option("--members", type=click.IntRange(min=2), help="Members of the fan-out's room.")
@click.option("--rounds", type=click.IntRange(min=1), help="Rounds of the fan-out; medians are shown.")
@click.option("--seconds", type=click.FloatRange(min=0.2), help="Length of each measurement.")
@click.option("--generators", type=click.IntRange(min=1), help="Generator processes. Default: CPUs - 1.")
@click.option(
    "--attackers", type=click.IntRange(1, 19_000), multiple=True, help="Connections of an attack. Repeatable."
)
@click.option(
    "--folder", type=click.Path(file_okay=False, path_type=Path), help="Where the peers' packages are installed."
)
def bench(
    *,
    quick: bool,
    only: str | None,
    scenarios: Sequence[str],
    file: Path | None,
    connections: int | None,
    members: int | None,
    rounds: int | None,
    seconds: float | None,
    generators: int | None,
    attackers: Sequence[int],
    folder: Path | None,
) -> None:
    """Measure connections, fan-out and durable sends on this machine, with other servers beside; or attacks.

    It starts its own servers on free ports with databases of their own, and ends them.
    """
    limit = raise_descriptor_limit()
    given = {
        "idle_connections": connections,
        "fan_out_members": members,
        "rounds": rounds,
        "seconds": seconds,
        "durable_seconds": None if seconds is None else seconds * 2,
        "attack_seconds": seconds,
        "attack_connections": attackers or None,
        "generators": generators or max(1, (os.cpu_count() or 1) - 1),
    }
    scale = msgspec.structs.replace(
        QUICK if quick else Scale(), **{name: value for name, value in given.items() if value is not None}
    )
    scale = msgspec.structs.replace(scale, storm_connections=min(scale.storm_connections, limit // 2))
    if scale.idle_connections > limit - _SPARE_DESCRIPTORS:
        scale = msgspec.structs.replace(scale, idle_connections=limit - _SPARE_DESCRIPTORS)
        click.echo(f"only {scale.idle_connections:,} idle connections: a process may have {limit:,} files", err=True)
    chosen, attack_keys = _chosen(only, quick=quick)
    if attack_keys and not scenarios:
        scenarios = (_LONG_SCENARIO,)
    results = _measure(
        scale,
        chosen,
        scenarios or (_QUICK_SCENARIOS if quick else _USUAL_SCENARIOS),
        attack_keys,
        folder or _default_folder(),
    )
    click.echo(report(results))
    if file is not None:
        file.write_bytes(msgspec.json.format(msgspec.json.encode(results)) + b"\n")
    if any(row.failure for row in results.rows if _ours(row.key)) or results.failures or _not_durable(results):
        raise click.exceptions.Exit(1)


def _measure(
    scale: Scale,
    contestants: Sequence[Contestant],
    scenarios: Sequence[str],
    attack_keys: Sequence[str],
    folder: Path,
) -> Results:
    lab = Lab(scale, folder, lambda line: click.echo(f"… {line}", err=True))
    broken: set[str] = set()
    rows = {one.key: Row(one.key, one.title) for one in contestants}
    begun = datetime.now(UTC).isoformat(timespec="seconds")
    results = Results(__version__, begun, machine(), scale, list(rows.values()))

    def failed(contestant: Contestant, reason: str) -> None:
        rows[contestant.key].failure = reason
        click.echo(f"… {contestant.title}: {reason}", err=True)

    def each(chosen: Iterable[Contestant], measure: Callable[[Contestant], None]) -> None:
        for contestant in chosen:
            try:
                measure(contestant)
            except LabError as failure:
                if isinstance(failure, ServerError):
                    broken.add(contestant.key)
                failed(contestant, str(failure))

    def hello(contestant: Contestant) -> None:
        rows[contestant.key].hello_bytes = lab.hello(contestant)

    def idle(contestant: Contestant) -> None:
        rows[contestant.key].idle = lab.idle(contestant)

    def polling(contestant: Contestant) -> None:
        rows[contestant.key].polling = lab.polling(contestant)

    def able() -> list[Contestant]:
        return [one for one in contestants if one.key not in broken]

    if "hello" in scenarios:
        each((one for one in contestants if one.fields), hello)
    if "idle" in scenarios:
        each(able(), idle)
    if "fan-out" in scenarios:
        for key, found in lab.fan_out(able(), failed).items():
            rows[key].fan_out = found
    if "polling" in scenarios:
        each((one for one in able() if one.polls), polling)
    native = next((one for one in contestants if one.key == "raw"), None)
    if native is not None:
        _of_hubbub(lab, native, scenarios, attack_keys, results)
    return results


def _of_hubbub(
    lab: Lab, contestant: Contestant, scenarios: Sequence[str], attack_keys: Sequence[str], results: Results
) -> None:
    """The scenarios that no other server can be put through."""
    if "durable" in scenarios:
        results.durable = lab.durable(contestant)
    try:
        if "storm" in scenarios:
            results.storm = storm(lab, contestant)
    except LabError as failure:
        results.failures["storm"] = str(failure)
    try:
        if "slow-reader" in scenarios:
            results.slow_reader = slow_reader(lab, contestant)
    except LabError as failure:
        results.failures["slow reader"] = str(failure)
    try:
        if "cluster" in scenarios:
            results.cluster = cluster(lab, contestant)
    except ServerError as failure:
        results.missing["cluster"] = str(failure)
    except LabError as failure:
        results.failures["cluster"] = str(failure)
    if _LONG_SCENARIO in scenarios:
        for outcome in attacks(lab, contestant, attack_keys, lab.scale.attack_connections):
            results.attacks.append(outcome)
            if outcome.failure:
                results.failures[f"attack {outcome.key}"] = outcome.failure


def _chosen(only: str | None, *, quick: bool) -> tuple[Sequence[Contestant], Sequence[str]]:
    """The servers, and the keys of the attacks; none of those: all."""
    wanted = set(() if only is None else only.split(","))
    servers = [one for one in CONTESTANTS if one.key in wanted]
    attack_keys = [key for key in ATTACKS if key in wanted]
    if unknown := sorted(wanted - {one.key for one in servers} - set(attack_keys)):
        raise click.BadParameter(f"there is no {', '.join(unknown)}", param_hint="--only")
    if not servers:
        servers = [one for one in CONTESTANTS if not (quick and one.key in _LEFT_OUT_OF_QUICK)]
    return servers, attack_keys


def _not_durable(results: Results) -> bool:
    return results.durable is not None and bool(results.durable.failure)


def _ours(key: str) -> bool:
    return any(one.ours for one in CONTESTANTS if one.key == key)


def _default_folder() -> Path:
    """A cache: it may be deleted at any time."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "hubbub" / "bench"
