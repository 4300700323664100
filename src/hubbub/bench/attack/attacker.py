"""The attacker's process: its connections on one epoll, each going through its script again whenever it is cut."""

from __future__ import annotations

import gc
import heapq
import re
import select
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress

from msgspec import Struct

from .script import Attack, Script

_READ_BYTES = 262_144
_TAIL_BYTES = 200
_AGAIN_SECONDS = 0.02
_TOGETHER_SECONDS = 2.0
_CONNECTS = 100_000  # in all; whoever is cut comes back this often
_AT_ONCE = 256
_BIND_ADDRESS_NO_PORT = 24  # ip(7)
_STATUS = re.compile(rb"HTTP/1\.1 (\d{3})")
_CLOSE = re.compile(rb"\x88([\x02-\x7d])(..)", re.DOTALL)
_ABORT = b"\x01\x00\x00\x00\x00\x00\x00\x00"  # SO_LINGER with zero seconds (socket(7)): no port waits afterwards
_LOST = select.EPOLLRDHUP | select.EPOLLHUP | select.EPOLLERR


class Assault(Struct):
    """What the attacker's process did, and what was done to it.

    Attributes:
        opened: connections whose script's load began.
        sent_bytes: into the kernel.
        cut: how often the server ended a connection, by how: a close code, an HTTP status, or what the system said.
        answers: HTTP answers by their status.
        refusals: error replies with the code `rate_limited`.
        load: the process's CPU time as a fraction of the time.
    """

    opened: int = 0
    sent_bytes: int = 0
    cut: dict[str, int] = {}
    answers: dict[str, int] = {}
    refusals: int = 0
    load: float = 0.0


class Attacker:
    """Runs one attack for a time.

    Args:
        sources: loopback addresses, among which the connections are dealt out.
        ended: whether the parent wants an early end.

    Attributes:
        found: so far.
    """

    def __init__(
        self,
        attack: Attack,
        connections: int,
        server: tuple[str, int],
        sources: list[str],
        ended: Callable[[], bool],
    ) -> None:
        self._attack = attack
        self._connections = connections
        self._server = server
        self._sources = sources
        self._ended = ended
        self._epoll = select.epoll()
        self._lines: dict[int, _Line] = {}
        self._greeting = 0
        self._due = [(0.0, number) for number in range(connections)]  # a heap: who opens or writes when
        self._pausing: dict[int, _Line] = {}  # by number: they wait for their turn to write
        self._connects = 0
        self._waiting: list[_Line] | None = []  # those that are ready, until all are; None: the load has begun
        self._inbox = bytearray(_READ_BYTES)
        self._cut: Counter[str] = Counter()
        self._answers: Counter[str] = Counter()
        self.found = Assault()

    def run(self, seconds: float) -> Assault:
        """Attack. All connections are closed at the end."""
        gc.freeze()
        begin, cpu = time.monotonic(), time.process_time()
        try:
            while (now := time.monotonic()) < begin + seconds and not self._ended():
                self._start_due(now)
                self._begin_together(now - begin)
                for descriptor, mask in self._epoll.poll(0.01):
                    if (line := self._lines.get(descriptor)) is not None:
                        self._handle(line, mask)
        finally:
            took = time.monotonic() - begin
            for line in self._lines.values():
                line.close()
            self._epoll.close()
        self.found.load = (time.process_time() - cpu) / max(took, 0.001)
        self.found.cut, self.found.answers = dict(self._cut), dict(self._answers)
        return self.found

    def _start_due(self, now: float) -> None:
        while self._due and self._due[0][0] <= now and self._greeting < _AT_ONCE:
            _, number = heapq.heappop(self._due)
            line = self._pausing.pop(number, None)
            if line is not None:
                self._epoll.modify(line.descriptor, line.events | select.EPOLLOUT)
            elif self._connects < _CONNECTS:
                self._connects += 1
                self._open(number)

    def _begin_together(self, since: float) -> None:
        """The load begins when all are ready: one alone could keep the others from becoming so."""
        if self._waiting is not None and (len(self._waiting) >= self._connections or since > _TOGETHER_SECONDS):
            for line in self._waiting:
                if self._lines.get(line.descriptor) is line:
                    self._epoll.modify(line.descriptor, line.events | select.EPOLLOUT)
            self._waiting = None

    def _open(self, number: int) -> None:
        script = self._attack.script(number, self._connections)
        try:
            line = _Line(number, script, self._server, self._sources[number % len(self._sources)])
        except OSError as failure:  # no port or no descriptor is left
            self._cut[f"connect: {failure.strerror}"] += 1
            heapq.heappush(self._due, (time.monotonic() + 1.0, number))
            return
        self._lines[line.descriptor] = line
        self._greeting += 1
        self._epoll.register(line.descriptor, select.EPOLLOUT | select.EPOLLIN | select.EPOLLRDHUP)

    def _handle(self, line: _Line, mask: int) -> None:
        try:
            if mask & select.EPOLLIN and (not line.ready or line.script.reads):
                self._read(line)
            elif mask & _LOST:
                raise _CutError(line.why() or "hung up")
            if mask & select.EPOLLOUT:
                self._write(line)
        except _CutError as cut:
            self._lose(line, str(cut))
        except OSError as failure:
            self._lose(line, line.why() or failure.strerror or "error")

    def _read(self, line: _Line) -> None:
        size = line.sock.recv_into(self._inbox)
        if size == 0:
            raise _CutError(line.why() or "closed")
        data = memoryview(self._inbox)[:size]
        line.tail = (line.tail + bytes(data[-_TAIL_BYTES:]))[-_TAIL_BYTES:]
        self.found.refusals += self._inbox.count(b'"rate_limited"', 0, size)
        for status in _STATUS.findall(data):
            line.status = status.decode()
            if line.status != "101":
                self._answers[line.status] += 1
        if not line.ready:
            line.greet(bytes(data))
            self._wake(line)

    def _wake(self, line: _Line) -> None:
        """Look for a chance to write: it has something to say, or its load begins."""
        if line.pending or not line.steps:
            self._epoll.modify(line.descriptor, line.events | select.EPOLLOUT)

    def _write(self, line: _Line) -> None:
        if not line.pending and not line.next_block():
            if line.script.hangs_up:
                self._end(line, 0.0)
            else:
                self._rest(line)
            return
        with suppress(BlockingIOError):
            sent = line.sock.send(line.pending)
            self.found.sent_bytes += sent
            line.pending = line.pending[sent:]
        if line.pending:
            return
        if not line.ready:
            if line.steps:
                self._epoll.modify(line.descriptor, line.events)
            else:
                line.ready = True
                self._greeting -= 1
                self.found.opened += 1
                if self._waiting is not None:
                    self._waiting.append(line)
                    self._rest(line)
                else:
                    self._epoll.modify(line.descriptor, line.events | select.EPOLLOUT)
        elif line.script.pause_seconds:
            self._rest(line)
            self._pausing[line.number] = line
            heapq.heappush(self._due, (time.monotonic() + line.script.pause_seconds, line.number))

    def _rest(self, line: _Line) -> None:
        self._epoll.modify(line.descriptor, line.events)

    def _lose(self, line: _Line, why: str) -> None:
        self._cut[why] += 1
        self._end(line, _AGAIN_SECONDS)

    def _end(self, line: _Line, again_seconds: float) -> None:
        self._greeting -= not line.ready
        self._epoll.unregister(line.descriptor)
        del self._lines[line.descriptor]
        line.close()
        if self._pausing.pop(line.number, None) is None:  # otherwise it is due already
            heapq.heappush(self._due, (time.monotonic() + again_seconds, line.number))


