"""What recovery remembers, and for how long: with a clock of the test's own."""

from __future__ import annotations

from typing import Any

import pytest

from hubbub.realtime import RecoverySettings
from hubbub.toolkit.emission import Emission
from hubbub.toolkit.recovery import Absent, Recovery

PROOF = 10.0


class Clock:
    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


class Memory:
    """A recovery with one socket that goes away."""

    def __init__(self, **bounds: Any) -> None:
        self.clock = Clock()
        bounds = {"seconds": 60.0, **bounds}
        self.recovery = Recovery(RecoverySettings(**bounds), self.clock, PROOF)

    def emit(self, *args: Any, rooms: tuple[str, ...] = (), excluded: tuple[str, ...] = (), of: str = "/") -> str:
        """Its offset."""
        offset = self.recovery.next_offset()
        self.recovery.remember(of, Emission("n", args, namespace=of, offset=offset), rooms, excluded)
        return offset

    def leave(self, pid: str = "pid", *rooms: str, since: int = 0, of: str = "/") -> None:
        self.recovery.leave(pid, Absent(of, "id", frozenset({"id", *rooms}), {"k": "v"}, since))

    def missed(self, offset: object = None, pid: object = "pid", of: str = "/") -> list[Any] | None:
        """The first arguments of what a client missed; None: it is a new one."""
        found = self.recovery.restore(pid, offset, of)
        return None if found is None else [one.map()["args"][0] for one in found[1]]


def test_exactly_what_was_missed() -> None:
    memory = Memory()
    memory.emit("long ago")
    seen = memory.emit("seen")
    memory.emit("on its way when the line broke")
    memory.leave("pid", "red")
    memory.emit("all")
    memory.emit("red", rooms=("red",))
    memory.emit("blue", rooms=("blue",))
    memory.emit("red or blue", rooms=("blue", "red"))
    memory.emit("own", rooms=("id",))
    memory.emit("not red", excluded=("red",))
    memory.emit("not it", excluded=("id",))
    memory.emit("elsewhere", of="/other")
    assert memory.missed(seen) == ["on its way when the line broke", "all", "red", "red or blue", "own"]
    assert memory.missed(seen) is None  # once


def test_a_client_that_had_seen_nothing_gets_all_since_it_connected() -> None:
    memory = Memory()
    memory.emit("before")
    since = memory.recovery.number
    memory.emit(1)
    memory.leave(since=since)
    memory.emit(2)
    assert memory.missed(None) == [1, 2]


def test_an_offset_from_before_it_connected_does_not_bring_older_events() -> None:
    memory = Memory()
    old = memory.emit("of an earlier socket")
    memory.emit("between")
    memory.leave(since=memory.recovery.number)
    memory.emit("missed")
    assert memory.missed(old) == ["missed"]


@pytest.mark.parametrize("offset", ["zz.5", "5", "", 7, None, ["x"], "other.1f", "\ud800", "NAME.zz"])
def test_an_offset_of_another_log_is_none(offset: object) -> None:
    memory = Memory()
    memory.leave()
    memory.emit("missed")
    if isinstance(offset, str):
        offset = offset.replace("NAME", memory.recovery.offset.partition(".")[0])
    assert memory.missed(offset) == ["missed"]


def test_an_offset_that_has_not_been_given_out_is_not_believed() -> None:
    memory = Memory()
    name = memory.emit(1).partition(".")[0]
    memory.leave()
    assert memory.missed(f"{name}.99") is None


@pytest.mark.parametrize("pid", ["other", None, 5, ["pid"], {"pid": "pid"}])
def test_an_unknown_secret_recovers_nobody(pid: object) -> None:
    memory = Memory()
    memory.leave()
    assert memory.missed(None, pid) is None


def test_a_secret_is_good_in_its_own_namespace_only() -> None:
    memory = Memory()
    memory.leave(of="/admin")
    assert memory.missed(None) is None
    assert memory.missed(None, of="/admin") == []


def test_too_late() -> None:
    memory = Memory(seconds=60.0)
    memory.leave()
    memory.clock.seconds += 60
    assert memory.missed() == []
    memory.leave()
    memory.clock.seconds += 60.1
    assert memory.missed() is None
    assert memory.recovery.sockets == 0


def test_bounded_by_sockets() -> None:
    memory = Memory(sockets=2)
    for pid in ("a", "b", "c"):
        memory.leave(pid)
    assert memory.recovery.sockets == 2
    assert [memory.missed(None, pid) for pid in ("a", "b", "c")] == [None, [], []]


def test_bounded_by_events() -> None:
    memory = Memory(events=3)
    memory.leave("early")
    memory.leave("late", since=2)
    for number in range(5):
        memory.emit(number)
    assert memory.recovery.events == 3
    assert memory.missed(None, "early") is None  # 0 and 1 have been forgotten
    assert memory.missed(None, "late") == [2, 3, 4]


def test_bounded_by_bytes() -> None:
    memory = Memory(bytes=1000)
    memory.leave("early")
    for _ in range(5):
        memory.emit(b"x" * 300)
    assert memory.recovery.events == 2
    assert memory.missed(None, "early") is None


def test_bounded_by_time() -> None:
    memory = Memory(seconds=60.0)
    memory.emit("old")
    memory.clock.seconds += 60 + PROOF + 0.1
    memory.emit("new")
    assert memory.recovery.events == 1


def test_what_the_heartbeat_proves_to_have_arrived_need_not_be_remembered() -> None:
    """A client in quiet rooms of a busy server: its last event is long forgotten, and it has missed nothing."""
    memory = Memory(events=3)
    seen = memory.emit("its last", rooms=("quiet",))
    for number in range(10):
        memory.emit(number, rooms=("busy",))
    memory.clock.seconds += PROOF + 0.1
    memory.leave("pid", "quiet")
    assert memory.missed(seen) == []


def test_what_was_forgotten_just_before_the_line_broke_may_be_missing() -> None:
    memory = Memory(events=3)
    seen = memory.emit("its last")
    for number in range(10):
        memory.emit(number)
    memory.clock.seconds += PROOF - 0.1
    memory.leave()
    assert memory.missed(seen) is None


def test_secrets_differ_and_a_log_has_a_name_of_its_own() -> None:
    first, second = Memory().recovery, Memory().recovery
    assert first.new_pid() != first.new_pid()
    assert len(first.new_pid()) >= 24
    assert first.offset != second.offset
