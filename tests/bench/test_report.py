"""The table and the JSON file say what was found, and what was not."""

from __future__ import annotations

import msgspec

from hubbub.bench.load import Window
from hubbub.bench.machine import Machine
from hubbub.bench.plan import Tally
from hubbub.bench.report import report
from hubbub.bench.results import (
    Across,
    Cluster,
    Durable,
    FanOut,
    IdleCost,
    Paced,
    Polling,
    Results,
    Row,
    Saturation,
    SlowReader,
    Storm,
    fan_out,
    percentile_ms,
)
from hubbub.bench.scale import Scale


def measured(window: int, per_cpu_second: float, *, generator_load: float = 0.5) -> FanOut:
    return FanOut(
        window=window,
        members=1_000,
        deliveries_per_cpu_second=per_cpu_second,
        rounds=[per_cpu_second],
        deliveries_per_second=1.0,
        bytes_per_delivery=158.0,
        latency_p50_ms=1.0,
        latency_p99_ms=2.0,
        server_load=1.0,
        generator_load=generator_load,
    )


def idle(bytes_each: float) -> IdleCost:
    return IdleCost(19_000, bytes_each, 5_000.0, 4_000.0)


def example() -> Results:
    rows = [
        Row("floor", "C floor", idle(0.0), [measured(1, 160_000.0), measured(32, 3_100_000.0)]),
        Row("raw", "Hubbub, raw WebSocket", idle(2_048.0), [measured(1, 152_000.0), measured(32, 4_000_000.0)], 100),
        Row("socketio", "Hubbub, Socket.IO", idle(2_458.0), [measured(32, 3_800_000.0, generator_load=0.97)]),
        Row("msgpack", "Hubbub, MessagePack", hello_bytes=49),
        Row("node-socketio", "Socket.IO on Node.js", idle(6_145.0)),
        Row("python-socketio", "python-socketio on uvicorn", fan_out=[measured(32, 500_000.0)]),
        Row("ws", "ws on Node.js", failure="there is no Node.js"),
    ]
    rows[2].polling = [
        Polling(500, 1, 3_500.0, 3_500.0, 1.0, 0.5),
        Polling(500, 64, 3_000.0, 48_000.0, 1.0, 0.95),
    ]
    durable = Durable(
        200, 50, 20, Saturation(3_200, 42_000.0, 840_000.0, 1.3, 0.6), Paced(2_000.0, 2_000.0, 1.25, 4.5, 0.2, 0.3, 0.2)
    )
    machine = Machine(2, "A CPU", 23.5, "6.1", "3.11.7", 20_000)
    return Results("0.1.0", "2026-01-01T00:00:00+00:00", machine, Scale(), rows, durable)


def test_the_table_shows_each_server_and_why_figures_are_missing() -> None:
    lines = report(example()).splitlines()
    raw = next(line for line in lines if line.startswith("Hubbub, raw WebSocket"))
    assert raw.split()[-6:] == ["2.0", "5.0k", "152.0k", "4.00M", "158", "100"]
    ws = next(line for line in lines if line.startswith("ws on Node.js"))
    assert ws.endswith("(there is no Node.js)")
    assert "2 CPUs (A CPU), 23.5 GiB, Linux 6.1, Python 3.11.7" in lines[1]


def test_the_goals_are_shown_with_their_verdicts() -> None:
    lines = report(example()).splitlines()
    assert "  native JSON, KB an idle connection: 2.00 (at most 3: reached)" in lines
    assert "  Socket.IO to native JSON, memory of an idle connection: 1.20 (at most 1.25: reached)" in lines
    assert "  native JSON to C floor, deliveries/CPU-s with 1 in flight: 0.95 (at least 0.85: reached)" in lines
    assert "  Socket.IO to native JSON, deliveries/CPU-s with 32 in flight: 0.95 (at least 0.9: reached)" in lines
    assert "  Socket.IO to python-socketio, deliveries/CPU-s with 32 in flight: 7.60 (at least 8: NOT reached)" in lines
    assert "  Socket.IO to Socket.IO on Node.js, memory of an idle connection: 0.40 (at most 0.4: reached)" in lines
    assert '  MessagePack, bytes of a delivered "hello world": 49 (at most 48: NOT reached)' in lines
    assert "  Long-polling, polls/s a core: 3,500 (at least 3,000: reached)" in lines


