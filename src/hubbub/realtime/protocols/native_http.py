"""Clients of the native wire that have no WebSocket: Server-Sent Events or long-polling down, POST up."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable, Sequence
from typing import Final

from msgspec import Struct

from hubbub.errors import BadJson, CloseCode, Disconnect, HubbubError, RateLimited, retry_after_seconds
from hubbub.realtime.core.connection import Connection, Handshake, ended_by
from hubbub.realtime.core.meter import REFUSED_UNITS
from hubbub.realtime.fanout.group import Outgoing
from hubbub.realtime.transports.request_flow import RequestFlow
from hubbub.wire.rejection import CommandError

from .base_connection import BaseConnection, GatewayContext, Holding
from .codec import NativeWire

_LAST_WORDS_SECONDS: Final = 10.0
"""How long a client that does not poll at this moment may ask why its connection has ended."""


class SseLane:
    """Native JSON as events of a `text/event-stream` (HTML Living Standard section 9.2)."""

    transport: Final = "sse"

    def __init__(self, native: NativeWire) -> None:
        self.native = native
        self.wire = native.name

    @functools.cached_property
    def holding(self) -> SseLane:
        """Where its connections sit until they are accepted."""
        return HoldingSseLane(self)

    def wrap(self, body: bytes) -> bytes:
        return b"data: %b\n\n" % body

    def encode(self, outgoing: Outgoing) -> bytes:
        return self.wrap(self.native.encode(outgoing))

    def join(self, parts: Sequence[bytes]) -> bytes:
        return b"".join(parts)

    def write(self, members: Sequence[Connection], data: bytes) -> None:
        for member in members:
            member.put(data)  # type: ignore[attr-defined]  # only NativeHttpConnections are in this lane


class PollingLane(SseLane):
    """Native JSON, objects separated by commas: the inside of an array."""

    transport: Final = "polling"  # type: ignore[misc]

    @functools.cached_property
    def holding(self) -> SseLane:
        return HoldingPollingLane(self)

    def wrap(self, body: bytes) -> bytes:
        return body

    def join(self, parts: Sequence[bytes]) -> bytes:
        return b",".join(parts)


class HoldingSseLane(Holding, SseLane):
    """Those that the handler has not accepted yet."""

    def __init__(self, sending: SseLane) -> None:
        super().__init__(sending.native)
        self.sending = sending


class HoldingPollingLane(Holding, PollingLane):
    """The same."""

    def __init__(self, sending: PollingLane) -> None:
        super().__init__(sending.native)
        self.sending = sending


class NativeHttpConnection(BaseConnection):
    """One client without a WebSocket.

    What is meant for it waits here until its stream or its next poll takes it. Above `write_buffer_bytes` it counts
    as lagging and becomes a cursor, as on every transport, so that the buffer is bounded.

    Attributes:
        flow: how fast it may post.
        key: the secret in the URLs of its requests.
        posting: a POST is being read; commands take effect in order, so a second one waits for its turn.
    """

    __slots__ = ("_buffer", "_forget", "_peer", "_size", "_waiter", "flow", "key", "posting", "silent", "slot")

    lane: SseLane

    def __init__(
        self,
        context: GatewayContext,
        lane: SseLane,
        key: str,
        peer: str,
        forget: Callable[[NativeHttpConnection], None],
    ) -> None:
        super().__init__(context, lane.holding)
        self.key = key
        self.posting = asyncio.Lock()
        self.silent: float = 0
        self.slot = -1
        self._peer = peer
        self._forget = forget
        self._buffer: list[bytes] = []
        self._size = 0
        self._waiter: asyncio.Future[None] | None = None
        self.flow = RequestFlow(context)

    def open(self, handshake: Handshake) -> None:
        self.context.heartbeat.add(self)
        self.begin(handshake)

    @property
    def peer(self) -> str:
        return self._peer

    @property
    def base(self) -> str:
        """The first part of its path."""
        return "sse" if self.lane.transport == "sse" else "poll"

    # the buffer

    def put(self, data: bytes) -> None:
        """Keep bytes of this connection's lane."""
        if self.closed:
            return
        self._buffer.append(data)
        self._size += len(data)
        self.release()
        if self._size > self.context.settings.write_buffer_bytes and not self.paused:
            self.congested()

    def take(self) -> bytes:
        """Everything that waits, joined; empty when nothing does."""
        parts, self._buffer, self._size = self._buffer, [], 0
        if self.paused:
            self.context.loop.call_soon(self.relieved)
        return self.lane.join(parts) if parts else b""

    def congested(self) -> None:
        self.flow.congest()
        self.context.fill(self, self._peer, self.context.settings.write_buffer_bytes, self._cut_unread)
        super().congested()

    def _cut_unread(self) -> None:
        self._buffer.clear()
        self.disconnect(Disconnect(CloseCode.TOO_SLOW, "read faster"))

    def relieved(self) -> None:
        self.context.waiting.leave(self)
        super().relieved()
        self.flow.relieve()

    @property
    def waiting(self) -> bool:
        """Whether somebody is in `wait`."""
        return self._waiter is not None

    async def wait(self) -> None:
        """Return when there is something to take, or when it has ended. One at a time."""
        if self._buffer or self.closed:
            return
        self._waiter = self.context.loop.create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def release(self) -> None:
        """End the wait."""
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    # Connection

    @property
    def unsent_bytes(self) -> int:
        return self._size

    def emit(self, outgoing: Outgoing) -> None:
        self._say(self.lane.encode(outgoing))

    def emit_many(self, outgoing: Sequence[Outgoing]) -> None:
        self._say(self.lane.join([self.lane.encode(one) for one in outgoing]))

    def reply(self, ref: int | str, ok: Struct) -> None:
        self._say(self.lane.wrap(self.lane.native.encode_reply(ref, ok)))

    def charge(self, units: int) -> None:
        self.flow.charge(units, noise=False)

    def pause_reading(self) -> None:
        self.flow.hold()

    def resume_reading(self) -> None:
        self.flow.read_on()

    def fail(self, ref: int | str | None, error: HubbubError) -> None:
        if not error.retryable:
            self.flow.charge(REFUSED_UNITS)
        self._say(self.lane.wrap(self.lane.native.encode_error(ref, error)))

    def disconnect(self, why: Disconnect) -> None:
        self._end(int(why.code), why.reason, ended_by(why))

    def dismiss(self) -> None:
        self._end(int(CloseCode.SESSION_ENDED), "disconnected by the server", "server namespace disconnect")

    def accepted(self) -> None:
        if isinstance(self.lane, HoldingSseLane | HoldingPollingLane):
            self.sit(self.lane.sending)
        if held := self.take_held():
            self.put(self.lane.join(held))

    def refuse(self, error: HubbubError) -> None:
        self.take_held()
        self.fail(None, error)
        limited = isinstance(error, RateLimited)
        self._end(int(CloseCode.RATE_LIMITED if limited else CloseCode.AUTH_TIMEOUT), error.code, "refused")

    def text(self, payload: bytes) -> None:
        """One command that was posted."""
        self.silent = 0
        try:
            command = self.lane.native.decode(payload)
        except CommandError as rejected:
            self.fail(rejected.ref, rejected.error)
        except BadJson as rejected:
            self.fail(None, rejected)
        else:
            self.deliver(command)

    def lost(self, reason: str) -> None:
        """Its stream is gone, or it polls no more."""
        if not self.closed:
            self._leave(reason)
        self._forget(self)
        self._buffer, self._size = [], 0
        self.release()

    def _say(self, data: bytes) -> None:
        if self._held is not None:
            self.hold(data)
        else:
            self.put(data)

    def _leave(self, reason: str) -> None:
        self.context.heartbeat.remove(self)
        self.gone(reason)
        self.context.waiting.leave(self)
        self.flow.end()

    def _end(self, code: int, reason: str, because: str) -> None:
        """Say `closing`, the WebSocket's close frame in this transport's words; then it is over."""
        if not self.closed:
            seconds = retry_after_seconds(code)
            last = b"" if seconds is None else b',"retry_after_seconds":%d' % seconds
            self.put(self.lane.wrap(b'{"type":"closing","code":%d,"reason":"%b"%b}' % (code, _plain(reason), last)))
            self._leave(because)
            self.context.loop.call_later(_LAST_WORDS_SECONDS, self._forget, self)

    # Pulse

    def ping(self) -> None:
        """A sign of life that keeps proxies from closing a quiet response."""
        if self.lane.transport == "sse":
            self.silent = 0  # nothing answers on an event stream: TCP finds out whether it is alive
            self.put(b": ping\n\n")
        elif self.waiting:
            self.silent = 0
            self.release()

    def dead(self) -> None:
        self._end(int(CloseCode.HEARTBEAT_LOST), "no answer to a ping", "ping timeout")

    def retire(self) -> None:
        self._end(int(CloseCode.SERVER_RESTART), "server restart", "server shutting down")


def _plain(text: str) -> bytes:
    return bytes(c if 32 <= c < 127 and c not in b'"\\' else 0x3F for c in text.encode())
