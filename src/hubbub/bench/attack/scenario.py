"""The scenario: each attack on a server of its own, quiet before, quiet after."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack

from hubbub.bench.board import GeneratorError
from hubbub.bench.contestants import Contestant
from hubbub.bench.lab import Lab, LabError
from hubbub.bench.machine import busy_seconds, cpu_seconds, rss_bytes

from .catalog import ATTACKS
from .experience import Phase
from .outcome import Memory, Outcome, added, noticed
from .people import ATTACKER_ADDRESS, NAMES, PASSWORD, PIT, ROOMS
from .processes import attack_process, cores, decode_assault, decode_experiences, on, users_process
from .script import Attack
from .table import cells

_LOOK_SECONDS = 0.05
_ANSWER_SECONDS = 30.0
_HISTORY = ["A page of a room's history is as long as people make it. " * 8] * 200


def attacks(
    lab: Lab, contestant: Contestant, keys: Sequence[str] = (), counts: Sequence[int] = ()
) -> Iterator[Outcome]:
    """Each attack, with each number of connections. One that can't be measured says why.

    Args:
        keys: only these; all when empty.
        counts: connections, instead of the attacks' own.
    """
    for key in keys or ATTACKS:
        attack = ATTACKS[key]
        for connections in counts or attack.connections:
            lab.progress(f"attack {key}, {connections} connection{'s' * (connections > 1)}")
            try:
                outcome = _attacked(lab, contestant, attack, connections)
            except LabError as failure:
                outcome = Outcome(attack.key, attack.title, connections, failure=str(failure))
            lab.progress("  ".join(cells(outcome)))
            yield outcome


def _attacked(lab: Lab, contestant: Contestant, attack: Attack, connections: int) -> Outcome:
    scale = lab.scale
    servers, generators = cores()
    with ExitStack() as stack:
        with on(servers):
            kept = lab.server(contestant, NAMES, ROOMS, *attack.arguments, said={PIT: _HISTORY}, password=PASSWORD)
            server = stack.enter_context(kept)
        stack.enter_context(on(generators))
        users = stack.enter_context(users_process(server.address, server.pid, asks_password=attack.asks_password))
        attacker = stack.enter_context(
            attack_process(server.address, ATTACKER_ADDRESS, attack.key, connections, scale.attack_seconds)
        )
        users.hear(_ANSWER_SECONDS)
        attacker.hear(_ANSWER_SECONDS)
        time.sleep(scale.warm_up_seconds)
        users.tell(Phase.QUIET)
        time.sleep(scale.quiet_seconds)
        logged = server.log_bytes
        before, begin = rss_bytes(server.pid), _Work(server.pid, users.pid)
        users.tell(Phase.ATTACK)
        attacker.tell(Phase.ATTACK)
        peak = _peak(server.pid, scale.attack_seconds)
        work = _Work(server.pid, users.pid)
        users.tell(Phase.AFTER)
        attacker.tell(Phase.OVER)
        peak = max(peak, _peak(server.pid, scale.recovery_seconds))
        after = rss_bytes(server.pid)
        if not after:
            raise GeneratorError("the server has ended")
        logged = server.log_bytes - logged
        users.tell(Phase.OVER)
        found = decode_experiences(users.hear(_ANSWER_SECONDS))
        assault = decode_assault(attacker.hear(_ANSWER_SECONDS))
    quiet, attacked, later = (found[phase] for phase in (Phase.QUIET, Phase.ATTACK, Phase.AFTER))
    if not quiet.replies:
        raise GeneratorError("nobody got a reply before the attack")
    return Outcome(
        key=attack.key,
        title=attack.title,
        connections=connections,
        seconds=scale.attack_seconds,
        quiet=noticed(quiet),
        attacked=noticed(attacked),
        memory=Memory(before, max(before, peak), after),
        assault=assault,
        logged_bytes=logged,
        server_load=(work.server - begin.server) / (work.at - begin.at),
        others_load=max(0.0, (work.others - begin.others) / (work.at - begin.at) - assault.load),
        failures=added(attacked.failures, later.failures),
        beside_failures=added(attacked.beside_failures, later.beside_failures),
        newcomer_failures=added(attacked.newcomer_failures, later.newcomer_failures),
        sign_in_failures=added(attacked.sign_in_failures, later.sign_in_failures),
    )


class _Work:
    """CPU seconds up to now: of the server, and of everybody who is neither the server nor the ordinary users."""

    def __init__(self, server: int, users: int) -> None:
        self.at = time.monotonic()
        self.server = cpu_seconds(server)
        self.others = busy_seconds() - self.server - cpu_seconds(users)


def _peak(pid: int, seconds: float) -> int:
    """The most resident memory that was seen in this time."""
    end, most = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        most = max(most, rss_bytes(pid))
        time.sleep(_LOOK_SECONDS)
    return most
