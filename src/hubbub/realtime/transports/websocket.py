"""One WebSocket on the event loop: bytes from uvloop to the sans-I/O decoder, frames back, and the end of it."""

from __future__ import annotations

import asyncio
import logging
import math
from typing import Final, Protocol

from hubbub.errors import CloseCode
from hubbub.realtime.core.meter import CONTROL_UNITS, FREE_UNITS, TransportMeter
from hubbub.realtime.core.turns import STEP_UNITS
from hubbub.realtime.fanout.direct_write import WritableTransport
from hubbub.wire.websocket import (
    BINARY,
    CLOSE,
    PING,
    PONG,
    TEXT,
    Decoder,
    Failure,
    close_code,
    close_frame,
    ends_with_close,
    frame,
)

from .context import TransportContext

logger = logging.getLogger(__name__)

_HELD_BYTES: Final = 16_384  # of a message whose end has not arrived: fewer are not counted
_FIRST_UNITS: Final = 1  # of what was just read, while others wait for their turn to go on
_PAY_UNITS: Final = FREE_UNITS + 50  # paid for together: a look at the clock for each command would cost 2 %
_CLOSE_SECONDS: Final = 3.0
_BUSY_BYTES: Final = 16384  # what one tick writes waits for its end in any case
_EMPTY_PING: Final = frame(PING, b"")

# All connections of a process read into this one buffer: the loop is one thread, and the decoder copies what it keeps.
# An idle connection therefore owns no read buffer (measured: 1.4 KB a connection instead of 65).
# A socket that fills it would be read on at once, up to 32 times in one turn of the loop: see `buffer_updated`.
_READ_BYTES: Final = 65536
_read_buffer: Final = bytearray(_READ_BYTES)
_read_view: Final = memoryview(_read_buffer)

# Why a link is not read; several may hold at once.
_CONGESTED: Final = 1  # it does not read its answers
_HELD: Final = 2  # its endpoint has enough for now
_WAITS: Final = 4  # it has used its budget and waits for its turn
_SLOWED: Final = 8  # it has used its rate
_STOPPED: Final = _CONGESTED | _HELD | _SLOWED


_ENDED: Final = Decoder(0)


class MessageHandler(Protocol):
    """Who gets what arrives on a link: one of the two wires."""

    def text(self, payload: bytes) -> None: ...

    def binary(self, payload: bytes) -> None: ...

    def ping(self) -> None:
        """The heartbeat asks: send something that the client must answer."""
        ...

    def congested(self) -> None:
        """The write buffer went above its limit. Called inside a write: only take a note."""
        ...

    def relieved(self) -> None:
        """The write buffer is empty enough again."""
        ...

    def ending(self, code: int, reason: str) -> None:
        """The server is about to end the link with this close code: the last words may be written now."""
        ...

    def lost(self, reason: str) -> None:
        """The link is closing or gone. Called once; nothing is delivered after it."""
        ...


