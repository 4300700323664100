"""Verdicts, and the table that shows them."""

from __future__ import annotations

import msgspec

from hubbub.bench.attack.attacker import Assault
from hubbub.bench.attack.outcome import Latency, Memory, Noticed, Outcome, added, latency
from hubbub.bench.attack.table import HEADS, cells, legend, remarks

NONE = Latency(0, 0.0, 0.0, 0.0)
WORK = Latency(100, 0.2, 0.3, 0.4)
QUIET = Noticed(
    Latency(100, 1.0, 2.0, 3.0), Latency(100, 1.5, 2.5, 3.0), WORK, NONE, Latency(5, 4.0, 6.0, 6.0), NONE, 0.1
)


def outcome(
    p99_ms: float = 20.0,
    *,
    peak: int = 100_000_000,
    after: int = 60_000_000,
    assault: Assault | None = None,
    server_load: float = 1.0,
    others_load: float = 0.0,
    work_p99_ms: float = 9.0,
) -> Outcome:
    return Outcome(
        "ping",
        "pings",
        20,
        10.0,
        quiet=QUIET,
        attacked=Noticed(
            Latency(100, 2.0, p99_ms, 30.0), NONE, Latency(100, 1.0, work_p99_ms, 40.0), NONE, NONE, NONE, 0.1
        ),
        memory=Memory(50_000_000, peak, after),
        assault=assault or Assault(opened=20, sent_bytes=5_000_000, load=0.5),
        server_load=server_load,
        others_load=others_load,
    )


def test_an_attack_is_held_up_to_five_times_the_quiet_p99_and_ten_milliseconds() -> None:
    assert outcome(20.0).held
    assert list(outcome(20.1).faults()) == ["slow"]


def test_on_a_disturbed_machine_the_work_decides() -> None:
    assert outcome(500.0, others_load=0.8, work_p99_ms=11.5).held
    assert list(outcome(20.0, others_load=0.8, work_p99_ms=11.6).faults()) == ["slow"]
    assert outcome(20.0, work_p99_ms=50.0).held


def test_memory_may_grow_by_100_mb_and_must_come_back() -> None:
    assert outcome(peak=150_000_000).held
    assert list(outcome(peak=150_000_001).faults()) == ["memory"]
    assert list(outcome(after=80_000_001).faults()) == ["kept"]


def test_whatever_failed_for_ordinary_users_is_a_fault() -> None:
    found = msgspec.structs.replace(
        outcome(), failures={"unanswered": 1}, newcomer_failures={"no answer": 2}, sign_in_failures={"HTTP/1.1 429": 3}
    )
    assert list(found.faults()) == ["failures", "newcomers", "locked-out"]
    beside = msgspec.structs.replace(outcome(), beside_failures={"rate_limited": 1})
    assert beside.held


def test_a_row_shows_before_during_and_after() -> None:
    row = dict(zip(HEADS, cells(outcome(25.0)), strict=True))
    assert row == {
        "attack": "pings",
        "conn.": "20",
        "send quiet": "1.0/2.0",
        "send attacked": "2.0/25.0",
        "work quiet": "0.2/0.3",
        "work attacked": "1.0/9.0",
        "received": "–",
        "same address": "–",
        "newcomer": "–",
        "sign-in": "–",
        "RSS MB": "50/100/60",
        "server": "100%",
        "verdict": "slow",
    }
    assert cells(outcome())[-1] == "held"


def test_a_row_without_figures_says_why() -> None:
    row = cells(Outcome("ping", "pings", 20, failure="it broke"))
    assert len(row) == len(HEADS)
    assert row[-1] == "not measured: it broke"


def test_what_limited_the_measurement_is_marked_and_explained() -> None:
    busy = outcome(assault=Assault(load=0.97), server_load=0.5)
    disturbed = outcome(others_load=0.8)
    assert cells(busy)[1] == "20*"
    assert cells(disturbed)[1] == "20†"
    text = "\n".join(legend([busy, disturbed]))
    assert "* The attacker was busy" in text
    assert "† Something else" in text
    assert "*" not in "\n".join(legend([outcome()]))


def test_below_the_table_stands_what_was_done_to_the_attacker() -> None:
    assault = Assault(20, 5_000_000, {"4003": 19, "Broken pipe": 1}, {"429": 7}, 12, 0.5)
    found = msgspec.structs.replace(outcome(assault=assault), failures={"unanswered": 2})
    [remark] = remarks([found, Outcome("ping", "pings", 1, failure="it broke")])
    assert remark == (
        "  ping ×20: 20 opened, 5.0 MB sent, busy 50%; cut: 4003 ×19, Broken pipe ×1; answers: 429 ×7; "
        "12 refused as rate_limited; FAILED users: unanswered ×2"
    )
    assert "never cut" in next(remarks([outcome()]))


def test_latencies_are_sorted_into_percentiles() -> None:
    found = latency([number * 1_000_000 for number in reversed(range(100))])
    assert found == Latency(100, 50.0, 99.0, 99.0)
    assert latency([]) == NONE


def test_counts_are_added() -> None:
    assert added({"a": 1, "b": 2}, {"b": 3}) == {"a": 1, "b": 5}
