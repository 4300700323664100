"""A connection that speaks HTTP: uvicorn's protocol, given one request at a time and only what is within limits.

What uvicorn leaves open is closed here: request heads of any size and age, requests in advance without end, bodies that
never come, and answers that nobody reads.
"""

from __future__ import annotations

import asyncio
import logging
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

import httptools
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from hubbub.wire.http_requests import RequestSplitter
from hubbub.wire.upgrade import Refusal, parse_request, wants_upgrade

from .first_request import Upgrade, refuse

if TYPE_CHECKING:
    from uvicorn.server import ServerState

    from hubbub.realtime.transports.context import TransportContext

logger = logging.getLogger(__name__)

_AHEAD_BYTES: Final = 16384
"""Requests that may wait for the answer to the one before them. Who sends more has to come back for the rest."""

_WRITE_HIGH_BYTES: Final = 65536


class _Flow(FlowControl):
    """Reading stops for two reasons: the application wants no more of a body, or requests are waiting."""

    def __init__(self, transport: asyncio.Transport) -> None:
        super().__init__(transport)
        self._held = False

    def pause_reading(self) -> None:
        if not self.read_paused:
            self.read_paused = True
            self._apply()

    def resume_reading(self) -> None:
        if self.read_paused:
            self.read_paused = False
            self._apply()

    def hold(self, *, held: bool) -> None:
        """Whether requests are waiting."""
        if held != self._held:
            self._held = held
            self._apply()

    def _apply(self) -> None:
        if self._transport.is_closing():
            return
        if self.read_paused or self._held:
            self._transport.pause_reading()
        else:
            self._transport.resume_reading()


