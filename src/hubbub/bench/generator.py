"""One generator process: thousands of connections on one epoll, deliveries counted without parsing frames.

What it costs decides what it can measure, so a read costs one system call and one byte count: about 3 µs, whether it
brings one frame or a hundred.
"""

from __future__ import annotations

import gc
import select
import socket
import time
from collections.abc import Callable
from contextlib import suppress

from .board import Board, GeneratorError
from .dialects import DIALECTS, Member, Step
from .frames import DIGITS, Masker, Template
from .plan import Closed, Counter, Deaf, Open, Phase, Plan, Tally

_READ_BYTES = 262_144
_PER_ADDRESS = 10_000
_PING = b"\x89\x00"  # two bytes: a number of MessagePack may hold the first one
_ENGINE_PING = b"\x81\x012"
_BIND_ADDRESS_NO_PORT = 24  # ip(7): the port is chosen at connect, so that each address has all ports to each server


class _Greeting:
    """A connection that is not ready yet."""

    __slots__ = ("buffer", "member", "opening", "steps")

    def __init__(self, member: Member, opening: bytes, steps: list[Step]) -> None:
        self.member = member
        self.opening: bytes | None = opening
        self.steps = steps
        self.buffer = b""

    def advance(self) -> list[bytes]:
        """The payloads to send now; no steps left: ready."""
        said: list[bytes] = []
        while self.steps and (found := self.buffer.find(self.steps[0].expect)) >= 0:
            step = self.steps.pop(0)
            self.buffer = self.buffer[found + len(step.expect) :]
            said += step.say
        return said

    def refused(self) -> str:
        """Why the server won't have us; empty: nothing speaks against it."""
        if self.buffer.startswith(b"HTTP/1.1 ") and not self.buffer.startswith(b"HTTP/1.1 101"):
            return self.buffer.split(b"\r\n", 1)[0].decode("latin-1")
        if b'"error"' in self.buffer or b'44{"message"' in self.buffer:
            return self.buffer[-200:].decode("latin-1")
        return ""


class _Sender:
    """A connection that speaks, in turn in each of its rooms."""

    __slots__ = ("_next", "_templates", "pending", "sock")

    def __init__(self, sock: socket.socket, templates: list[Template]) -> None:
        self.sock = sock
        self._templates = templates
        self._next = 0
        self.pending = b""

    def frame(self, stamp: int) -> bytes:
        self._next += 1
        return self._templates[self._next % len(self._templates)].frame(stamp)


