"""A connection of an ordinary user: what it says goes out when it can, what comes is cut into frames."""

from __future__ import annotations

import select
import socket
from contextlib import suppress

_BIND_ADDRESS_NO_PORT = 24  # ip(7)
_ABORT = b"\x01\x00\x00\x00\x00\x00\x00\x00"  # SO_LINGER with zero seconds (socket(7))


class Line:
    """A non-blocking TCP connection on an epoll.

    Attributes:
        received: what has come and was not taken.
        ended: how it ended; empty while it stands.
    """

    __slots__ = ("_epoll", "_pending", "_sock", "ended", "received")

    def __init__(self, epoll: select.epoll, server: tuple[str, int], source: str) -> None:
        self._epoll = epoll
        self._pending = b""
        self.received = b""
        self.ended = ""
        self._sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        self._sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _ABORT)
        self._sock.setsockopt(socket.IPPROTO_IP, _BIND_ADDRESS_NO_PORT, 1)
        self._sock.bind((source, 0))
        with suppress(BlockingIOError):
            self._sock.connect(server)
        epoll.register(self._sock.fileno(), select.EPOLLIN)

    @property
    def descriptor(self) -> int:
        return self._sock.fileno()

    def say(self, data: bytes) -> None:
        """Send it as soon as possible."""
        self._pending += data
        self.flush()

    def flush(self) -> None:
        """Send what waits, as far as it goes."""
        if self.ended:
            return
        try:
            sent = self._sock.send(self._pending)
        except BlockingIOError:
            sent = 0
        except OSError as failure:
            self.ended = failure.strerror or "error"
            return
        self._pending = self._pending[sent:]
        self._epoll.modify(self._sock.fileno(), select.EPOLLIN | (select.EPOLLOUT if self._pending else 0))

    def handle(self, mask: int) -> None:
        """Do what epoll says can be done."""
        if mask & select.EPOLLOUT:
            self.flush()
        if not self.ended and mask & (select.EPOLLIN | select.EPOLLHUP | select.EPOLLERR):
            try:
                data = self._sock.recv(262_144)
            except BlockingIOError:
                return
            except OSError as failure:
                self.ended = failure.strerror or "error"
                return
            self.received += data
            if not data:
                self.ended = "closed"

    def frames(self) -> list[tuple[int, bytes]]:
        """The whole frames that have come: opcode and payload (RFC 6455 section 5.2; a server's are not masked)."""
        found, begin, data = [], 0, self.received
        while len(data) - begin >= 2:
            opcode, length = data[begin] & 0x0F, data[begin + 1] & 0x7F
            extra = {126: 2, 127: 8}.get(length, 0)
            payload = begin + 2 + extra
            if extra:
                length = int.from_bytes(data[begin + 2 : payload], "big")
            if len(data) < payload + length:
                break
            begin = payload + length
            found.append((opcode, data[payload:begin]))
        self.received = data[begin:]
        return found

    def close(self) -> None:
        """No goodbye."""
        with suppress(OSError):
            self._epoll.unregister(self._sock.fileno())
        self._sock.close()
