"""WebSockets for a polling session that another node holds: bytes, both ways, unread."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from http import HTTPStatus
from typing import Final
from urllib.parse import unquote

from hubbub.bus import NodeId
from hubbub.realtime.proxies import Client
from hubbub.wire.upgrade import Refusal, Request

from .address import connect
from .credentials import NodeSecret, passed_on
from .hop import HopFailed, request_bytes
from .nodes import Nodes
from .ownership import owner_of
from .traffic import Traffic

BUFFER_BYTES: Final = 65_536
"""What may wait in each direction before the other side is not read any more."""


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
        pipe = _Pipe(transport, self._ended)
        self._pipes.add(pipe)
        self._traffic.relays += 1
        task = self._loop.create_task(self._open(pipe, owner, self._head(client, request) + rest))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return True

    def drop(self, address: str) -> None:
        """The node there is gone or frozen."""
        for pipe in [pipe for pipe in self._pipes if pipe.address == address]:
            pipe.abort()

    async def close(self, spread_seconds: float) -> None:
        """End them, one after the other over this time. Their clients connect to another node."""
        pipes = list(self._pipes)
        for number, pipe in enumerate(pipes):
            if number and spread_seconds:
                await asyncio.sleep(spread_seconds / len(pipes))
            pipe.abort()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _open(self, pipe: _Pipe, owner: NodeId, first: bytes) -> None:
        pipe.address = await self._nodes.find(owner)
        if not pipe.address:
            self._traffic.relayed["unknown"] += 1
            pipe.refuse()
            return
        try:
            await connect(self._loop, lambda: pipe.far, pipe.address)
        except HopFailed:
            self._traffic.relayed["lost"] += 1
            pipe.refuse()
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

    __slots__ = ("_ended", "address", "far", "near")

    def __init__(self, client: asyncio.Transport, ended: Callable[[_Pipe], None]) -> None:
        self._ended: Callable[[_Pipe], None] | None = ended
        self.address = ""
        self.near, self.far = _End(self), _End(self)
        self.near.other, self.far.other = self.far, self.near
        client.pause_reading()
        client.set_protocol(self.near)
        self.near.connection_made(client)

    def begin(self, first: bytes) -> None:
        """The way to the owner is open."""
        if self.near.transport is None or self.far.transport is None:
            self.abort()
            return
        self.far.transport.write(first)
        self.near.transport.resume_reading()

    def refuse(self) -> None:
        """There is no such session any more."""
        if self.near.transport is not None:
            self.near.transport.write(Refusal(HTTPStatus.BAD_REQUEST, "Session ID unknown").response)
            self.near.transport.close()

    def abort(self) -> None:
        for end in (self.near, self.far):
            if end.transport is not None:
                end.transport.abort()

    def lost(self, end: _End) -> None:
        """One end is gone: the other follows when it has got everything."""
        if end is self.near and self._ended is not None:
            ended, self._ended = self._ended, None
            ended(self)
        other = end.other
        if other is not None and other.transport is not None:
            other.transport.close()


class _End(asyncio.Protocol):
    __slots__ = ("_pipe", "other", "transport")

    def __init__(self, pipe: _Pipe) -> None:
        self._pipe = pipe
        self.other: _End | None = None
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]  # a stream's, by the loop's contract
        self.transport.set_write_buffer_limits(high=BUFFER_BYTES)  # type: ignore[union-attr]

    def data_received(self, data: bytes) -> None:
        if self.other is not None and self.other.transport is not None:
            self.other.transport.write(data)

    def pause_writing(self) -> None:
        if self.other is not None and self.other.transport is not None:
            self.other.transport.pause_reading()

    def resume_writing(self) -> None:
        if self.other is not None and self.other.transport is not None:
            self.other.transport.resume_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        self.transport = None
        self._pipe.lost(self)