class Generator:
    """Runs one `Plan` that is not `Rounds`."""

    def __init__(self, plan: Plan, board: Board) -> None:
        self._plan = plan
        self._dialect = DIALECTS[plan.dialect]
        self._board = board
        self._counts = board.counts
        self._masker = Masker()
        self._epoll = select.epoll()
        self._socks: dict[int, socket.socket] = {}
        self._receive: dict[int, Callable[[memoryview], int]] = {}
        self._greetings: dict[int, _Greeting] = {}
        self._senders: dict[int, _Sender] = {}
        self._tally = Tally([], [], [])
        self._delivery, self._reply = self._dialect.delivery, self._dialect.reply
        self._overlap = len(self._delivery) - 1  # bytes of a read that are looked at again with the next one
        self._tails: dict[int, bytes] = {}
        self._buffer = bytearray(self._overlap + _READ_BYTES)
        self._inbox = memoryview(self._buffer)[self._overlap :]
        self._stamp = 0
        self._reads = 0
        self._sample = plan.sample
        self._ping = _ENGINE_PING if self._dialect.engine else _PING
        self._pong = self._masker.frame(b"3") if self._dialect.engine else self._masker.frame(b"", opcode=10)

    def run(self) -> Tally:
        """Connect, then load until the parent says stop."""
        try:
            self._connect_all()
            self._wait_for_start()
            self._load()
        except GeneratorError as failure:
            self._tally.failure = str(failure)
        finally:
            for sock in self._socks.values():
                sock.close()
            self._epoll.close()
        return self._tally

    # connecting

    def _connect_all(self) -> None:
        waiting = list(reversed(self._plan.members))
        deadline = time.monotonic() + self._plan.connect_seconds
        total = len(waiting)
        while waiting or self._greetings:
            while waiting and len(self._greetings) < self._plan.at_once:
                self._open(waiting.pop(), total - len(waiting))
            for descriptor, mask in self._epoll.poll(0.5):
                greeting = self._greetings.get(descriptor)
                if greeting is None:
                    self._read(descriptor)
                else:
                    self._greet(descriptor, greeting, mask)
            ready = self._counts[Counter.READY] = total - len(waiting) - len(self._greetings)
            self._board.publish()
            if time.monotonic() > deadline:
                raise GeneratorError(f"only {ready} of {total} connections got ready in time")

    def _open(self, member: Member, number: int) -> None:
        sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setsockopt(socket.IPPROTO_IP, _BIND_ADDRESS_NO_PORT, 1)
        if self._plan.receive_bytes:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self._plan.receive_bytes)
        sock.bind((f"127.0.0.{self._plan.source + number // _PER_ADDRESS}", 0))
        with suppress(BlockingIOError):
            sock.connect(self._plan.address)
        descriptor = sock.fileno()
        self._socks[descriptor] = sock
        self._receive[descriptor] = sock.recv_into
        steps = self._dialect.greeting(member)
        self._greetings[descriptor] = _Greeting(member, self._dialect.opening(member), steps)
        self._epoll.register(descriptor, select.EPOLLOUT)

    def _greet(self, descriptor: int, greeting: _Greeting, mask: int) -> None:
        sock = self._socks[descriptor]
        try:
            if greeting.opening is not None:
                sock.send(greeting.opening)
                greeting.opening = None
                self._epoll.modify(descriptor, select.EPOLLIN)
                return
            data = sock.recv(65536)
            if not data:
                raise GeneratorError("the server closed a connection that was not ready")
            greeting.buffer += data
            if self._ping in data:  # a server may ping those who have just come
                self._answer_ping(descriptor)
            if refusal := greeting.refused():
                raise GeneratorError(f"the server refused a connection: {refusal}")
            if said := greeting.advance():
                sock.send(b"".join([self._masker.frame(payload, self._dialect.opcode) for payload in said]))
        except OSError as failure:
            raise GeneratorError(f"a connection failed: {failure.strerror}") from failure
        if not greeting.steps:
            del self._greetings[descriptor]
            if greeting.member.sends:
                self._add_sender(sock, greeting.member)

    def _add_sender(self, sock: socket.socket, member: Member) -> None:
        texts = self._dialect.templates(member, self._plan.text_bytes)
        templates = [self._masker.template(text, self._dialect.opcode) for text in texts]
        self._senders[sock.fileno()] = _Sender(sock, templates)

    def _wait_for_start(self) -> None:
        """All are ready. Only pings are answered."""
        while self._board.phase == Phase.CONNECT:
            for descriptor, _ in self._epoll.poll(0.05):
                self._read(descriptor)

    # loading

    def _load(self) -> None:
        gc.freeze()
        gc.disable()  # a pause of ours would count as the server's latency
        pace = self._plan.pace
        if isinstance(pace, Open):
            self._load_open(pace.rate)
        elif isinstance(pace, Deaf):
            self._hear_nothing()
        else:
            self._load_closed(pace if isinstance(pace, Closed) else Closed(0, by_reply=False))

    def _load_closed(self, pace: Closed) -> None:
        for sender in self._senders.values():
            self._say(sender, pace.window)
        while self._board.phase != Phase.STOP:
            for descriptor, mask in self._epoll.poll(0.05):
                if mask & select.EPOLLOUT:
                    self._write(self._senders[descriptor], b"")
                delivered, replied = self._read(descriptor)
                answered = replied if pace.by_reply else delivered
                if answered and descriptor in self._senders:
                    self._say(self._senders[descriptor], answered)
            self._board.publish()

    def _load_open(self, rate: float) -> None:
        interval = 1e9 / rate
        senders = list(self._senders.values())
        begin = time.monotonic_ns()
        count = 0
        ready = [self._epoll.fileno()]
        while self._board.phase != Phase.STOP:
            now = time.monotonic_ns()
            while (due := begin + int(count * interval)) <= now:
                if self._recording:
                    self._tally.late.append(now - due)
                self._write(senders[count % len(senders)], senders[count % len(senders)].frame(due))
                count += 1
            self._counts[Counter.SENT] = count
            self._board.publish()
            # epoll's timeout has milliseconds only, select's has microseconds
            select.select(ready, (), (), max(0.0, (due - time.monotonic_ns()) / 1e9))
            for descriptor, mask in self._epoll.poll(0):
                if mask & select.EPOLLOUT:
                    self._write(self._senders[descriptor], b"")
                self._read(descriptor)

    def _hear_nothing(self) -> None:
        while self._board.phase != Phase.STOP:
            time.sleep(0.02)
            self._board.publish()

    @property
    def _recording(self) -> bool:
        return self._board.phase == Phase.RECORD

    def _say(self, sender: _Sender, count: int) -> None:
        """Send so many messages with the present time, each stamp used once: the nonce is made of it."""
        if count == 0:
            return
        stamp = max(time.monotonic_ns(), self._stamp + 1)
        self._stamp = stamp + count - 1
        if count == 1:
            self._write(sender, sender.frame(stamp))
        else:
            self._write(sender, b"".join([sender.frame(stamp + n) for n in range(count)]))
        self._counts[Counter.SENT] += count

    def _write(self, sender: _Sender, data: bytes) -> None:
        data = sender.pending + data if sender.pending else data
        try:
            sent = sender.sock.send(data)
        except BlockingIOError:
            sent = 0
        except OSError:
            return  # the read tells
        if sent < len(data):
            sender.pending = data[sent:]
            self._epoll.modify(sender.sock.fileno(), select.EPOLLIN | select.EPOLLOUT)
        elif sender.pending:
            sender.pending = b""
            self._epoll.modify(sender.sock.fileno(), select.EPOLLIN)

    def _read(self, descriptor: int) -> tuple[int, int]:
        """Read once. Returns the deliveries and the replies whose marks are in these bytes."""
        buffer, counts = self._buffer, self._counts
        try:
            size = self._receive[descriptor](self._inbox)
        except BlockingIOError:
            return 0, 0
        except OSError:
            size = 0
        if size == 0:
            self._lost(descriptor)
            return 0, 0
        end = size
        if self._overlap:
            buffer[: self._overlap] = self._tails.get(descriptor, bytes(self._overlap))
            end += self._overlap
            self._tails[descriptor] = bytes(buffer[size:end])
        delivered = buffer.count(self._delivery, 0, end)
        counts[Counter.DELIVERED] += delivered
        replied = 0
        if descriptor in self._senders:
            replied = buffer.count(self._reply, 0, end)
            counts[Counter.REPLIED] += replied
            self._note_replies(end)
        else:
            counts[Counter.LISTENER_DELIVERED] += delivered
            counts[Counter.LISTENER_BYTES] += size
        self._reads += 1
        if self._reads % self._sample == 0 and delivered and self._recording:
            self._note(self._tally.deliveries, buffer.find(self._delivery, 0, end), end)
        if buffer.find(self._ping, 0, end) >= 0:
            self._answer_ping(descriptor)
        return delivered, replied

    def _note_replies(self, size: int) -> None:
        buffer = self._buffer
        if buffer.find(b'"error"', 0, size) >= 0:
            self._tally.errors += 1
            self._tally.complaint = self._tally.complaint or bytes(buffer[: min(size, 300)]).decode("latin-1")
        if isinstance(self._plan.pace, Open) and self._recording:
            now = time.monotonic_ns()
            found = buffer.find(self._reply, 0, size)
            while found >= 0:
                self._note(self._tally.replies, found, size, now)
                found = buffer.find(self._reply, found + 1, size)

    def _note(self, samples: list[int], mark: int, size: int, now: int = 0) -> None:
        """Note the age of the stamp after a mark, unless the read was cut within it."""
        end = mark + 1 + DIGITS
        if end <= size:
            samples.append((now or time.monotonic_ns()) - int(self._buffer[mark + 1 : end]))

    def _answer_ping(self, descriptor: int) -> None:
        """A length byte can look like a ping; an answer that nobody asked for does no harm (RFC 6455 section 5.5.3)."""
        with suppress(OSError):
            self._socks[descriptor].send(self._pong)

    def _lost(self, descriptor: int) -> None:
        self._epoll.unregister(descriptor)
        self._counts[Counter.LOST] += 1
        self._board.publish()
        raise GeneratorError("the server closed a connection")
