"""The results as a table for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hubbub.bench.attack import table as attack_table

from .goals import goals
from .results import GENERATOR_LIMIT, Results, Row


def report(results: Results) -> str:
    """All of it, ready to print."""
    return "\n".join(
        [
            *_head(results),
            "",
            *_table(results),
            *_polling(results),
            *_durable(results),
            *_troubles(results),
            *_attacks(results),
            *_goals(results),
            *_notes(results),
        ]
    )


def _head(results: Results) -> Iterator[str]:
    machine, scale = results.machine, results.scale
    yield f"Hubbub {results.version}, {results.begun}"
    yield (
        f"{machine.cpus} CPUs ({machine.model}), {machine.memory_gib} GiB, Linux {machine.kernel}, "
        f"Python {machine.python}; texts of {scale.text_bytes} bytes; {scale.generators} generator process(es)"
    )
    yield (
        f"Idle: {scale.idle_connections:,} connections in one room. Fan-out: to {scale.fan_out_members:,} members, "
        f"deliveries per server-CPU-second, median of {scale.rounds}."
    )
    yield "All but the floor deliver room, number, sender, time and text. Hubbub (not its toolkit) also authenticates"
    yield "every connection and stores every message before it delivers it."


def _table(results: Results) -> Iterator[str]:
    if results.attacks and not any(row.idle or row.fan_out or row.hello_bytes for row in results.rows):
        return
    windows = results.scale.windows
    heads = [
        "server",
        "KB/idle conn.",
        "connects/CPU-s",
        *(f"{window} in flight" for window in windows),
        "bytes/delivery",
        "hello world",
    ]
    lines = _aligned([heads, *([row.title, *_cells(row, windows)] for row in results.rows)])
    yield from lines[:2]
    for row, line in zip(results.rows, lines[2:], strict=True):
        yield f"{line}  ({row.failure})" if row.failure else line
    yield ""


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """The first row is the heads, the first column text."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    first, *others = (
        "  ".join(
            cell.rjust(width) if column else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )
    return [first, "  ".join("-" * width for width in widths), *others]


def _cells(row: Row, windows: tuple[int, ...]) -> Iterator[str]:
    yield "–" if row.idle is None else f"{row.idle.rss_bytes_per_connection / 1024:.1f}"
    yield "–" if row.idle is None else _short(row.idle.connects_per_cpu_second)
    for window in windows:
        found = row.at_window(window)
        yield "–" if found is None else _short(found.deliveries_per_cpu_second) + "*" * found.generator_limited
    last = row.at_window(windows[0])
    yield "–" if last is None else f"{last.bytes_per_delivery:.0f}"
    yield "–" if row.hello_bytes is None else str(row.hello_bytes)


def _short(value: float) -> str:
    if value >= 1e6:
        return f"{value / 1e6:.2f}M"
    return f"{value / 1e3:.1f}k" if value >= 1e3 else f"{value:.0f}"


def _polling(results: Results) -> Iterator[str]:
    rows = [row for row in results.rows if row.polling]
    if not rows:
        return
    bursts = results.scale.bursts
    yield (
        f"Long-polling, {rows[0].polling[0].sessions} sessions in one room; polls with messages, and deliveries, per "
        "server-CPU-second:"
    )
    heads = ["server"]
    for burst in bursts:
        heads += [f"polls, {burst} at once", "deliveries", "messages/poll"]
    yield from _aligned([heads, *([row.title, *_polling_cells(row, bursts)] for row in rows)])
    yield ""


def _polling_cells(row: Row, bursts: Sequence[int]) -> Iterator[str]:
    for burst in bursts:
        found = row.at_burst(burst)
        yield "–" if found is None else _short(found.polls_per_cpu_second) + "*" * found.generator_limited
        yield "–" if found is None else _short(found.deliveries_per_cpu_second)
        yield "–" if found is None else f"{found.messages_per_poll:.1f}"


