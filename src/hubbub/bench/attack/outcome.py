"""What an attack came to: figures for the JSON file, and the verdict."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct, field

from .attacker import Assault
from .experience import Experience

SLOWER_TIMES, SLOWER_MS = 5, 10.0
"""The p99 of ordinary users' sends may be so many times its quiet value, and so much more."""
GROWTH_BYTES = 100_000_000
"""So much may the server's resident memory grow at most."""
KEPT_BYTES = 30_000_000
"""So much may be left of it at the end: what the second password thread works with, pages that were not given back."""
_BUSY = 0.9
_DISTURBING = 0.25


class Latency(Struct, frozen=True):
    """Of `count` samples, in milliseconds; 0 of none."""

    count: int
    p50_ms: float
    p99_ms: float
    most_ms: float


class Memory(Struct, frozen=True):
    """Resident bytes of the server: before the attack, at the peak, and some time after its end."""

    before_bytes: int
    peak_bytes: int
    after_bytes: int


class Noticed(Struct, frozen=True):
    """What ordinary users noticed in one phase (see `Experience`)."""

    replies: Latency
    received: Latency
    work: Latency
    beside: Latency
    arrivals: Latency
    sign_ins: Latency
    late_p99_ms: float


class Outcome(Struct, frozen=True):
    """One row.

    Attributes:
        connections: the attacker's.
        seconds: of the attack.
        logged_bytes: what the server has written into its log because of it.
        server_load: CPU of the server during the attack, as a fraction of the time.
        others_load: CPU that was used by nobody of ours meanwhile, in CPUs.
        failures, beside_failures, newcomer_failures, sign_in_failures: during the attack and after it, by what went
            wrong, of ordinary users, the one behind the attacker's address, newcomers, and the one who signs in.
        failure: why nothing was measured.
    """

    key: str
    title: str
    connections: int
    seconds: float = 0.0
    quiet: Noticed | None = None
    attacked: Noticed | None = None
    memory: Memory = Memory(0, 0, 0)
    assault: Assault = field(default_factory=Assault)
    logged_bytes: int = 0
    server_load: float = 0.0
    others_load: float = 0.0
    failures: dict[str, int] = {}
    beside_failures: dict[str, int] = {}
    newcomer_failures: dict[str, int] = {}
    sign_in_failures: dict[str, int] = {}
    failure: str = ""

    @property
    def generator_limited(self) -> bool:
        """The attacker's process was the limit: the server had time left."""
        return self.assault.load > _BUSY > self.server_load

    @property
    def disturbed(self) -> bool:
        """Something else used the machine: server and users waited for it, too."""
        return self.others_load > _DISTURBING

    @property
    def slower(self) -> bool:
        """The p99 of ordinary users' sends is above what is allowed; on a disturbed machine that of the work."""
        if self.quiet is None or self.attacked is None:
            return False
        before, under = (
            (found.work if self.disturbed else found.replies).p99_ms for found in (self.quiet, self.attacked)
        )
        return under > SLOWER_TIMES * before + SLOWER_MS

    def faults(self) -> Iterator[str]:
        """What is not as it should be, in single words."""
        if self.failure or self.attacked is None:
            yield "unmeasured"
            return
        if self.slower:
            yield "slow"
        if self.failures:
            yield "failures"
        if self.newcomer_failures:
            yield "newcomers"
        if self.sign_in_failures:
            yield "locked-out"
        if self.memory.peak_bytes - self.memory.before_bytes > GROWTH_BYTES:
            yield "memory"
        if self.memory.after_bytes - self.memory.before_bytes > KEPT_BYTES:
            yield "kept"

    @property
    def held(self) -> bool:
        return not any(self.faults())


def noticed(experience: Experience) -> Noticed:
    return Noticed(
        replies=latency(experience.replies),
        received=latency(experience.received),
        work=latency(experience.work),
        beside=latency(experience.beside),
        arrivals=latency(experience.arrivals),
        sign_ins=latency(experience.sign_ins),
        late_p99_ms=latency(experience.late).p99_ms,
    )


def latency(samples: Sequence[int]) -> Latency:
    """Of nanoseconds."""
    if not samples:
        return Latency(0, 0.0, 0.0, 0.0)
    ordered = sorted(samples)
    middle, high = ordered[len(ordered) // 2], ordered[min(len(ordered) - 1, int(0.99 * len(ordered)))]
    return Latency(len(ordered), middle / 1e6, high / 1e6, ordered[-1] / 1e6)


def added(first: dict[str, int], second: dict[str, int]) -> dict[str, int]:
    """Counts of both."""
    return {what: first.get(what, 0) + second.get(what, 0) for what in (*first, *second)}
