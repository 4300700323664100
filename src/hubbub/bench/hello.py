"""The smallest message that people send, in bytes: one "hello world" that one member says and another one receives."""

from __future__ import annotations

import socket
from contextlib import closing

from .board import GeneratorError
from .dialects import DIALECTS, Dialect, Member
from .frames import Masker

ROOM = "general"
SPEAKER = Member(0, "", (ROOM,), sends=True, name="ada")
LISTENER = Member(1, "", (ROOM,), sends=False, name="bob")
TEXT = "hello world"
_SECONDS = 10.0


def hello_bytes(address: tuple[str, int], dialect: str, tokens: tuple[str, str]) -> int:
    """Bytes on the listener's socket, frame header included. Raises GeneratorError.

    Args:
        tokens: the speaker's and the listener's.
    """
    spoken = DIALECTS[dialect]
    listener, speaker = _with_token(LISTENER, tokens[1]), _with_token(SPEAKER, tokens[0])
    said = spoken.message(speaker, ROOM, TEXT)
    said %= (1,) * said.count(b"%019d")
    try:
        with closing(_Line(address)) as hearing, closing(_Line(address)) as speaking:
            hearing.greet(spoken, listener)
            speaking.greet(spoken, speaker)
            speaking.send(Masker().frame(said, spoken.opcode))
            while TEXT.encode() not in (frame := hearing.frame()):
                pass
            return len(frame)
    except OSError as failure:
        raise GeneratorError(f"no hello world came: {failure}") from failure


def _with_token(member: Member, token: str) -> Member:
    return Member(member.index, token, member.rooms, member.sends, name=member.name)


class _Line:
    """A blocking client that can tell frames apart: those of a server are never masked (RFC 6455 section 5.1)."""

    def __init__(self, address: tuple[str, int]) -> None:
        self._sock = socket.create_connection(address, timeout=_SECONDS)
        self._buffer = b""

    def close(self) -> None:
        self._sock.close()

    def send(self, data: bytes) -> None:
        self._sock.sendall(data)

    def greet(self, dialect: Dialect, member: Member) -> None:
        """Go through the opening handshake and what follows, until the connection is ready."""
        self.send(dialect.opening(member))
        seen = self._until(b"\r\n\r\n")
        for step in dialect.greeting(member):
            while step.expect not in seen:
                seen += self.frame()
            for payload in step.say:
                self.send(Masker().frame(payload, dialect.opcode))

    def frame(self) -> bytes:
        """The next whole frame."""
        while (size := _frame_bytes(self._buffer)) == 0 or len(self._buffer) < size:
            self._fill()
        frame, self._buffer = self._buffer[:size], self._buffer[size:]
        return frame

    def _until(self, end: bytes) -> bytes:
        while end not in self._buffer:
            self._fill()
        head, _, self._buffer = self._buffer.partition(end)
        return head + end

    def _fill(self) -> None:
        data = self._sock.recv(65536)
        if not data:
            raise GeneratorError("the server closed the connection")
        self._buffer += data


def _frame_bytes(data: bytes) -> int:
    """The length of the frame that begins here, header included; 0: it can't be told yet."""
    if len(data) < 2:
        return 0
    length = data[1] & 0x7F
    extra = {126: 2, 127: 8}.get(length, 0)
    if not extra:
        return 2 + length
    return 0 if len(data) < 2 + extra else 2 + extra + int.from_bytes(data[2 : 2 + extra], "big")
