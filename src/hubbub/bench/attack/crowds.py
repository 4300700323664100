"""Attacks by number: streams that nobody reads, sessions that nobody polls, sockets of one user."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import repeat

from hubbub.bench.seed import token

from .command_floods import big_sends
from .people import PIT, attacker
from .request_floods import get
from .script import Attack, Script
from .sockets import joined, native

_STREAMS = 300
_TALK_SECONDS = 0.5
_SESSIONS = 75_000
_SESSIONS_AT_ONCE = 100
_SOCKETS = 8_000


def _streams(number: int, connections: int) -> Script:
    """The first one talks, 16 messages of 16 KB at a time; the others have event streams and don't read them."""
    if number == 0:
        return Script(native(0), joined(0), lambda: big_sends(0), pause_seconds=_TALK_SECONDS)
    bearer = f"Authorization: Bearer {token(attacker(number))}\r\n"
    return Script(get(f"/sse?join={PIT}", bearer), reads=False)


def _sessions(number: int, connections: int) -> Script:
    """Opens Engine.IO sessions, reads their handshakes, and never polls."""
    block = get("/socket.io/?EIO=4&transport=polling") * _SESSIONS_AT_ONCE

    def load() -> Iterator[bytes]:
        return repeat(block, _SESSIONS // _SESSIONS_AT_ONCE // connections)

    return Script(b"", load=load)


def _sockets(number: int, connections: int) -> Script:
    """One more socket of the same user."""
    return Script(native(0), joined(0))


CROWDS = (
    Attack("streams", "event streams that don't read", _streams, connections=(_STREAMS + 1,)),
    Attack("sessions", "Engine.IO sessions never polled", _sessions),
    Attack("sockets", "sockets of one user", _sockets, connections=(_SOCKETS,)),
)
