"""What ordinary users noticed, phase by phase."""

from __future__ import annotations

from msgspec import Struct


class Phase:
    """Of one attack, in this order."""

    WARM_UP, QUIET, ATTACK, AFTER, OVER = range(5)


class Experience(Struct):
    """One phase. Times in nanoseconds, from the time at which something was to be done.

    A send without a reply at the end is in `replies` with the time that it had waited by then, and among the failures.

    Attributes:
        replies: of the users of other addresses: from a send to its reply.
        received: from a send to its arrival at another one.
        work: CPU time of the server between a send and its reply: what it did before. However busy the
            machine is with other things, they are no part of it.
        beside: as `replies`, of the one who shares the attacker's address.
        arrivals: of newcomers: from connecting to having joined the room.
        sign_ins: by password, of the one whose name is attacked.
        late: how late this process itself was.
        failures: of users of other addresses, by what went wrong.
        beside_failures, newcomer_failures, sign_in_failures: the same of those.
    """

    replies: list[int] = []
    received: list[int] = []
    work: list[int] = []
    beside: list[int] = []
    arrivals: list[int] = []
    sign_ins: list[int] = []
    late: list[int] = []
    failures: dict[str, int] = {}
    beside_failures: dict[str, int] = {}
    newcomer_failures: dict[str, int] = {}
    sign_in_failures: dict[str, int] = {}


def note(failures: dict[str, int], what: str) -> None:
    failures[what] = failures.get(what, 0) + 1
