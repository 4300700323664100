"""The attacker's process, against servers that end connections, and a real one that accepts its openings."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec
import pytest

from hubbub.bench.attack.attacker import Assault, Attacker
from hubbub.bench.attack.catalog import ATTACKS
from hubbub.bench.attack.crowds import CROWDS
from hubbub.bench.attack.people import ATTACKER_ADDRESS, NAMES, ROOMS
from hubbub.bench.attack.script import Attack, Script, over_and_over
from hubbub.bench.contestants import CONTESTANTS
from hubbub.bench.dialects import Step
from hubbub.bench.lab import Lab
from hubbub.bench.scale import Scale

HUBBUB = next(one for one in CONTESTANTS if one.key == "raw")


@contextmanager
def listening(answer: Callable[[socket.socket], None]) -> Iterator[tuple[str, int]]:
    """A server that does this with each connection and then closes it."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(5)
                with suppress(ConnectionError):
                    answer(connection)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield server.getsockname()
    finally:
        server.shutdown(socket.SHUT_RDWR)
        server.close()
        thread.join()


def until(attack: Attack, connections: int, address: tuple[str, int], enough: Callable[[], bool]) -> Assault:
    """What the attacker finds until it is enough."""
    return Attacker(attack, connections, address, [ATTACKER_ADDRESS], enough).run(10.0)


def cut_by(answer: Callable[[socket.socket], None], *, reads: bool = True) -> Assault:
    served = 0

    def count(connection: socket.socket) -> None:
        nonlocal served
        answer(connection)
        served += 1

    def script(number: int, connections: int) -> Script:
        return Script(b"hello", load=over_and_over(b"x"), reads=reads)

    with listening(count) as address:
        return until(Attack("any", "any", script), 1, address, lambda: served > 2)


def drained(connection: socket.socket) -> None:
    """Everything that had come is read, so that the system does not reset the connection."""
    with suppress(ConnectionError):
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(65536):
            pass


def test_a_close_code_is_noted_and_the_attacker_comes_back() -> None:
    def close(connection: socket.socket) -> None:
        connection.sendall(b"\x81\x02hi" + b"\x88\x0e" + (4003).to_bytes(2, "big") + b"rate limited")
        drained(connection)

    found = cut_by(close)
    assert found.cut["4003"] >= 2
    assert found.sent_bytes > 10


def test_an_http_status_is_noted() -> None:
    def refuse(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 429 Too Many Requests\r\nContent-Length: 0\r\n\r\n")
        drained(connection)

    found = cut_by(refuse)
    assert found.cut["HTTP 429"] >= 2
    assert found.answers["429"] >= 2


def test_a_reset_is_noticed_by_who_does_not_read() -> None:
    found = cut_by(lambda connection: connection.sendall(b"something"), reads=False)
    assert sum(found.cut.values()) >= 2


def test_refusals_are_counted() -> None:
    def refuse(connection: socket.socket) -> None:
        connection.sendall(b'{"type":"reply","ref":null,"error":{"code":"rate_limited"}}' * 3)
        drained(connection)

    assert cut_by(refuse).refusals >= 6


def test_who_hangs_up_begins_anew() -> None:
    heard: list[bytes] = []

    def listen(connection: socket.socket) -> None:
        heard.append(connection.recv(100))
        connection.sendall(b"welcome 7")
        heard.append(connection.recv(100))
        connection.recv(1)  # it hangs up

    def script(number: int, connections: int) -> Script:
        return Script(b"head", (Step(b"welcome"),), load=lambda seen: iter([seen[-1:]]), hangs_up=True)

    with listening(listen) as address:
        found = until(Attack("any", "any", script), 1, address, lambda: len(heard) >= 4)
    assert heard[:4] == [b"head", b"7", b"head", b"7"]
    assert found.cut == {}


def test_a_load_that_ends_leaves_the_connection_open() -> None:
    heard = b""
    whole = threading.Event()

    def listen(connection: socket.socket) -> None:
        nonlocal heard
        while len(heard) < 8:
            heard += connection.recv(100)
        whole.set()
        connection.recv(1)

    def script(number: int, connections: int) -> Script:
        return Script(b"head", load=lambda seen: iter([b"tw", b"o."]), pause_seconds=0.001)

    with listening(listen) as address:
        found = until(Attack("any", "any", script), 1, address, whole.is_set)
    assert heard == b"headtwo."
    assert (found.opened, found.cut) == (1, {})


@pytest.mark.parametrize("key", sorted(ATTACKS.keys() - {attack.key for attack in CROWDS}))
def test_each_attack_that_is_no_crowd_has_a_load(key: str) -> None:
    script = ATTACKS[key].script(0, 2)
    assert len(next(script.load(b""))) >= 1


def test_the_page_names_every_attack() -> None:
    page = (Path(__file__).parents[3] / "docs" / "bench.md").read_text()
    table = page.partition("## Attacks")[2].partition("\n## ")[0]
    assert [key for key in ATTACKS if f"`{key}`" not in table] == []


def test_a_real_server_lets_every_attack_begin(tmp_path: Path) -> None:
    def only_opening(attack: Attack) -> Attack:
        def script(number: int, connections: int) -> Script:
            return msgspec.structs.replace(attack.script(number, connections), load=lambda seen: iter(()))

        return msgspec.structs.replace(attack, script=script)

    lab = Lab(Scale(), tmp_path, lambda line: None)
    with lab.server(HUBBUB, NAMES, ROOMS) as server:
        for attack in map(only_opening, ATTACKS.values()):
            found = _begun(attack, server.address)
            assert (attack.key, found.opened, found.cut) == (attack.key, 2, {})


def _begun(attack: Attack, address: tuple[str, int]) -> Assault:
    """What the attacker has found when both of its connections are open."""
    attacker = Attacker(attack, 2, address, [ATTACKER_ADDRESS], lambda: attacker.found.opened == 2)
    return attacker.run(10.0)
