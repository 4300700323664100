"""Generator processes against real servers: what they count is what happened."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from hubbub.bench.board import GeneratorError
from hubbub.bench.contestants import CONTESTANTS, Contestant
from hubbub.bench.dialects import Member, user_name
from hubbub.bench.load import Load
from hubbub.bench.plan import Closed, Idle, Open, Pace, Plan
from hubbub.bench.seed import seed, token
from hubbub.bench.servers import Server, ServerError

ROOMS = ("one", "two")


def contestant(key: str) -> Contestant:
    return next(one for one in CONTESTANTS if one.key == key)


def plan(server: Server, dialect: str, pace: Pace, members: int, *, senders: int = 1, first: int = 0) -> Plan:
    return Plan(
        address=server.address,
        source=2,
        dialect=dialect,
        members=tuple(
            Member(number, token(number), ROOMS, sends=number < first + senders)
            for number in range(first, first + members)
        ),
        pace=pace,
        text_bytes=64,
        connect_seconds=30.0,
        sample=1,
    )


@pytest.fixture(scope="module")
def peer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with contestant("websockets").start(tmp_path_factory.mktemp("peer")) as server:
        yield server


@pytest.fixture(scope="module")
def hubbub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("hubbub")
    seed(
        folder / "data" / "hubbub.db", [user_name(number) for number in range(20)], {room: range(20) for room in ROOMS}
    )
    with contestant("raw").start(folder, "--data", str(folder / "data")) as server:
        yield server


def test_every_delivery_of_a_closed_loop_is_counted(peer: Server) -> None:
    with Load([plan(peer, "peer", Closed(4, by_reply=False), 10)]) as load:
        load.connect()
        window = load.measure(peer.pid, 0.1, 0.3)
        tally = load.finish()
    assert window.sent > 0
    # what is in flight at the window's ends may be counted on one side only
    assert abs(window.deliveries - 10 * window.sent) <= 10 * 4 * 10
    event = {"type": "message", "seq": 1, "sender": "u00000", "ts": 1_700_000_000_000, "room": "one", "text": "x" * 64}
    assert window.bytes_per_delivery == pytest.approx(4 + len(msgspec.json.encode(event)), abs=4)  # a longer seq
    assert window.replies == 0
    assert tally.deliveries
    assert min(tally.deliveries) > 0
    assert (tally.errors, tally.failure) == (0, "")


def test_several_generators_share_the_work(peer: Server) -> None:
    pace = Closed(1, by_reply=False)
    plans = [plan(peer, "peer", pace, 5), plan(peer, "peer", pace, 5, senders=0, first=5)]
    with Load(plans) as load:
        load.connect()
        window = load.measure(peer.pid, 0.1, 0.3)
        load.finish()
    assert window.sent > 0
    assert window.deliveries > window.listener_deliveries > 0


@pytest.mark.parametrize("dialect", ["native", "compact", "socketio"])
def test_hubbub_delivers_on_every_wire(hubbub: Server, dialect: str) -> None:
    with Load([plan(hubbub, dialect, Closed(2, by_reply=False), 10)]) as load:
        load.connect()
        window = load.measure(hubbub.pid, 0.1, 0.3)
        tally = load.finish()
    assert tally.complaint == ""
    assert window.sent > 0
    assert abs(window.deliveries - 10 * window.sent) <= 10 * 2 * 10


def test_an_open_loop_keeps_its_rate_and_sees_every_reply(hubbub: Server) -> None:
    with Load([plan(hubbub, "native", Open(200.0), 10, senders=10)]) as load:
        load.connect()
        window = load.measure(hubbub.pid, 0.2, 1.0)
        tally = load.finish()
    assert tally.complaint == ""
    assert window.sent > 0
    assert window.replies > 0
    assert len(tally.replies) > 0
    assert min(tally.replies) > 0
    assert tally.late


def test_a_loop_closed_by_replies_counts_them(hubbub: Server) -> None:
    with Load([plan(hubbub, "native", Closed(3, by_reply=True), 10, senders=10)]) as load:
        load.connect()
        window = load.measure(hubbub.pid, 0.1, 0.3)
        tally = load.finish()
    assert tally.errors == 0
    assert window.replies > 0
    assert abs(window.replies - window.sent) <= 10 * 3 * 10


def test_idle_connections_only_connect(hubbub: Server) -> None:
    with Load([plan(hubbub, "socketio", Idle(), 20, senders=0)]) as load:
        assert load.connect() > 0
        tally = load.finish()
    assert (tally.errors, tally.deliveries) == (0, [])


def test_a_refused_connection_ends_the_load_with_the_reason(hubbub: Server) -> None:
    with (
        Load([plan(hubbub, "native", Idle(), 5, first=100)]) as load,
        pytest.raises(GeneratorError, match="unauthenticated"),
    ):
        load.connect()


def test_a_server_of_another_kind_is_never_ready(peer: Server) -> None:
    impatient = msgspec.structs.replace(plan(peer, "native", Idle(), 1), connect_seconds=0.5)
    with Load([impatient]) as load, pytest.raises(GeneratorError, match="only 0 of 1"):
        load.connect()


def test_a_server_that_ends_ends_the_load(tmp_path: Path) -> None:
    with contestant("websockets").start(tmp_path) as server, Load([plan(server, "peer", Idle(), 3)]) as load:
        load.connect()
        server.stop()
        with pytest.raises(GeneratorError, match="closed a connection"):
            load.measure(os.getpid(), 5.0, 5.0)


def test_a_program_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ServerError, match="can't start"):
        Server([str(tmp_path / "nothing")], tmp_path / "log").__enter__()


def test_a_program_that_ends_at_once(tmp_path: Path) -> None:
    with pytest.raises(ServerError, match="it ended at once: no such thing"):
        Server(["/bin/sh", "-c", "echo no such thing >&2"], tmp_path / "log").__enter__()


@pytest.mark.parametrize(
    ("key", "reason"),
    [("floor", "there is no C compiler"), ("ws", r"there is no Node\.js"), ("node-socketio", r"there is no Node\.js")],
)
def test_what_a_peer_is_made_with_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str, reason: str
) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(ServerError, match=reason):
        contestant(key).start(tmp_path)
