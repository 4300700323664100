"""Requests of long-polling and event-stream clients, taken to the node that holds their connection.

So a load balancer needs no sticky sessions (docs/decisions/0007-forwarding.md). A request whose owner is not there is
left to this node, which does not know the connection and says so; the client opens a new one and goes on from its
cursors.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final

from hubbub.bus import NodeId
from hubbub.realtime.transports.http_body import ClientGone, hangup, read_body
from hubbub.wire.engineio import parse_query

from .address import NodeUnreachable
from .metrics import Traffic
from .node_pool import NodePool, NodeResponse, request_bytes
from .node_secret import NodeSecret, passed_on
from .nodes import Nodes

_ENGINE: Final = "/socket.io"
_KEYED: Final = ("/poll/", "/sse/")

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


def owner_of(path: str, query: str) -> NodeId | None:
    """The node that a request of a transport over HTTP belongs to; None: to whichever gets it.

    Session ids and keys begin with the node that made them.
    """
    key = ""
    if path.startswith(_ENGINE):
        key = parse_query(query).get("sid", "")
    elif path.startswith(_KEYED):
        key = path.split("/", 2)[2]
    node, dot, secret = key.partition(".")
    return NodeId(node) if dot and node and secret else None


class Forwarding:
    """ASGI application around that of the transports.

    Args:
        local: answers for the connections of this node.
        body_bytes: the longest body that is accepted; of a longer one only the length is passed on.
        seconds: how long an answer may take; longer than a poll waits.
    """

    def __init__(
        self,
        local: App,
        nodes: Nodes,
        pool: NodePool,
        secret: NodeSecret,
        traffic: Traffic,
        *,
        body_bytes: int,
        seconds: float,
    ) -> None:
        self._local = local
        self._nodes = nodes
        self._pool = pool
        self._secret = secret
        self._traffic = traffic
        self._body_bytes = body_bytes
        self._seconds = seconds
        self._asking: set[asyncio.Future[NodeResponse]] = set()
        self._closed = False

    async def close(self, spread_seconds: float) -> None:
        """Give up the requests that wait, spread over this time. Their clients open a new connection elsewhere.

        An answer may be on its way to us, so nothing gentler is possible: as if it had been empty, it would be lost.
        """
        asking = list(self._asking)
        for number, one in enumerate(asking):
            if number and spread_seconds:
                await asyncio.sleep(spread_seconds / len(asking))
            one.cancel()
        self._closed = True
        for one in self._asking:  # what came meanwhile
            one.cancel()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        owner = None
        if scope["method"] != "OPTIONS":
            owner = owner_of(scope["path"], scope["query_string"].decode("latin-1"))
        if owner is None or owner == self._nodes.node:
            self._traffic.own += owner is not None
            await self._local(scope, receive, send)
            return
        address = "" if self._closed else await self._nodes.find(owner)
        if not address:
            self._traffic.forwarded["unknown"] += 1
            await self._local(scope, receive, send)
            return
        try:
            answer = await self._answer(address, scope, receive)
        except NodeUnreachable:
            self._traffic.forwarded["lost"] += 1
            await self._local(scope, receive, send)
        except ClientGone:
            self._traffic.forwarded["left"] += 1
        else:
            self._traffic.forwarded["answered"] += 1
            await send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
            await send({"type": "http.response.body", "body": answer.body})

    async def _answer(self, address: str, scope: Scope, receive: Receive) -> NodeResponse:
        request = await self._request(scope, receive)
        asking = asyncio.ensure_future(self._pool.ask(address, request, self._seconds))
        self._asking.add(asking)
        gone = asyncio.ensure_future(hangup(receive))
        try:
            await asyncio.wait((asking, gone), return_when=asyncio.FIRST_COMPLETED)
            if not asking.done():
                raise ClientGone
            if asking.cancelled():
                raise NodeUnreachable
            return asking.result()
        finally:
            self._asking.discard(asking)
            gone.cancel()
            asking.cancel()

    async def _request(self, scope: Scope, receive: Receive) -> bytes:
        headers: list[tuple[bytes, bytes]] = scope["headers"]
        body: bytes | None = b""
        if scope["method"] == "POST":
            known = {name.decode("latin-1"): value.decode("latin-1") for name, value in headers}
            body = await read_body(known, receive, self._body_bytes)
        length = self._body_bytes + 1 if body is None else len(body)  # too long: the owner says so by the length alone
        target: bytes = scope["raw_path"]
        if scope["query_string"]:
            target += b"?" + scope["query_string"]
        client = scope.get("client")
        own = self._secret.headers(str(client[0]) if client else "", secure=scope.get("scheme") == "https")
        return request_bytes(scope["method"], target, [*passed_on(headers), *own], body or b"", length)
