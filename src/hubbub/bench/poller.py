"""One generator process that polls: many Engine.IO sessions, each with a request on its way (Engine.IO 4, HTTP
long-polling). What answers bring is counted by its marks; nothing else of it is looked at.
"""

from __future__ import annotations

import gc
import re
import select
import socket
import time
from collections.abc import Sequence

from .board import Board, GeneratorError
from .dialects import DIALECTS, Member, Step
from .plan import Counter, Phase, Plan, Rounds, Tally

_SEPARATOR = b"\x1e"
_BODY_PACKETS = 16  # in one body: python-engineio refuses more
_READ_BYTES = 262_144
_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
_SID = re.compile(rb'"sid":"([^"]+)"')
_PING, _PONG = b"2", b"3"


class Poller:
    """Runs one `Plan` of `Rounds`. The first member speaks, on a connection of its own; everybody polls."""

    def __init__(self, plan: Plan, board: Board) -> None:
        assert isinstance(plan.pace, Rounds)
        self._plan = plan
        self._burst = plan.pace.burst
        self._board = board
        self._dialect = DIALECTS[plan.dialect]
        self._sessions: dict[int, _Session] = {}
        self._epoll = select.epoll()
        self._stamp = 0

    def run(self) -> Tally:
        """Connect, then poll until the parent says stop."""
        tally = Tally([], [], [])
        try:
            self._connect_all()
            while self._board.phase == Phase.CONNECT:
                self._take(0.005)
            self._load()
        except GeneratorError as failure:
            tally.failure = str(failure)
        except OSError as failure:
            tally.failure = f"a connection failed: {failure.strerror or failure}"
        finally:
            for session in self._sessions.values():
                session.http.close()
            self._epoll.close()
        return tally

    def _connect_all(self) -> None:
        deadline = time.monotonic() + self._plan.connect_seconds
        for member in self._plan.members:
            session = _Session(_Http(self._plan.address), self._dialect.path.replace("=websocket", "=polling"), member)
            self._sessions[session.http.descriptor] = session
            session.greet(self._dialect.greeting(member))
            session.http.write(session.poll)  # at once, and pings are answered: servers close what is idle
            self._epoll.register(session.http.descriptor, select.EPOLLIN)
            self._take(0)
            self._board.counts[Counter.READY] += 1
            self._board.publish()
            if time.monotonic() > deadline:
                raise GeneratorError(f"only {len(self._sessions)} sessions got ready in time")

    def _load(self) -> None:
        gc.freeze()
        gc.disable()
        first, *_ = self._sessions.values()
        speaker = _Http(self._plan.address)
        try:
            self._rounds(speaker, first)
        finally:
            speaker.close()

    def _rounds(self, speaker: _Http, first: _Session) -> None:
        while self._board.phase != Phase.STOP:
            self._speak(speaker, first)
            waiting = len(self._sessions)
            while waiting and self._board.phase != Phase.STOP:
                waiting -= self._take(0.05)

    def _speak(self, speaker: _Http, session: _Session) -> None:
        """Say a burst; every stamp is used once, the nonce is made of it."""
        template = self._dialect.templates(session.member, self._plan.text_bytes)[0]
        places = template.count(b"%019d")
        self._stamp = max(time.monotonic_ns(), self._stamp + 1)
        packets = [template % ((self._stamp + n,) * places) for n in range(self._burst)]
        self._stamp += self._burst
        for begin in range(0, len(packets), _BODY_PACKETS):
            speaker.ask(session.post(packets[begin : begin + _BODY_PACKETS]))
        self._board.counts[Counter.SENT] += len(packets)

    def _take(self, seconds: float) -> int:
        """Read what comes within this time. Returns how many sessions have completed their round."""
        completed = sum([self._answered(self._sessions[descriptor]) for descriptor, _ in self._epoll.poll(seconds)])
        self._board.publish()
        return completed

    def _answered(self, session: _Session) -> int:
        """Read what has come. Returns 1 when it completes the session's round."""
        body = session.http.read()
        if body is None:
            return 0
        if session.ponging:
            session.ponging = False
            session.http.write(session.poll)
            return 0
        delivered = body.count(self._dialect.delivery)
        counts = self._board.counts
        counts[Counter.DELIVERED] += delivered
        counts[Counter.POLLS] += bool(delivered)
        session.ponging = body.startswith(_PING) or _SEPARATOR + _PING in body
        session.http.write(session.post([_PONG]) if session.ponging else session.poll)
        session.got += delivered
        if session.got < self._burst:
            return 0
        session.got -= self._burst
        return 1


