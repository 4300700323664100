"""What one connection of an attacker does, and what an attack consists of."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import repeat

from msgspec import Struct

from hubbub.bench.dialects import Step

FEW = (20,)
"""Connections of attacks that are measured once only."""
BLOCK_BYTES = 262_144
"""Attacks are written in blocks of about so many bytes, so that a system call carries thousands of small frames."""

Load = Callable[[bytes], Iterator[bytes]]


class Script(Struct, frozen=True):
    """One connection.

    Attributes:
        opening: its first bytes.
        steps: what it waits for and says before the load begins, each payload ready to be sent.
        load: what it writes then, block by block, as fast as the server reads; given what was read so far. When it
            ends, the connection stays.
        reads: whether it reads what the server says (and throws it away).
        pause_seconds: between two blocks.
        hangs_up: when the load ends, the connection ends, and another one begins.
    """

    opening: bytes
    steps: tuple[Step, ...] = ()
    load: Load = lambda seen: iter(())
    reads: bool = True
    pause_seconds: float = 0.0
    hangs_up: bool = False


class Attack(Struct, frozen=True):
    """One row of the attack table.

    Attributes:
        key: for the command line and the JSON file.
        title: for people.
        script: what a connection does, by its number and the number of all.
        connections: how many there are, a row for each.
        arguments: of the server's command line.
        asks_password: an ordinary user signs in by password each second, too: the one whose name is attacked.
    """

    key: str
    title: str
    script: Callable[[int, int], Script]
    connections: tuple[int, ...] = (1, 20)
    arguments: tuple[str, ...] = ()
    asks_password: bool = False


def over_and_over(piece: bytes) -> Load:
    """A load: this piece without end, in blocks."""
    block = piece * max(1, BLOCK_BYTES // len(piece))
    return lambda seen: repeat(block)
