"""The long-polling transport of one Engine.IO session: a short buffer and at most one waiting poll."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from hubbub.errors import CloseCode
from hubbub.wire import engineio
from hubbub.wire.engineio import UpgradeProbe

from .request_flow import RequestFlow

if TYPE_CHECKING:
    from .engineio import EngineSession


PACKETS_MAX: Final = 16
"""Packets in one body. python-engineio's client refuses more, and ends its session."""


_TOLD_SECONDS: Final = 1.0
"""How long a client whose request ends its session waits for the answer while the other one is being sent."""


class PollingTransport:
    """Packets wait here until the client polls. Above `write_buffer_bytes` its connection is told that it lags.

    Attributes:
        flow: how fast it may post.
        posting: a POST of this session is being read; a second one at the same time is an error.
    """

    __slots__ = (
        "_answered",
        "_bytes",
        "_congested",
        "_packets",
        "_session",
        "_waiter",
        "flow",
        "peer",
        "posting",
        "probe",
        "silent",
        "slot",
    )

    def __init__(self, session: EngineSession, peer: str) -> None:
        self._session = session
        self.peer = peer
        self._packets: deque[bytes] = deque()  # each one packet, or several joined
        self._bytes = 0
        self._waiter: asyncio.Future[None] | None = None
        self._congested = False
        self._answered: asyncio.Future[None] | None = None
        self.flow = RequestFlow(session.context)
        self.posting = False
        self.probe: UpgradeProbe | None = None
        self.silent: float = 0
        self.slot = -1
        session.context.heartbeat.add(self)

    @property
    def waiting(self) -> bool:
        """Whether a poll is pending."""
        return self._waiter is not None

    @property
    def unsent_bytes(self) -> int:
        """What waits for the next polls."""
        return self._bytes

    @property
    def busy(self) -> bool:
        """Something waits for the client, which has not asked again yet."""
        return self._bytes > 0 and self._waiter is None

    def put(self, data: bytes) -> None:
        """Buffer one packet, or several that are joined by the separator."""
        if not self._session.open:
            return
        self._packets.append(data)
        self._bytes += len(data)
        self.release()
        if self._bytes > self._session.context.settings.write_buffer_bytes and not self._congested:
            self._congested = True
            self.flow.congest()
            context = self._session.context
            context.fill(self, self.peer, context.settings.write_buffer_bytes, self._cut_unread)
            self._session.congested()

    def _cut_unread(self) -> None:
        self._session.close("too slow", CloseCode.TOO_SLOW, "read faster")

    def take(self) -> list[bytes]:
        """Everything that is buffered, one entry per packet."""
        packets, self._packets, self._bytes = self._packets, deque(), 0
        self._relieve()
        return [packet for entry in packets for packet in entry.split(engineio.SEPARATOR)]

    def _take_some(self) -> list[bytes]:
        """As many packets as one body may have."""
        some: list[bytes] = []
        while self._packets and len(some) < PACKETS_MAX:
            entry = self._packets.popleft()
            self._bytes -= len(entry)
            found = entry.split(engineio.SEPARATOR, PACKETS_MAX - len(some))
            if len(some) + len(found) > PACKETS_MAX:  # the last one is what did not fit, unsplit
                rest = found.pop()
                self._packets.appendleft(rest)
                self._bytes += len(rest)
            some += found
        self._relieve()
        return some

    def _relieve(self) -> None:
        context = self._session.context
        if self._congested and self._bytes <= context.settings.write_buffer_bytes // 2:
            self._congested = False
            context.waiting.leave(self)
            context.loop.call_soon(self._session.relieved)
            self.flow.relieve()

    def ready(self) -> bytes | None:
        """The body for a poll that need not wait: there are packets, an upgrade drains polls, or it is over."""
        if self._packets:
            return engineio.encode_payload(self._take_some())
        if not self._session.open:
            return engineio.CLOSE
        if self.probe is not None and self.probe.drains_polls:
            return engineio.NOOP
        return None

    async def poll(self) -> bytes:
        """Wait until there is a body. One at a time."""
        body = self.ready()  # something may have come before this began
        if body is not None:
            return body
        self._waiter = self._session.context.loop.create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None
        return self.ready() or engineio.NOOP

    async def told(self) -> None:
        """Wait until the poll that is pending has its answer: it says why the session has ended."""
        if self.waiting:
            self._answered = self._session.context.loop.create_future()
            await asyncio.wait((self._answered,), timeout=_TOLD_SECONDS)

    def answered(self) -> None:
        """The answer of a poll has been sent."""
        if self._answered is not None and not self._answered.done():
            self._answered.set_result(None)

    def release(self) -> None:
        """Let the pending poll go with what there is."""
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    @contextlib.contextmanager
    def last_words(self, *, keep: bool) -> Iterator[None]:
        """What is put meanwhile says why the session ends. `keep`: who is not polling may ask for it later."""
        if self.waiting:
            yield
            return
        self.take()  # it would never be asked for
        yield
        words = engineio.encode_payload(self.take())
        if keep and words:
            self._session.context.ended_sessions.keep(self._session.sid, words)

    def end(self) -> None:
        self._session.context.heartbeat.remove(self)
        self.release()
        self._session.context.waiting.leave(self)
        self.flow.end()

    # Pulse

    def ping(self) -> None:
        self.put(engineio.PING)

    def dead(self) -> None:
        self._session.close("ping timeout", CloseCode.HEARTBEAT_LOST, "no answer to a ping")

    def retire(self) -> None:
        self._session.close("server shutting down", CloseCode.SERVER_RESTART, "server restart")
