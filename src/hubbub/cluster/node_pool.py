"""HTTP from node to node: open connections to other nodes' internal listeners, each for one request at a time."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from typing import Final, NamedTuple

import httptools

from .address import NodeUnreachable, connect

Headers = Sequence[tuple[bytes, bytes]]


class NodeResponse(NamedTuple):
    """A response. `headers`: without those that concern one connection only (RFC 9110 section 7.6.1)."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


CONNECTION_HEADERS = frozenset(
    {b"connection", b"keep-alive", b"te", b"trailer", b"transfer-encoding", b"upgrade", b"proxy-connection"}
)
"""What one connection's ends say to each other: never passed on."""


class NodeConnection(asyncio.Protocol):
    """Made by `loop.create_connection`. The length of a response is bounded by the node that makes it.

    Attributes:
        reusable: the connection is open, and the last response has ended in order.
    """

    __slots__ = ("_answer", "_body", "_headers", "_parser", "_transport", "reusable")

    def __init__(self) -> None:
        self.reusable = True
        self._transport: asyncio.Transport | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._answer: asyncio.Future[NodeResponse] | None = None
        self._headers: list[tuple[bytes, bytes]] = []
        self._body: list[bytes] = []

    async def ask(self, request: bytes) -> NodeResponse:
        """Send a whole request and wait for the response. Cancelling it closes the connection.

        Raises:
            NodeUnreachable: the other node did not answer.
        """
        if self._transport is None:
            raise NodeUnreachable
        self._answer = asyncio.get_running_loop().create_future()
        self.reusable = False
        self._headers, self._body = [], []
        self._transport.write(request)
        try:
            return await self._answer
        finally:
            self._answer = None
            if not self.reusable:
                self.abort()

    def abort(self) -> None:
        """End it; a request under way fails."""
        self.reusable = False
        if self._transport is not None:
            self._transport.abort()

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]  # a stream's, by the loop's contract

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self.reusable = False
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(NodeUnreachable())

    # httptools' callbacks

    def on_header(self, name: bytes, value: bytes) -> None:
        if (name := name.lower()) not in CONNECTION_HEADERS:
            self._headers.append((name, value))

    def on_body(self, body: bytes) -> None:
        self._body.append(body)

    def on_message_complete(self) -> None:
        if self._answer is None or self._answer.done():
            self.abort()  # a response to nothing: this connection is no good
            return
        self.reusable = self._parser.should_keep_alive()
        self._answer.set_result(NodeResponse(self._parser.get_status_code(), self._headers, b"".join(self._body)))


def request_bytes(method: str, target: bytes, headers: Headers, body: bytes, length: int) -> bytes:
    """A whole HTTP/1.1 request. `length`: what Content-Length says; more than there is ends the connection."""
    lines = [b"%b %b HTTP/1.1" % (method.encode(), target)]
    lines += [b"%b: %b" % header for header in headers]
    if length or method == "POST":
        lines.append(b"content-length: %d" % length)
    if length > len(body):
        lines.append(b"connection: close")
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


_IDLE_MAX: Final = 64
"""Connections per node that wait for the next request."""


class NodePool:
    """A pool. It never asks twice: a request that failed may have been acted upon."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._idle: defaultdict[str, list[NodeConnection]] = defaultdict(list)
        self._busy: defaultdict[str, set[NodeConnection]] = defaultdict(set)

    async def ask(self, address: str, request: bytes, seconds: float) -> NodeResponse:
        """Send a request to the node at `address`. Raises NodeUnreachable, also when the time is over."""
        try:
            async with asyncio.timeout(seconds):
                connection = self._take(address) or await self._connect(address)
                self._busy[address].add(connection)
                try:
                    return await connection.ask(request)
                finally:
                    self._busy[address].discard(connection)
                    if connection.reusable and len(self._idle[address]) < _IDLE_MAX:
                        self._idle[address].append(connection)
                    else:
                        connection.abort()
        except TimeoutError as error:
            raise NodeUnreachable from error

    def drop(self, address: str) -> None:
        """Nobody is there any more: whoever waits for it need not wait."""
        for connection in [*self._busy.pop(address, ()), *self._idle.pop(address, ())]:
            connection.abort()

    def close(self) -> None:
        for address in {*self._idle, *self._busy}:
            self.drop(address)

    def _take(self, address: str) -> NodeConnection | None:
        idle = self._idle[address]
        while idle:
            connection = idle.pop()
            if connection.reusable:
                return connection
        return None

    async def _connect(self, address: str) -> NodeConnection:
        connection = NodeConnection()
        await connect(self._loop, lambda: connection, address)
        return connection