class _Http:
    """A keep-alive connection: one request at a time, answers with a length or in chunks (RFC 9112 section 6)."""

    __slots__ = ("_data", "_sock")

    def __init__(self, address: tuple[str, int]) -> None:
        self._sock = socket.create_connection(address, timeout=20.0)
        self._sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._data = b""

    @property
    def descriptor(self) -> int:
        return self._sock.fileno()

    def close(self) -> None:
        self._sock.close()

    def write(self, request: bytes) -> None:
        self._sock.sendall(request)

    def ask(self, request: bytes) -> bytes:
        """The answer's body."""
        self.write(request)
        while (body := self.read()) is None:
            pass
        return body

    def read(self) -> bytes | None:
        """Read once. The answer's body when it is whole. Raises GeneratorError when the server refuses or hangs up."""
        data = self._sock.recv(_READ_BYTES)
        if not data:
            raise GeneratorError("the server closed a connection")
        self._data = data = self._data + data if self._data else data
        head = data.find(b"\r\n\r\n")
        if head < 0:
            return None
        if not data.startswith(b"HTTP/1.1 200"):
            raise GeneratorError(f"the server answered {data[:200].decode('latin-1')!r}")
        length = _LENGTH.search(data, 0, head)
        body = _chunks(data[head + 4 :]) if length is None else data[head + 4 :]
        if body is None or (length is not None and len(body) < int(length[1])):
            return None
        self._data = b""
        return body


def _chunks(data: bytes) -> bytes | None:
    """The chunks put together (RFC 9112 section 7.1); None: the last one has not come."""
    body, begin = b"", 0
    while (end := data.find(b"\r\n", begin)) >= 0:
        size = int(data[begin:end], 16)
        begin = end + 2 + size + 2
        if len(data) < begin:
            return None
        if size == 0:
            return body
        body += data[end + 2 : begin - 2]
    return None


class _Session:
    """One Engine.IO session and the connection that it polls on.

    Attributes:
        poll: the request.
        ponging: a ping is being answered, by a request in the poll's place.
        got: deliveries of the present round.
    """

    __slots__ = ("_target", "got", "http", "member", "poll", "ponging")

    def __init__(self, http: _Http, path: str, member: Member) -> None:
        self.http = http
        self.member = member
        self._target = path.format(name=member.user)
        self.poll = b""
        self.ponging = False
        self.got = 0

    def greet(self, steps: Sequence[Step]) -> None:
        """Open the session and go through the steps, waiting for each answer."""
        seen = self.http.ask(self._get())
        sid = _SID.search(seen)
        if sid is None:
            raise GeneratorError(f"no session: {seen[:200].decode('latin-1')}")
        self._target += f"&sid={sid[1].decode()}"
        self.poll = self._get()
        for step in steps:
            while step.expect not in seen:
                seen += self.http.ask(self.poll)
                if b'44{"message"' in seen or b'"error"' in seen:
                    raise GeneratorError(f"the server refused a session: {seen[-200:].decode('latin-1')}")
            if step.say:
                self.http.ask(self.post(step.say))

    def post(self, packets: Sequence[bytes]) -> bytes:
        body = _SEPARATOR.join(packets)
        head = f"POST {self._target} HTTP/1.1\r\nHost: bench\r\nContent-Type: text/plain;charset=UTF-8\r\n"
        return head.encode() + b"Content-Length: %d\r\n\r\n" % len(body) + body

    def _get(self) -> bytes:
        return f"GET {self._target} HTTP/1.1\r\nHost: bench\r\n\r\n".encode()