def test_polling_has_a_table_of_its_own() -> None:
    lines = report(example()).splitlines()
    head = next(number for number, line in enumerate(lines) if line.startswith("Long-polling, 500 sessions"))
    assert lines[head + 3].split() == ["Hubbub,", "Socket.IO", "3.5k", "3.5k", "1.0", "3.0k*", "48.0k", "16.0"]


def test_a_generator_that_was_the_limit_is_named() -> None:
    text = report(example())
    assert "3.80M*" in text
    assert "* The generator was busy" in text
    quiet = example()
    quiet.rows[2].fan_out = []
    quiet.rows[2].polling = []
    assert "*" not in report(quiet)


def test_durable_sends_are_shown() -> None:
    text = report(example())
    assert "accepted at saturation: 42,000 sends/s" in text
    assert "at 2,000 sends/s: reply p50 1.25 ms, p99 4.50 ms" in text


def test_troubles_are_shown_with_their_goals() -> None:
    results = example()
    results.storm = Storm(10_000, 4.25, 2_400.0, 50, 9_000, 20.0, 260.0, 1.0)
    results.slow_reader = SlowReader(1_000.0, 10.0, 200_000, 700_000, 10_000_000, 1)
    results.failures = {"storm": "it broke"}
    results.missing = {"cluster": "there is no PostgreSQL"}
    lines = report(results).splitlines()
    assert "Storm: 10,000 connections killed at once, and back with their cursors:" in lines
    assert "  Storm of 10,000, seconds until all are back: 4.25 (at most 10: reached)" in lines
    assert "  Storm, p99 of delivery to others, ms: 260 (at most 250: NOT reached)" in lines
    assert "  Slow reader, MB of the server's memory: 0.50 (at most 2: reached)" in lines
    assert "storm: failed: it broke" in lines
    assert "cluster: not measured: there is no PostgreSQL" in lines


def test_two_nodes_are_shown_with_their_goals() -> None:
    results = example()
    costs = [Across(1, 100_000.0, 80_000.0), Across(32, 2_000_000.0, 1_200_000.0)]
    results.cluster = Cluster(6_000.0, 0.95, 500.0, 4.0, 26.0, 0.5, costs)
    lines = report(results).splitlines()
    assert "Two nodes, PostgreSQL, a bus: 6,000* durable sends/s at saturation" in lines
    assert "  fan-out with 32 in flight, deliveries/CPU-s: 2.00M on one node, 1.20M on two" in lines
    assert "  Two nodes, durable sends/s: 6,000 (at least 5,000: reached)" in lines
    assert "  Two nodes, p99 of delivery across, ms: 26.0 (at most 25: NOT reached)" in lines
    assert "  Two nodes to one, deliveries/CPU-s with 1 in flight: 0.80 (at least 0.7: reached)" in lines
    assert "  Two nodes to one, deliveries/CPU-s with 32 in flight: 0.60 (at least 0.7: NOT reached)" in lines


def test_a_silent_reader_costs_nothing_less_than_nothing() -> None:
    assert SlowReader(1_000.0, 10.0, 900_000, 700_000, 10_000_000, 1).cost_bytes == 0
    assert SlowReader(1_000.0, 10.0, -900_000, 700_000, 10_000_000, 1).cost_bytes == 700_000


def test_what_was_not_measured_is_no_zero() -> None:
    results = example()
    results.rows = [Row("raw", "Hubbub, raw WebSocket")]
    results.durable = Durable(200, 50, 20, failure="it broke")
    text = report(results)
    assert text.count("–") == 6
    assert "Goals" not in text
    assert "failed: it broke" in text


def test_the_json_file_reads_back() -> None:
    results = example()
    assert msgspec.json.decode(msgspec.json.encode(results), type=Results) == results


def test_rounds_become_medians() -> None:
    def window(deliveries: int) -> Window:
        return Window(2.0, 1.0, 0.5, deliveries, deliveries, deliveries * 66, 10, 0)

    rounds = [(window(count), Tally([1_000_000, 3_000_000], [], [])) for count in (100, 900, 200)]
    found = fan_out(1, 1_000, rounds)
    assert found.deliveries_per_cpu_second == 200.0
    assert found.rounds == [100.0, 900.0, 200.0]
    assert found.deliveries_per_second == 100.0
    assert found.bytes_per_delivery == 66.0
    assert (found.latency_p50_ms, found.latency_p99_ms) == (3.0, 3.0)


def test_percentiles() -> None:
    samples = [number * 1_000_000 for number in range(100)]
    assert (percentile_ms(samples, 0.5), percentile_ms(samples, 0.99), percentile_ms([], 0.5)) == (50.0, 99.0, 0.0)
