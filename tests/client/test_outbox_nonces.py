"""Names of messages."""

from __future__ import annotations

import os

from hubbub.client.outbox import Nonces


def test_they_are_ulids() -> None:
    assert Nonces(lambda: 1_469_918_176.385, bytes).next() == "01ARYZ6S41" + "0" * 16
    assert Nonces(lambda: (2**48 - 1) / 1000, lambda count: b"\xff" * count).next() == "7" + "Z" * 25


def test_later_ones_sort_later_whatever_the_clock_does() -> None:
    times = [5.0, 5.0, 5.0, 3.0, 9.0, 9.0]
    nonces = Nonces(lambda: times.pop(0), os.urandom)
    found = [nonces.next() for _ in range(6)]
    assert found == sorted(set(found))
