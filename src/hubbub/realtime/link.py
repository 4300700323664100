"""One WebSocket on the event loop: bytes from uvloop to the sans-I/O decoder, frames back, and the end of it."""

from __future__ import annotations

import asyncio
import logging
from typing import Final, Protocol

from hubbub.errors import CloseCode
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

from .context import LinkContext
from .sockets import Outlet

logger = logging.getLogger(__name__)

_CLOSE_SECONDS: Final = 3.0
_BUSY_BYTES: Final = 16384  # what one tick writes waits for its end in any case
_EMPTY_PING: Final = frame(PING, b"")

# All connections of a process read into this one buffer: the loop is one thread, and the decoder copies what it keeps.
# An idle connection therefore owns no read buffer (measured: 1.4 KB a connection instead of 65).
_read_buffer: Final = bytearray(262144)
_read_view: Final = memoryview(_read_buffer)


class Endpoint(Protocol):
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


class WebSocketLink(asyncio.BufferedProtocol, Outlet):
    """A WebSocket after its opening handshake.

    It is the transport's protocol from the upgrade on. Close handshake: RFC 6455 section 7.

    Attributes:
        forwarded: the client's address when a trusted proxy stands between, None when it is the transport's.
    """

    __slots__ = (
        "_closing",
        "_congested",
        "_context",
        "_decoder",
        "_held",
        "endpoint",
        "forwarded",
        "silent",
        "slot",
        "transport",
    )

    def __init__(self, transport: asyncio.Transport, context: LinkContext, *, deflate: bool = False) -> None:
        self.transport = transport
        self._context = context
        self.endpoint: Endpoint | None = None
        self.forwarded: str | None = None
        self.silent: float = 0
        self.slot = -1
        self._decoder = Decoder(context.settings.message_bytes, deflate=deflate)
        self._closing = False
        self._congested = False
        self._held = False
        context.links += 1
        context.unsent.note(self)  # the answer to its handshake

    def open(self, endpoint: Endpoint) -> None:
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

    # Outlet

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
        self.feed(_read_view[:nbytes])

    def feed(self, data: memoryview | bytes) -> None:
        """Take bytes that arrived."""
        self.silent = 0
        decoder = self._decoder
        if decoder.failure is not None and self._closing:  # nothing is decoded any more
            if ends_with_close(data):
                self.transport.close()
            return
        for opcode, payload in decoder.feed(data):
            endpoint = self.endpoint
            if endpoint is None:  # it has ended: all but the client's close frame is too late
                if opcode == CLOSE:
                    self.transport.close()
            elif opcode == TEXT:
                endpoint.text(payload)
            elif opcode == BINARY:
                endpoint.binary(payload)
            elif opcode == PING:
                self.write(frame(PONG, payload))
            elif opcode == CLOSE:
                code = close_code(payload)
                self._begin_close(close_frame(code), "transport close")
                self.transport.close()
                return
        if decoder.failure is not None and not self._closing:
            self.broken(decoder.failure)

    def broken(self, failure: Failure) -> None:
        """The client broke the protocol; what it said before has been delivered."""
        logger.debug("closing a WebSocket: %s", failure)
        self.close(failure.code, failure.reason, because="parse error")
        # What the client sends now is read and dropped until it answers the close frame, or sees the end of the stream.
        if self.transport.can_write_eof() and not self.transport.is_closing():
            self.transport.write_eof()

    def eof_received(self) -> None:
        """Half-open is not a state of a WebSocket: asyncio closes the transport."""

    def connection_lost(self, exc: Exception | None) -> None:
        self._context.links -= 1
        self._context.unsent.forget(self)
        self._end("transport close")

    def pause_writing(self) -> None:
        # a client that does not read its answers is not read either: what it asks for must not pile up here
        self._congested = True
        if self.endpoint is not None:
            self.transport.pause_reading()
            self.endpoint.congested()

    def resume_writing(self) -> None:
        self._congested = False
        self.silent = 0
        if self.endpoint is not None:
            if not self._held:
                self.transport.resume_reading()
            self.endpoint.relieved()

    def hold(self) -> None:
        """The endpoint has enough for now: read no more. What has been read is still delivered."""
        if not self._held and self.endpoint is not None:
            self._held = True
            self.transport.pause_reading()

    def read_on(self) -> None:
        """The endpoint has room again. Harmless when it always had."""
        if self._held:
            self._held = False
            self.silent = 0
            if not self._congested and self.endpoint is not None:
                self.transport.resume_reading()

    # Pulse

    def ping(self) -> None:
        if self.endpoint is not None:
            self.endpoint.ping()

    def ping_frame(self) -> None:
        """Send an RFC 6455 ping (section 5.5.2)."""
        self.write(_EMPTY_PING)

    def dead(self) -> None:
        if self._congested or self._held:  # its answers can't arrive while it is not read, which has a limit of its own
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
            self.transport.resume_reading()

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
