"""The attack table for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from .outcome import GROWTH_BYTES, SLOWER_MS, SLOWER_TIMES, Latency, Outcome

_LOGGED_BYTES = 100_000  # less is not worth a word
HEADS = (
    "attack",
    "conn.",
    "send quiet",
    "send attacked",
    "work quiet",
    "work attacked",
    "received",
    "same address",
    "newcomer",
    "sign-in",
    "RSS MB",
    "server",
    "verdict",
)


def cells(outcome: Outcome) -> Sequence[str]:
    """A row, one text for each of `HEADS`."""
    count = f"{outcome.connections:,}" + "*" * outcome.generator_limited + "†" * outcome.disturbed
    if outcome.quiet is None or outcome.attacked is None:
        return (outcome.title, count, *["–"] * (len(HEADS) - 3), f"not measured: {outcome.failure}")
    attacked, memory = outcome.attacked, outcome.memory
    return (
        outcome.title,
        count,
        _latency(outcome.quiet.replies),
        _latency(attacked.replies),
        _latency(outcome.quiet.work),
        _latency(attacked.work),
        _latency(attacked.received),
        _latency(attacked.beside),
        _most(attacked.arrivals),
        _most(attacked.sign_ins),
        "/".join(f"{size / 1e6:.0f}" for size in (memory.before_bytes, memory.peak_bytes, memory.after_bytes)),
        f"{outcome.server_load:.0%}",
        "held" if outcome.held else ", ".join(outcome.faults()),
    )


def remarks(outcomes: Sequence[Outcome]) -> Iterator[str]:
    """Below the table: what was done to the attackers, and what failed for others."""
    for outcome in outcomes:
        if not outcome.failure:
            yield f"  {outcome.key} ×{outcome.connections}: {'; '.join(_remarks(outcome))}"


def legend(outcomes: Sequence[Outcome]) -> Iterator[str]:
    """What the columns are."""
    first = outcomes[0]
    yield (
        f"Attacks of {first.seconds:g} s, a server of its own for each. p50/p99 in ms of ordinary users' sends, from "
        "their intended times,"
    )
    yield (
        "at other addresses but for one column; p50/most of newcomers and of a sign-in by password; RSS before, at the "
        "peak, after. Work: the server's CPU time between a send and its reply."
    )
    yield (
        f"Held: p99 at most {SLOWER_TIMES} times the quiet one + {SLOWER_MS:g} ms, at most {GROWTH_BYTES / 1e6:g} MB "
        "more, given back, nothing failed."
    )
    if any(outcome.generator_limited for outcome in outcomes):
        yield "* The attacker was busy more than 90 % of the time and the server was not: it may get worse."
    if any(outcome.disturbed for outcome in outcomes):
        yield "† Something else used the machine, and all waited for it: judged by the work, not by the time."


def _latency(found: Latency) -> str:
    return f"{_ms(found.p50_ms)}/{_ms(found.p99_ms)}" if found.count else "–"


def _most(found: Latency) -> str:
    return f"{_ms(found.p50_ms)}/{_ms(found.most_ms)}" if found.count else "–"


def _ms(value: float) -> str:
    return f"{value:.1f}" if value < 100 else f"{value:,.0f}"


def _remarks(outcome: Outcome) -> Iterator[str]:
    assault = outcome.assault
    yield f"{assault.opened:,} opened, {assault.sent_bytes / 1e6:,.1f} MB sent, busy {assault.load:.0%}"
    yield f"cut: {_counts(assault.cut)}" if assault.cut else "never cut"
    if assault.answers:
        yield f"answers: {_counts(assault.answers)}"
    if assault.refusals:
        yield f"{assault.refusals:,} refused as rate_limited"
    if outcome.logged_bytes > _LOGGED_BYTES:
        yield f"log {outcome.logged_bytes / 1e6:.1f} MB"
    for who, failures in (
        ("users", outcome.failures),
        ("same address", outcome.beside_failures),
        ("newcomers", outcome.newcomer_failures),
        ("sign-in", outcome.sign_in_failures),
    ):
        if failures:
            yield f"FAILED {who}: {_counts(failures)}"


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{what} ×{count:,}" for what, count in sorted(counts.items()))
