"""The outcome of a run for people."""

from __future__ import annotations

from collections.abc import Sequence

from .plan import Plan
from .run import Outcome


def report(outcome: Outcome) -> str:
    """What was done, how to do it again, what came of it."""
    verdict = outcome.verdict
    counts = [(str(fault), f"{count:,}") for fault, count in verdict.counts.items()]
    blocks = [
        _did(outcome.plan, outcome.seconds),
        _table([("acknowledged", f"{verdict.acknowledged:,}"), ("never answered", f"{verdict.unknown:,}"), *counts]),
        _table(
            [
                ("wire", "clients", "connections", "broken off", "entries shown", "longest silence"),
                *(
                    (
                        str(wire),
                        str(one.clients),
                        f"{one.connections:,}",
                        f"{one.dropped:,}",
                        f"{one.shown:,}",
                        f"{one.silence_seconds:.2f} s",
                    )
                    for wire, one in outcome.wires.items()
                ),
            ]
        ),
    ]
    if verdict.findings:
        blocks.append("\n".join(str(finding) for finding in verdict.findings))
    if not outcome.settled:
        blocks.append(f"Not everybody had everything within {outcome.plan.settle_seconds:g} s after the last message.")
    blocks.append(_sentence(outcome))
    return "\n\n".join(blocks)


def _did(plan: Plan, seconds: float) -> str:
    lines = [
        f"{plan.senders} senders and {plan.readers} readers over {', '.join(plan.wires)}",
        f"at {', '.join(plan.urls)}",
        (
            f"{plan.rate:g} messages/s for {plan.seconds:g} s in {plan.rooms} rooms; {seconds:.1f} s in all; "
            f"seed {plan.seed}"
        ),
    ]
    if plan.drop_every_seconds:
        how = "left hanging" if plan.half_open else "broken off"
        who = "all connections at once" if plan.together else "each connection"
        lines.append(f"{who} {how} about every {plan.drop_every_seconds:g} s")
    if plan.silent_readers:
        lines.append(f"{plan.silent_readers} readers that read nothing until the senders had ended")
    return "\n".join(lines)


def _sentence(outcome: Outcome) -> str:
    verdict = outcome.verdict
    if verdict.kept:
        return f"Kept: {verdict.acknowledged:,} acknowledged messages, each shown once and in order to every reader."
    if not verdict.acknowledged:
        return "Nothing was acknowledged, so nothing is proven."
    return f"BROKEN: {sum(verdict.counts.values()):,} violations."


def _table(rows: Sequence[Sequence[str]]) -> str:
    """Columns of equal width, the first one to the left and numbers to the right."""
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if place == 0 else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    )