def _durable(results: Results) -> Iterator[str]:
    durable = results.durable
    if durable is None:
        return
    yield f"Durable sends, {durable.connections} connections, {durable.rooms} rooms of {durable.members} members:"
    if (most := durable.saturation) is not None:
        limited = "*" if most.generator_limited else ""
        yield (
            f"  accepted at saturation: {most.accepted_per_second:,.0f}{limited} sends/s, "
            f"{_short(most.deliveries_per_second)} deliveries/s "
            f"(server {most.server_load:.0%} CPU, generator {most.generator_load:.0%})"
        )
    if (paced := durable.paced) is not None:
        yield (
            f"  at {paced.intended_per_second:,.0f} sends/s: reply p50 {paced.reply_p50_ms:.2f} ms, "
            f"p99 {paced.reply_p99_ms:.2f} ms (accepted {paced.accepted_per_second:,.0f}/s, "
            f"generator late by {paced.late_p99_ms:.2f} ms at p99)"
        )
    if durable.failure:
        yield f"  failed: {durable.failure}"
    yield ""


def _troubles(results: Results) -> Iterator[str]:
    if (storm := results.storm) is not None:
        yield f"Storm: {storm.connections:,} connections killed at once, and back with their cursors:"
        yield (
            f"  all resumed after {storm.resumed_seconds:.1f} s, {_short(storm.resumed_per_cpu_second)} per "
            f"server-CPU-second; delivery to {storm.others} others meanwhile: p50 {storm.others_p50_ms:.1f} ms, "
            f"p99 {storm.others_p99_ms:.1f} ms (generator late by {storm.others_late_p99_ms:.1f} ms at p99)"
        )
        yield ""
    if (slow := results.slow_reader) is not None:
        yield f"Slow reader: one stops reading for {slow.seconds:.0f} s at {slow.messages_per_second:,.0f} messages/s:"
        yield (
            f"  the server grew by {slow.grown_bytes / 2**20:.2f} MiB; before, in the same time, by "
            f"{slow.grown_before_bytes / 2**20:.2f} MiB ({slow.unread_bytes / 2**20:.1f} MiB unread, "
            f"set aside {slow.lagging} times)"
        )
        yield ""
    if (nodes := results.cluster) is not None:
        limited = "*" if nodes.generator_load > GENERATOR_LIMIT else ""
        yield f"Two nodes, PostgreSQL, a bus: {nodes.accepted_per_second:,.0f}{limited} durable sends/s at saturation"
        yield (
            f"  delivery across at {nodes.across_per_second:,.0f} sends/s: p50 {nodes.across_p50_ms:.1f} ms, "
            f"p99 {nodes.across_p99_ms:.1f} ms (generator late by {nodes.across_late_p99_ms:.1f} ms at p99)"
        )
        for across in nodes.fan_out:
            yield (
                f"  fan-out with {across.window} in flight, deliveries/CPU-s: {_short(across.one_node)} on one node, "
                f"{_short(across.two_nodes)} on two"
            )
        yield ""
    for name, reason in results.missing.items():
        yield f"{name}: not measured: {reason}"
    for name, reason in results.failures.items():
        yield f"{name}: failed: {reason}"


def _attacks(results: Results) -> Iterator[str]:
    if not results.attacks:
        return
    yield from attack_table.legend(results.attacks)
    yield from _aligned([attack_table.HEADS, *map(attack_table.cells, results.attacks)])
    yield from attack_table.remarks(results.attacks)
    yield ""


def _goals(results: Results) -> Iterator[str]:
    found = list(goals(results))
    if found:
        yield "Goals, in this run:"
        yield from (f"  {goal}" for goal in found)


def _notes(results: Results) -> Iterator[str]:
    limited = any(found.generator_limited for row in results.rows for found in row.fan_out) or any(
        found.generator_limited for row in results.rows for found in row.polling
    )
    durable = results.durable
    if limited or (durable is not None and durable.saturation is not None and durable.saturation.generator_limited):
        yield ""
        yield "* The generator was busy more than 90 % of the time: the server may have been able to do more."
