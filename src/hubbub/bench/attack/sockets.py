"""Attackers' WebSockets: their openings, and what to wait for before the load."""

from __future__ import annotations

import json

from hubbub.bench.dialects import DIALECTS, Member, Step
from hubbub.bench.frames import Masker
from hubbub.bench.seed import token

from .people import PIT, attacker

MASKER = Masker()
_OPENED = b"\r\n\r\n"
_NATIVE, _SOCKETIO = DIALECTS["native"], DIALECTS["socketio"]
DEFLATE = "Sec-WebSocket-Extensions: permessage-deflate; client_no_context_takeover; server_no_context_takeover\r\n"


def member(number: int) -> Member:
    """The attacker's account for the connection of this number, in the pit."""
    user = attacker(number)
    return Member(user, token(user), (PIT,), sends=True)


def upgrade(target: str = "/ws", headers: str = "") -> bytes:
    """The opening handshake of somebody who says nothing about who they are (RFC 6455 section 4.1)."""
    return (
        f"GET {target} HTTP/1.1\r\nHost: bench\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n{headers}\r\n"
    ).encode()


def upgraded() -> tuple[Step, ...]:
    """Only the handshake's answer is waited for."""
    return (Step(_OPENED),)


def native(number: int) -> bytes:
    """The opening handshake of a signed-in attacker."""
    return _NATIVE.opening(member(number))


def joined(number: int) -> tuple[Step, ...]:
    """Signed in, and the pit is joined."""
    return _framed(_NATIVE.greeting(member(number)))


def socketio(number: int) -> bytes:
    return _SOCKETIO.opening(member(number))


def socketio_connected(number: int) -> tuple[Step, ...]:
    """Connected to the main namespace, and the pit is joined."""
    return _framed(_SOCKETIO.greeting(member(number)))


def command(**fields: object) -> bytes:
    """A frame with a command."""
    return MASKER.frame(json.dumps(fields, separators=(",", ":")).encode())


def fragment(opcode: int, payload: bytes, *, final: bool = False) -> bytes:
    """A frame that is not the message's last one, unless `final` (RFC 6455 section 5.4)."""
    frame = MASKER.frame(payload, opcode)
    return frame if final else bytes((frame[0] & 0x7F,)) + frame[1:]


def compressed(payload: bytes) -> bytes:
    """A frame with the first reserved bit (RFC 7692 section 6)."""
    frame = MASKER.frame(payload)
    return bytes((frame[0] | 0x40,)) + frame[1:]


def _framed(steps: list[Step]) -> tuple[Step, ...]:
    return tuple(Step(step.expect, tuple(MASKER.frame(payload) for payload in step.say)) for step in steps)