class WebSocketTransport(asyncio.BufferedProtocol, WritableTransport):
    """A WebSocket after its opening handshake.

    It is the transport's protocol from the upgrade on. Close handshake: RFC 6455 section 7.

    Attributes:
        forwarded: the client's address when a trusted proxy stands between, None when it is the transport's.
    """

    __slots__ = (
        "_closing",
        "_context",
        "_decoder",
        "_meter",
        "_spent",
        "_stops",
        "_undelivered",
        "endpoint",
        "forwarded",
        "silent",
        "slot",
        "transport",
    )

    def __init__(self, transport: asyncio.Transport, context: TransportContext, *, deflate: bool = False) -> None:
        self.transport = transport
        self._context = context
        self.endpoint: MessageHandler | None = None
        self.forwarded: str | None = None
        self.silent: float = 0
        self.slot = -1
        self._decoder = Decoder(context.settings.message_bytes, deflate=deflate)
        self._closing = False
        self._stops = 0
        self._undelivered: list[tuple[int, bytes]] | None = None  # the endpoint did not want more for now
        self._spent = 0  # units of work since the last heartbeat, as long as they are free
        self._meter: TransportMeter | None = None  # those beyond
        context.links += 1
        context.unsent.note(self)  # the answer to its handshake

    def open(self, endpoint: MessageHandler) -> None:
        """Begin: what arrives goes to `endpoint`."""
        self.endpoint = endpoint
        self._context.heartbeat.add(self)

    @property
    def peer(self) -> str:
        """The client's address; empty when unknown."""
        return self.forwarded or peer_of(self.transport)

    @property
    def busy(self) -> bool:
        """The kernel takes no more: what is written waits in this process."""
        return self.transport.get_write_buffer_size() > _BUSY_BYTES

    # WritableTransport

    @property
    def descriptor(self) -> int:
        transport = self.transport
        if transport.get_extra_info("sslcontext") is not None:
            return -1
        socket = transport.get_extra_info("socket")
        return -1 if socket is None else int(socket.fileno())

    @property
    def unsent_bytes(self) -> int:
        return self.transport.get_write_buffer_size()

    def write(self, data: bytes) -> None:
        self._context.unsent.note(self)
        self.transport.write(data)

    # asyncio.BufferedProtocol

    def get_buffer(self, sizehint: int) -> bytearray:
        return _read_buffer

    def buffer_updated(self, nbytes: int) -> None:
        if nbytes == _READ_BYTES:  # there is more: let others be read first
            self._wait_for_turn()
        self.feed(_read_view[:nbytes])

    def feed(self, data: memoryview | bytes) -> None:
        """Take bytes that arrived."""
        self.silent = 0
        if self._stops & ~_WAITS or self._undelivered is not None or self._decoder.waiting:
            self._decoder.keep(data)  # it was on its way already
        else:
            self._step(data, _FIRST_UNITS if self._context.turns.busy else STEP_UNITS)

    def _step(self, data: memoryview | bytes, units: int) -> None:
        """Deliver what one budget allows, first what was left over; the rest waits for the link's next turn."""
        decoder = self._decoder
        if decoder.failure is not None and self._closing:  # nothing is decoded any more
            if ends_with_close(data):
                self.transport.close()
            return
        messages = self._undelivered
        if messages is None:
            messages = decoder.feed(data, units)
            self._spent += decoder.spent or 1
            if not messages:
                self._holds(decoder)
            elif self._context.waiting.holders:
                self._context.waiting.leave(decoder)
        else:
            self._undelivered = None
        rest = iter(messages)
        for opcode, payload in rest:
            endpoint = self.endpoint
            if endpoint is None:  # it has ended: all but the client's close frame is too late
                if opcode == CLOSE:
                    self.transport.close()
                    return
                continue
            if opcode == TEXT:
                endpoint.text(payload)
            elif opcode == BINARY:
                endpoint.binary(payload)
            elif opcode == CLOSE:
                code = close_code(payload)
                self._begin_close(close_frame(code), "transport close")
                self.transport.close()
                return
            else:
                self.charge(CONTROL_UNITS)
                if opcode == PING:
                    self.write(frame(PONG, payload))
            if self._stops & _STOPPED:
                self._undelivered = [*rest] or None
                break
        if self._spent > _PAY_UNITS:
            self._pay()
        if decoder.waiting or self._undelivered is not None:
            self._wait_for_turn()
        elif decoder.failure is not None and not self._closing:
            self.broken(decoder.failure)

    def _holds(self, decoder: Decoder) -> None:
        """What has arrived is the beginning of a message, which may never end."""
        if self._meter is not None:
            self._meter.noise += decoder.spent
        size = decoder.held_bytes
        context = self._context
        if size > _HELD_BYTES and decoder not in context.waiting:
            most = context.settings.message_bytes
            context.fill(decoder, self.peer, most, self._cut_unfinished, stuck=lambda: decoder.held_bytes == size)

    def _cut_unfinished(self) -> None:
        self.close(CloseCode.RATE_LIMITED, "unfinished message", because="rate limited")

    def _wait_for_turn(self) -> None:
        if not self._stops & _WAITS:
            self._stop(_WAITS)
            self._context.turns.add(self)

    def go_on(self) -> bool:
        """Its turn has come (turns.Worker)."""
        if self.transport.is_closing():
            return False
        if self._stops & _STOPPED:  # nothing more for now; whoever lets it go on asks for a new turn
            self._stops &= ~_WAITS
            return False
        if self._decoder.waiting or self._undelivered is not None:
            self._step(b"", STEP_UNITS)
            if self._decoder.waiting or self._undelivered is not None:
                return True
        self._resume(_WAITS)
        return False

    def _stop(self, why: int) -> None:
        """Read no more until `_resume` is called with all reasons that there are."""
        if not self._stops and not self.transport.is_closing():
            self.transport.pause_reading()
        self._stops |= why

    def _resume(self, why: int) -> None:
        if why & self._stops & _CONGESTED:
            self._context.waiting.leave(self)
        self._stops &= ~why
        if self._stops & ~_WAITS:
            return
        if self._decoder.waiting or self._undelivered is not None:
            self._wait_for_turn()
        elif not self._stops and not self.transport.is_closing():
            self.transport.resume_reading()

    def charge(self, units: int, *, noise: bool = True) -> None:
        """What it asked for is more work than its frame; `noise`: for nothing."""
        self._spent += units
        if noise and self._meter is not None:
            self._meter.noise += units

    def _pay(self) -> None:
        """Beyond what is free. Who is in debt is not read until it is paid; who makes nothing but noise is closed."""
        context = self._context
        rate = context.rate
        spent, self._spent = self._spent, FREE_UNITS
        if rate is None or self.endpoint is None:
            return
        now = context.loop.time()
        meter = self._meter
        if meter is None:
            meter = self._meter = TransportMeter(rate, now)
        seconds = meter.pay(spent - FREE_UNITS, now)
        if not seconds or self._stops & _SLOWED:
            return
        if seconds == math.inf:
            context.limited += 1
            self.close(CloseCode.RATE_LIMITED, "too much at once", because="rate limited")
            return
        context.slowed += 1
        self._stop(_SLOWED)
        context.loop.call_later(seconds, self._resume, _SLOWED)

    def broken(self, failure: Failure) -> None:
        """The client broke the protocol; what it said before has been delivered."""
        self._context.throttled_log.info(logger, "broken", "closing a WebSocket of %s: %s", self.peer, failure)
        self.close(failure.code, failure.reason, because="parse error")
        # What the client sends now is read and dropped until it answers the close frame, or sees the end of the stream.
        if self.transport.can_write_eof() and not self.transport.is_closing():
            self.transport.write_eof()

    def eof_received(self) -> None:
        """Half-open is not a state of a WebSocket: asyncio closes the transport."""

    def connection_lost(self, exc: Exception | None) -> None:
        self._context.links -= 1
        self._context.unsent.forget(self)
        self._context.goodbyes.discard(self)
        self._context.waiting.leave(self._decoder)
        # This object stays until the collector comes by: a half message or a read of 64 KB must not stay with it.
        self._decoder, self._undelivered = _ENDED, None
        self._context.waiting.leave(self)
        self._end("transport close")

    def pause_writing(self) -> None:
        # a client that does not read its answers is not read either: what it asks for must not pile up here
        if self.endpoint is not None:
            self._stop(_CONGESTED)
            most, unsent = self._context.settings.write_buffer_bytes, self.unsent_bytes
            self._context.fill(self, self.peer, most, self._cut_unread, stuck=lambda: self.unsent_bytes >= unsent)
            self.endpoint.congested()

    def _cut_unread(self) -> None:
        self.close(CloseCode.TOO_SLOW, "read faster", because="too slow")
        self.transport.abort()

    def resume_writing(self) -> None:
        self.silent = 0
        self._resume(_CONGESTED)
        if self.endpoint is not None:
            self.endpoint.relieved()

    def hold(self) -> None:
        """The endpoint has enough for now: nothing further is delivered, and no more is read."""
        if self.endpoint is not None:
            self._stop(_HELD)

    def read_on(self) -> None:
        """The endpoint has room again. Harmless when it always had."""
        if self._stops & _HELD:
            self.silent = 0
            self._resume(_HELD)

    # Pulse

    def ping(self) -> None:
        self._spent = 0
        if self._meter is not None and self._meter.full(self._context.loop.time()):
            self._meter = None
        if self.endpoint is not None:
            self.endpoint.ping()

    def ping_frame(self) -> None:
        """Send an RFC 6455 ping (section 5.5.2)."""
        self.write(_EMPTY_PING)

    def dead(self) -> None:
        if self._stops:  # its answers can't arrive while it is not read, which has a limit of its own
            return
        self.close(CloseCode.HEARTBEAT_LOST, "no answer to a ping", because="ping timeout")

    def retire(self) -> None:
        """The server goes down: ask the client to come back."""
        self.close(CloseCode.SERVER_RESTART, "server restart", because="server shutting down")

    # the end

    def close(self, code: int, reason: str = "", *, because: str = "server namespace disconnect") -> None:
        """Start the close handshake; the endpoint is told at once. The transport ends within seconds in any case."""
        if self._closing:
            return
        self._closing = True
        if self.endpoint is not None and not self.transport.is_closing():
            self.endpoint.ending(code, reason)
        self._begin_close(close_frame(code, reason), because)
        # The peer's close frame ends it. Closing at once, with bytes unread, would reset the connection and could
        # destroy our close frame on its way.
        self._context.goodbyes.add(self)
        self._context.loop.call_later(_CLOSE_SECONDS, self.transport.abort)

    def drop(self) -> None:
        """End the transport after what is buffered, without a close handshake."""
        self._closing = True
        self._end("server namespace disconnect")
        self.transport.close()

    def _begin_close(self, last: bytes, because: str) -> None:
        self._closing = True
        self._end(because)
        if not self.transport.is_closing():
            self.write(last)
            self._resume(_STOPPED)  # for the peer's close frame

    def _end(self, reason: str) -> None:
        self._closing = True
        self._context.heartbeat.remove(self)
        endpoint, self.endpoint = self.endpoint, None
        if endpoint is not None:
            endpoint.lost(reason)


def peer_of(transport: asyncio.Transport) -> str:
    """The address at the transport's other end; empty when unknown."""
    name = transport.get_extra_info("peername")
    return str(name[0]) if isinstance(name, tuple) else ""
