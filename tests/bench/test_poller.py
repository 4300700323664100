"""Polls against real servers: each brings what was said, and an answer in pieces is put together."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from hubbub.bench.board import Board, GeneratorError
from hubbub.bench.contestants import CONTESTANTS
from hubbub.bench.dialects import Member, user_name
from hubbub.bench.hello import hello_bytes
from hubbub.bench.load import Load
from hubbub.bench.plan import Counter, Phase, Plan, Rounds
from hubbub.bench.poller import Poller
from hubbub.bench.seed import seed, token
from hubbub.bench.servers import Server


def plan(address: tuple[str, int], dialect: str, burst: int, sessions: int = 5) -> Plan:
    members = tuple(Member(number, token(number), ("one",), sends=number == 0) for number in range(sessions))
    return Plan(address, 2, dialect, members, Rounds(burst), text_bytes=64, connect_seconds=30.0)


@contextmanager
def running(key: str, folder: Path, *arguments: str) -> Iterator[Server]:
    contestant = next(one for one in CONTESTANTS if one.key == key)
    with contestant.start(folder, *arguments) as server:
        yield server


@contextmanager
def hubbub(folder: Path) -> Iterator[Server]:
    seed(folder / "data" / "hubbub.db", [user_name(number) for number in range(5)], {"one": range(5)})
    with running("socketio", folder, "--data", str(folder / "data")) as server:
        yield server


@pytest.mark.parametrize("burst", [1, 40])
def test_every_session_gets_every_message(tmp_path: Path, burst: int) -> None:
    with hubbub(tmp_path) as server, Load([plan(server.address, "socketio", burst)]) as load:
        load.connect()
        window = load.measure(server.pid, 0.1, 0.3)
        load.finish()
    assert window.sent > 0
    assert abs(window.deliveries - 5 * window.sent) <= 5 * burst * 2  # a round at each end
    assert window.deliveries / window.polls <= 16  # a body has no more packets
    assert window.deliveries / window.polls >= min(burst, 2)


def test_the_server_of_others_that_answers_in_chunks(tmp_path: Path) -> None:
    with running("python-socketio", tmp_path) as server, Load([plan(server.address, "peer-socketio", 1)]) as load:
        load.connect()
        window = load.measure(server.pid, 0.1, 0.3)
        load.finish()
    assert window.deliveries >= window.polls > 0


def test_a_token_that_nobody_has_is_refused_with_the_reason(tmp_path: Path) -> None:
    with hubbub(tmp_path) as server:
        strangers = plan(server.address, "socketio", 1, sessions=9)
        with Load([strangers]) as load, pytest.raises(GeneratorError, match="unauthenticated"):
            load.connect()


@contextmanager
def canned(*pieces: bytes) -> Iterator[tuple[str, int]]:
    """A server that answers one request with these pieces and hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            peer, _ = listener.accept()
            with peer:
                peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                peer.recv(65536)
                for piece in pieces:
                    peer.sendall(piece)

        thread = threading.Thread(target=answer)
        thread.start()
        yield listener.getsockname()
        thread.join()


HEAD = b"HTTP/1.1 200 OK\r\n"


@pytest.mark.parametrize(
    ("pieces", "failure"),
    [
        ((HEAD + b"Content-Length: 5\r\n\r\n", b"hel", b"lo"), "no session: hello"),
        ((HEAD + b"Transfer-Encoding: chunked\r\n\r\n3\r\nhel\r", b"\n2\r\nlo\r\n0\r\n\r\n"), "no session: hello"),
        ((b"HTTP/1.1 404 Not Found\r\n\r\n",), "404 Not Found"),
        ((HEAD, b"Content-Length: 5\r\n\r\nhel"), "the server closed a connection"),
    ],
)
def test_answers_are_whole_or_a_failure(pieces: tuple[bytes, ...], failure: str) -> None:
    with canned(*pieces) as address:
        tally = Poller(plan(address, "peer-socketio", 1, 1), Board([0] * Counter.SIZE, _Word())).run()
    assert failure in tally.failure


class _Word:
    """The parent's word outside shared memory."""

    value = Phase.CONNECT


def test_no_hello_comes_from_a_server_that_hangs_up() -> None:
    with canned() as address, pytest.raises(GeneratorError, match="closed"):
        hello_bytes(address, "peer", ("", ""))