class HttpProtocol(HttpToolsProtocol):
    """From the first request that is no WebSocket's to the end of the connection, or to a WebSocket.

    Args:
        requests: the connection's; it has given the first head.
        uvicorn: what uvicorn makes a protocol with.
    """

    flow: _Flow
    cycle: RequestResponseCycle | None  # type: ignore[assignment]  # None before the first head has been parsed

    def __init__(self, context: TransportContext, requests: RequestSplitter, upgrade: Upgrade, **uvicorn: Any) -> None:
        super().__init__(**uvicorn)
        self._context = context
        self._requests = requests
        self._upgrade = upgrade
        self._body_bytes = 0  # since the last check
        self._awaited_body = False  # at the last check
        self._unread_bytes = 0  # at the last check, when none could be added since

    def begin(self, transport: asyncio.Transport, head: bytes) -> None:
        """Take the transport, whose first request has this head."""
        transport.set_protocol(self)
        self.connection_made(transport)
        self._parse(head)
        self._go_on()

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.flow = _Flow(transport)
        self._context.stalls.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._context.stalls.remove(self)
        self._context.deadlines.remove(self)
        self._requests.drop()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if not self.transport.is_closing():
            self._requests.feed(data)
            self._go_on()

    def resume_writing(self) -> None:
        if self._unread_bytes:
            self._unread_bytes = 0
            if not self.transport.is_closing():
                self.transport.set_write_buffer_limits(high=_WRITE_HIGH_BYTES)
        super().resume_writing()
        self._go_on()

    # uvicorn

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._go_on()

    # one request after the other

    def _go_on(self) -> None:
        """Do what can be done with what has arrived."""
        requests = self._requests
        try:
            while (requests.pending or requests.in_body) and not self.transport.is_closing():
                if not (self._read_body() if requests.in_body else self._next_request()):
                    return
        except Refusal as refusal:
            self._refuse(refusal)

    def _read_body(self) -> bool:
        """Whether it has ended."""
        data = self._requests.take_body()
        self._body_bytes += len(data)
        if data:
            self._parse(data)
        if self._requests.in_body:
            return False
        if self._idle and self.timeout_keep_alive_task is None:  # it was answered before all of it was there
            self._wait_for_next()
        return True

    def _next_request(self) -> bool:
        """Whether there was one."""
        if not self._idle or self.flow.write_paused:
            self._hold()
            return False
        self.flow.hold(held=False)
        self._unset_keepalive_if_required()
        head = self._requests.take_head()
        if head is None:
            if self._requests.pending:
                self._context.deadlines.add(self)
            else:  # blank lines
                self._wait_for_next()
            return False
        self._context.deadlines.remove(self)
        if self._requests.websocket:
            request = parse_request(head[:-4])
            if wants_upgrade(request):
                self._context.stalls.remove(self)
                self.connections.discard(self)
                self._upgrade(self.transport, request, self._requests.take_rest())
                return False
        self._parse(head)
        return True

    @property
    def _idle(self) -> bool:
        """The last request has been answered."""
        return self.cycle is None or self.cycle.response_complete

    def _hold(self) -> None:
        """Answers come before further requests."""
        self.flow.hold(held=True)
        if self._requests.pending > _AHEAD_BYTES:
            self._requests.drop()
            if self.cycle is not None:
                self.cycle.keep_alive = False  # its end closes the connection, and tells the client to ask again
            if self._idle:
                self.transport.close()

    def _wait_for_next(self) -> None:
        self._unset_keepalive_if_required()
        self.timeout_keep_alive_task = self.loop.call_later(self.timeout_keep_alive, self.timeout_keep_alive_handler)

    def _parse(self, data: bytes) -> None:
        """Raises Refusal."""
        self._unset_keepalive_if_required()
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            pass  # to what we don't speak: it is answered as if it had not been asked (RFC 9110 section 7.8)
        except httptools.HttpParserError as error:
            raise Refusal(HTTPStatus.BAD_REQUEST, "bad request") from error

    def _refuse(self, refusal: Refusal) -> None:
        """Answer if the client can still take it for the answer to this request, and end the connection."""
        self._context.deadlines.remove(self)
        transport = self.transport
        if transport.is_closing():
            return
        if self.cycle is None or self.cycle.response_complete or not self.cycle.response_started:
            self._end_cycle()
            refuse(self._context, transport, refusal)
        else:
            transport.abort()

    def _end_cycle(self) -> None:
        """The application learns that its client has gone; what it still says goes nowhere."""
        self._unset_keepalive_if_required()
        self.connection_lost(ConnectionAbortedError())

    # time

    def expire(self) -> None:
        """A head that has begun did not end in time."""
        self._refuse(Refusal(HTTPStatus.REQUEST_TIMEOUT, "the request took too long"))

    def check(self) -> None:
        """Once in `stalled_seconds`: end it when neither what was announced comes nor what was said is read."""
        if self._is_unread():
            logger.debug("a client does not read its answer")
            self.transport.abort()
        elif not self.transport.is_closing() and self._is_unsent():
            self._refuse(Refusal(HTTPStatus.REQUEST_TIMEOUT, "the body took too long"))
        else:
            self._context.stalls.add(self)

    def _is_unread(self) -> bool:
        transport = self.transport
        before, now = self._unread_bytes, transport.get_write_buffer_size()
        if now and before and before - now < self._context.least_bytes:
            return True
        self._unread_bytes = now
        if now and not before and not transport.is_closing():
            # From now on until all of it has been read nothing is added, so that one can see what is read. Where it is
            # only a busy moment, that is soon.
            transport.set_write_buffer_limits(high=0)
        return False

    def _is_unsent(self) -> bool:
        came, self._body_bytes = self._body_bytes, 0
        before = self._awaited_body
        # not while the application takes no more, or has not asked for it (RFC 9110 section 10.1.1)
        wanted = not self.flow.read_paused and not (self.cycle is not None and self.cycle.waiting_for_100_continue)
        self._awaited_body = self._requests.in_body and wanted
        return before and self._awaited_body and came < self._context.least_bytes


async def abort_left(state: ServerState) -> None:
    """End the connections that uvicorn gave up waiting for when it stopped: it leaves them open."""
    for protocol in [*state.connections]:
        if isinstance(protocol, HttpProtocol):
            protocol.transport.abort()
    await asyncio.sleep(0)  # in which the event loop closes them