class _CutError(Exception):
    """The server has ended the connection: how."""


class _Line:
    """One connection.

    Attributes:
        pending: what is to be written.
        steps: of the greeting, those that are left.
        ready: the greeting is over and the load began.
        tail: the last bytes that were read.
        status: of the last HTTP answer.
    """

    __slots__ = (
        "_blocks",
        "_greeted",
        "_seen",
        "descriptor",
        "number",
        "pending",
        "ready",
        "script",
        "sock",
        "status",
        "steps",
        "tail",
    )

    def __init__(self, number: int, script: Script, server: tuple[str, int], source: str) -> None:
        self.number = number
        self.script = script
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        try:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _ABORT)
            self.sock.setsockopt(socket.IPPROTO_IP, _BIND_ADDRESS_NO_PORT, 1)
            if not script.reads:
                self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            self.sock.bind((source, 0))
            with suppress(BlockingIOError):
                self.sock.connect(server)
        except OSError:
            self.sock.close()
            raise
        self.descriptor = self.sock.fileno()
        self.pending = memoryview(script.opening)
        self.steps = list(script.steps)
        self.ready = False
        self.tail = b""
        self.status = ""
        self._greeted = b""
        self._seen = b""
        self._blocks: Iterator[bytes] | None = None

    @property
    def events(self) -> int:
        """What to look for beside the chance to write."""
        return select.EPOLLRDHUP | (select.EPOLLIN if self.script.reads or not self.ready else 0)

    def greet(self, data: bytes) -> None:
        """Go on in the greeting with what has come."""
        self._greeted += data
        self._seen += data
        said = b""
        while self.steps and (found := self._seen.find(self.steps[0].expect)) >= 0:
            step = self.steps.pop(0)
            self._seen = self._seen[found + len(step.expect) :]
            said += b"".join(step.say)
        if said:
            self.pending = memoryview(bytes(self.pending) + said)

    def next_block(self) -> bool:
        """Take the load's next block to be written; False: there is none."""
        if not self.ready:
            return True
        if self._blocks is None:
            self._blocks = self.script.load(self._greeted)
        block = next(self._blocks, None)
        if block is None:
            return False
        self.pending = memoryview(block)
        return True

    def why(self) -> str:
        """How the server said that it ends this: the code of the last WebSocket close frame, or a refusal by HTTP."""
        closes = [match for match in _CLOSE.finditer(self.tail) if match.end() + match[1][0] - 2 == len(self.tail)]
        if closes:
            return str(int.from_bytes(closes[-1][2], "big"))
        return f"HTTP {self.status}" if self.status >= "400" else ""

    def close(self) -> None:
        self.sock.close()
