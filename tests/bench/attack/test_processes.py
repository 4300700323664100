"""Processes of their own, and the cores that they run on."""

from __future__ import annotations

import os
import socket

import pytest

from hubbub.bench.attack.experience import Phase
from hubbub.bench.attack.processes import attack_process, cores, decode_assault, on, users_process
from hubbub.bench.board import GeneratorError


def test_the_server_has_a_core_of_its_own_where_there_are_two() -> None:
    server, others = cores()
    assert len(server) == 1
    assert server | others == os.sched_getaffinity(0)
    assert not server & others or os.sched_getaffinity(0) == server


def test_only_what_is_started_within_runs_on_the_chosen_cores() -> None:
    before = os.sched_getaffinity(0)
    with on({min(before)}):
        assert os.sched_getaffinity(0) == {min(before)}
    assert os.sched_getaffinity(0) == before


def test_users_who_cannot_join_say_why() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        nobody = server.getsockname()
    with (
        users_process(nobody, os.getpid(), asks_password=False) as users,
        pytest.raises(GeneratorError, match="refused"),
    ):
        users.hear(60.0)


def test_an_attack_that_is_called_off_says_what_it_did() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        attack_process(server.getsockname(), "127.0.0.1", "endless-header", 1, 60.0) as attacker,
    ):
        assert attacker.hear(60.0) == b"ready"
        attacker.tell(Phase.ATTACK)
        connection, _ = server.accept()
        with connection:
            assert connection.recv(5) == b"GET /"
            attacker.tell(Phase.OVER)
            assert decode_assault(attacker.hear(60.0)).opened <= 1
