"""Where a server's WebSocket frames end, for who passes its bytes on unread and may have to end the stream itself.

A close frame may stand between any two frames (RFC 6455 section 5.4), but not inside one. `ServerTrace` reads headers
and skips payloads; it keeps no more than a head that was cut.
"""

from __future__ import annotations

from enum import Enum
from typing import Final

from .websocket import CLOSE

_END: Final = b"\r\n\r\n"
_SWITCHING: Final = b"HTTP/1.1 101 "
_EXTENDED: Final = {126: 4, 127: 10}
"""Size of a header by the length that its second byte tells (section 5.2)."""


class Stage(Enum):
    """How far the stream is."""

    WAITING = "nothing has come yet"
    ANSWERING = "a part of the answer to the opening handshake has come"
    OPEN = "frames come"
    OVER = "a close frame has come, or the handshake was refused: nothing may be added"


class ServerTrace:
    """What a server has said on one connection: its answer to an opening handshake, then frames, which are not masked.

    Attributes:
        stage: where it is.
    """

    __slots__ = ("_carry", "_closing", "_missing", "stage")

    def __init__(self) -> None:
        self.stage = Stage.WAITING
        self._carry = b""  # of the answer's head, or of a frame's header
        self._missing = 0  # bytes of the current frame's payload
        self._closing = False  # the current frame is a close frame

    @property
    def between_frames(self) -> bool:
        """Whether a frame may be added now."""
        return self.stage is Stage.OPEN and not self._missing and not self._carry

    def feed(self, data: bytes) -> int | None:
        """Take the next bytes, cut anywhere.

        Returns:
            Behind how many of them the last place is where a frame may be added; None: there is no such place.
        """
        if self.stage is Stage.OPEN:
            return self._frames(data, 0)
        if self.stage is Stage.OVER:
            return None
        before = len(self._carry)
        head = self._carry + data
        end = head.find(_END)
        if end < 0:
            self.stage, self._carry = Stage.ANSWERING, head
            return None
        self._carry = b""
        if not head.startswith(_SWITCHING):
            self.stage = Stage.OVER
            return None
        self.stage = Stage.OPEN
        start = end + len(_END) - before
        found = self._frames(data, start)
        return start if found is None and self.stage is Stage.OPEN else found

    def _frames(self, data: bytes, position: int) -> int | None:
        found = None
        kept = len(self._carry)
        if kept:
            data = self._carry + data
            self._carry = b""
        end = len(data)
        while position < end:
            if not self._missing:
                length = data[position + 1] & 0x7F if end - position > 1 else 0
                head = _EXTENDED.get(length, 2)
                if end - position < head:
                    self._carry = data[position:]
                    break
                self._closing = data[position] & 0x0F == CLOSE
                self._missing = length if head == 2 else int.from_bytes(data[position + 2 : position + head], "big")
                position += head
            step = min(self._missing, end - position)
            self._missing -= step
            position += step
            if not self._missing:
                if self._closing:
                    self.stage = Stage.OVER
                    return None
                found = position - kept
        return found
