"""Attacks by number: streams that nobody reads, sessions that nobody polls, sockets of one user."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import repeat

from hubbub.bench.dialects import Step
from hubbub.bench.seed import token

from .command_floods import big_sends
from .people import PIT, attacker
from .request_floods import get, post
from .script import FEW, Attack, Script
from .sockets import MASKER, joined, native, upgrade, upgraded

_STREAMS = 300
_TALK_SECONDS = 0.5
_SESSIONS = 75_000
_SESSIONS_AT_ONCE = 100
_SOCKETS = 8_000
_HELD_BYTES = 65_000
_HELD = 4_000
_UNENDED_MESSAGE = MASKER.frame(b"x" * _HELD_BYTES)[:-1]
_UNENDED_BODY = post("/api/v1/sessions", name="x" * _HELD_BYTES)[:-1]


def _streams(number: int, connections: int) -> Script:
    """The first one talks, 16 messages of 16 KB at a time; the others have event streams and don't read them."""
    if number == 0:
        return Script(native(0), joined(0), lambda seen: big_sends(0), pause_seconds=_TALK_SECONDS)
    return Script(get(f"/sse?join={PIT}", _bearer(number)), reads=False)


def _sessions(number: int, connections: int) -> Script:
    """Opens Engine.IO sessions, reads their handshakes, and never polls."""
    block = get("/socket.io/?EIO=4&transport=polling") * _SESSIONS_AT_ONCE

    def load(seen: bytes) -> Iterator[bytes]:
        return repeat(block, _SESSIONS // _SESSIONS_AT_ONCE // connections)

    return Script(b"", load=load)


def _sockets(number: int, connections: int) -> Script:
    """One more socket of the same user."""
    return Script(native(0), joined(0))


def _deaf(number: int, connections: int) -> Script:
    """The first one talks; the others have joined and don't read."""
    if number == 0:
        return _streams(0, connections)
    return Script(native(number), joined(number), reads=False)


def _held_message(number: int, connections: int) -> Script:
    """A message without its last byte."""
    return Script(upgrade(), upgraded(), lambda seen: iter([_UNENDED_MESSAGE]))


def _held_body(number: int, connections: int) -> Script:
    """A body without its last byte."""
    return Script(_UNENDED_BODY)


def _signed_in_and_away(number: int, connections: int) -> Script:
    """Signs in, joins, and hangs up."""
    return Script(native(number), joined(number), hangs_up=True)


def _stranger_and_away(number: int, connections: int) -> Script:
    """Opens a WebSocket and hangs up."""
    return Script(upgrade(), upgraded(), hangs_up=True)


def _stream_and_away(number: int, connections: int) -> Script:
    """Opens an event stream and hangs up when it begins."""
    return Script(get(f"/sse?join={PIT}", _bearer(number)), (Step(b'"opened"'),), hangs_up=True)


def _bearer(number: int) -> str:
    return f"Authorization: Bearer {token(attacker(number))}\r\n"


CROWDS = (
    Attack("streams", "event streams that don't read", _streams, connections=(_STREAMS + 1,)),
    Attack("sessions", "Engine.IO sessions never polled", _sessions),
    Attack("sockets", "sockets of one user", _sockets, connections=(_SOCKETS,)),
    Attack("strangers", "sockets of nobody", lambda number, connections: Script(upgrade(), upgraded()), (_SOCKETS,)),
    Attack("silent", "connections that say nothing", lambda number, connections: Script(b""), (_SOCKETS,)),
    Attack("deaf", "sockets that don't read", _deaf, connections=(_STREAMS + 1,)),
    Attack("held-messages", "messages that lack a byte", _held_message, connections=(_HELD,)),
    Attack("held-bodies", "bodies that lack a byte", _held_body, connections=(_HELD,)),
    Attack("churn", "sockets that sign in, join and go", _signed_in_and_away, connections=FEW),
    Attack("stranger-churn", "sockets of nobody that go", _stranger_and_away, connections=FEW),
    Attack("stream-churn", "event streams that go", _stream_and_away, connections=FEW),
)
