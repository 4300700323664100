"""What the gateway asks of a client protocol. A new one is a file beside this with a line in `server/gateway.py`.

Socket.IO alone is no such protocol: it stands on Engine.IO, which brings transports of its own (`EngineApplication`).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any, ClassVar

from hubbub.realtime.transports.opening import Opening

from .base_connection import GatewayContext

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class WebSocketProtocol(ABC):
    """A protocol on WebSockets at a path of its own.

    Attributes:
        path: where they are.
    """

    path: ClassVar[str]

    @abstractmethod
    def __init__(self, context: GatewayContext) -> None: ...

    @abstractmethod
    def open(self, opening: Opening) -> None:
        """Answer the handshake and begin a connection. Raises Refusal when it can't be answered."""


class HttpProtocol(ABC):
    """A protocol over HTTP for clients without WebSockets: an ASGI application at paths of its own.

    Attributes:
        first_segments: what its paths begin with: "sse" for `/sse` and `/sse/…`.
    """

    first_segments: ClassVar[frozenset[str]]

    @abstractmethod
    def __init__(self, context: GatewayContext) -> None: ...

    @abstractmethod
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request of one of its paths."""

    @abstractmethod
    def ending(self) -> Mapping[tuple[str, str], int]:
        """Connections by (wire, transport) that are over for the handler while responses are still being sent."""

    @abstractmethod
    def pending_polls(self) -> int:
        """Requests that wait for something to say."""
