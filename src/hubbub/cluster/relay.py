"""WebSockets for a polling session that another node holds: bytes, both ways, unread.

One that ends because a node stops or dies ends as those of the node itself do: with a close frame that asks the client
to come back. Only who died in the middle of a frame leaves a connection without one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from http import HTTPStatus
from typing import Final
from urllib.parse import unquote

from hubbub.bus import NodeId
from hubbub.errors import CloseCode
from hubbub.realtime.core.proxies import Client
from hubbub.wire.trace import ServerTrace, Stage
from hubbub.wire.upgrade import Refusal, Request
from hubbub.wire.websocket import close_frame

from .address import NodeUnreachable, connect
from .forwarding import owner_of
from .metrics import Traffic
from .node_pool import request_bytes
from .node_secret import NodeSecret, passed_on
from .nodes import Nodes

BUFFER_BYTES: Final = 65_536
"""What may wait in each direction before the other side is not read any more."""

_CLOSE_SECONDS: Final = 3.0
"""Time for a frame that has begun to end, and for the client to leave."""

_GOODBYE: Final = close_frame(CloseCode.SERVER_RESTART, "server restart")
_UNKNOWN: Final = Refusal(HTTPStatus.BAD_REQUEST, "Session ID unknown").response
_GOING_DOWN: Final = Refusal(HTTPStatus.SERVICE_UNAVAILABLE, "the server is going down").response


class Relay:
    """Takes the upgrades of sessions elsewhere. `realtime.Gateway.elsewhere`."""

    def __init__(self, nodes: Nodes, secret: NodeSecret, traffic: Traffic, loop: asyncio.AbstractEventLoop) -> None:
        self._nodes = nodes
        self._secret = secret
        self._traffic = traffic
        self._loop = loop
        self._pipes: set[_Pipe] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    def __call__(self, transport: asyncio.Transport, client: Client, request: Request, rest: bytes) -> bool:
        path, _, query = request.target.partition("?")
        owner = owner_of(unquote(path), query)
        if owner is None or owner == self._nodes.node:
            return False
        pipe = _Pipe(transport, self._loop, self._ended)
        self._pipes.add(pipe)
        self._traffic.relays += 1
        task = self._loop.create_task(self._open(pipe, owner, self._head(client, request) + rest))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return True

    def drop(self, address: str) -> None:
        """The node there is gone or frozen."""
        for pipe in [pipe for pipe in self._pipes if pipe.address == address]:
            pipe.cut()

    async def close(self, grace_seconds: float, spread_seconds: float) -> None:
        """Ask their clients to come back elsewhere, one after the other; wait until they have gone.

        Args:
            grace_seconds: at most so long, from now on.
            spread_seconds: the part of it over which the asking is spread.
        """
        deadline = self._loop.time() + grace_seconds
        pipes = list(self._pipes)
        for number, pipe in enumerate(pipes):
            if number and spread_seconds:
                await asyncio.sleep(spread_seconds / len(pipes))
            pipe.leave()
        while self._pipes and self._loop.time() < deadline:  # noqa: ASYNC110  once in a process's life
            await asyncio.sleep(0.01)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _open(self, pipe: _Pipe, owner: NodeId, first: bytes) -> None:
        pipe.address = await self._nodes.find(owner)
        if not pipe.address:
            self._traffic.relayed["unknown"] += 1
            pipe.refuse(_UNKNOWN)
            return
        try:
            await connect(self._loop, lambda: pipe.far, pipe.address)
        except NodeUnreachable:
            self._traffic.relayed["lost"] += 1
            pipe.refuse(_UNKNOWN)
            return
        self._traffic.relayed["answered"] += 1
        pipe.begin(first)

    def _head(self, client: Client, request: Request) -> bytes:
        given = ((name.encode("latin-1"), value.encode("latin-1")) for name, value in request.headers.items())
        known = self._secret.headers(client.peer, secure=client.secure)
        own = [(b"connection", b"Upgrade"), (b"upgrade", b"websocket"), *known]
        return request_bytes(request.method, request.target.encode("latin-1"), [*passed_on(given), *own], b"", 0)

    def _ended(self, pipe: _Pipe) -> None:
        self._pipes.discard(pipe)
        self._traffic.relays -= 1


class _Pipe:
    """A client's connection and the one to the owner of its session."""

    __slots__ = ("_ended", "_leaving", "_loop", "_said_goodbye", "_trace", "address", "far", "near")

    def __init__(
        self, client: asyncio.Transport, loop: asyncio.AbstractEventLoop, ended: Callable[[_Pipe], None]
    ) -> None:
        self._loop = loop
        self._ended: Callable[[_Pipe], None] | None = ended
        self._trace = ServerTrace()
        self._leaving = False
        self._said_goodbye = False
        self.address = ""
        self.near, self.far = _End(self), _End(self)
        self.near.other, self.far.other = self.far, self.near
        client.pause_reading()
        client.set_protocol(self.near)
        self.near.connection_made(client)

    def begin(self, first: bytes) -> None:
        """The way to the owner is open."""
        if self._said_goodbye or self.near.transport is None or self.far.transport is None:
            self.abort()
            return
        self.far.transport.write(first)
        self.near.transport.resume_reading()

    def passed(self, end: _End, data: bytes) -> None:
        """Something has arrived at one end."""
        if self._said_goodbye:
            return
        if end is self.far:
            place = self._trace.feed(data)
            if self._leaving and place is not None:
                end.to_other(data[:place])
                self._say_goodbye(_GOODBYE)
                return
        end.to_other(data)

    def refuse(self, response: bytes) -> None:
        """Answer the opening handshake: it comes to nothing."""
        self._say_goodbye(response)

    def leave(self) -> None:
        """This node stops. What has begun to pass is passed, then the client is asked to come back elsewhere."""
        self._leaving = True
        if self._trace.stage is Stage.WAITING:
            self.refuse(_GOING_DOWN)
        elif self._trace.between_frames:
            self._say_goodbye(_GOODBYE)
        else:
            self._loop.call_later(_CLOSE_SECONDS, self.abort)

    def cut(self) -> None:
        """Nobody is at the far end any more."""
        if self.far.transport is not None:
            self.far.transport.abort()
        else:
            self.refuse(_UNKNOWN)

    def abort(self) -> None:
        for end in (self.near, self.far):
            if end.transport is not None:
                end.transport.abort()

    def lost(self, end: _End) -> None:
        """One end is gone: the other follows when it has got everything."""
        if end is self.near:
            if self._ended is not None:
                ended, self._ended = self._ended, None
                ended(self)
            if self.far.transport is not None:
                self.far.transport.close()
        elif self._trace.stage is Stage.WAITING:
            self.refuse(_UNKNOWN)
        elif self._trace.between_frames:
            self._say_goodbye(_GOODBYE)
        elif self.near.transport is not None and not self._said_goodbye:
            self.near.transport.close()

    def _say_goodbye(self, last: bytes) -> None:
        """The client gets this and the end of the stream, and may still answer; the owner sees that it has gone."""
        if self._said_goodbye:
            return
        self._said_goodbye = True
        if self.far.transport is not None:
            self.far.transport.close()
        near = self.near.transport
        if near is None or near.is_closing():
            return
        near.write(last)
        near.resume_reading()
        # To close with bytes unread would reset the connection, which could destroy our last words on their way
        # (RFC 6455 section 7.1.1): the client ends it.
        if near.can_write_eof():
            near.write_eof()
            self._loop.call_later(_CLOSE_SECONDS, near.abort)
        else:  # TLS has no such half of an end
            near.close()


class _End(asyncio.Protocol):
    __slots__ = ("_pipe", "other", "transport")

    def __init__(self, pipe: _Pipe) -> None:
        self._pipe = pipe
        self.other: _End | None = None
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]  # a stream's, by the loop's contract
        self.transport.set_write_buffer_limits(high=BUFFER_BYTES)  # type: ignore[union-attr]

    def to_other(self, data: bytes) -> None:
        if self.other is not None and self.other.transport is not None:
            self.other.transport.write(data)

    def data_received(self, data: bytes) -> None:
        self._pipe.passed(self, data)

    def pause_writing(self) -> None:
        if self.other is not None and self.other.transport is not None:
            self.other.transport.pause_reading()

    def resume_writing(self) -> None:
        if self.other is not None and self.other.transport is not None:
            self.other.transport.resume_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        self.transport = None
        self._pipe.lost(self)
