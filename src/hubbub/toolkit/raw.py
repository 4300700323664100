"""Plain WebSockets at paths of the application's own, for protocols that are not events with names."""

from __future__ import annotations

import asyncio
import functools
import logging
from collections import deque
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any, Final

from hubbub.errors import CloseCode
from hubbub.realtime.core.connection import Handshake
from hubbub.realtime.core.settings import path_complaint
from hubbub.realtime.protocols.native import NATIVE_PATH
from hubbub.realtime.transports.opening import Opening
from hubbub.realtime.transports.websocket import WebSocketTransport
from hubbub.wire.websocket import BINARY, TEXT, Failure, Framer

logger = logging.getLogger(__name__)

_PATIENCE_SECONDS: Final = 1.0
_WAITING_MESSAGES: Final = 64
"""Received messages that wait for the handler before the client is not read any more."""


class RawSocket:
    """A WebSocket (RFC 6455) that carries what the application wants.

        @server.raw("/echo")
        async def echo(socket):
            async for message in socket:
                await socket.send(message)

    The iteration ends when either side closes. When the handler returns, the WebSocket is closed with 1000; when it
    raises, with 1011.

    Attributes:
        handshake: path, query, headers, address.
        subprotocol: the one that was agreed on, None: none.
    """

    def __init__(self, link: WebSocketTransport, handshake: Handshake, subprotocol: str | None, frame: Framer) -> None:
        self.handshake = handshake
        self.subprotocol = subprotocol
        self._link = link
        self._frame = frame
        self._inbox = _Inbox(link)

    @property
    def closed(self) -> bool:
        """Nothing can be sent any more."""
        return self._inbox.ended

    async def __aiter__(self) -> AsyncIterator[str | bytes]:
        """The messages, text as str. One iteration at a time."""
        while (message := await self._inbox.next()) is not None:
            yield message

    async def send(self, message: str | bytes) -> None:
        """Send a message, text when it is a str. Waits while the client reads too slowly; no effect when closed."""
        if self._inbox.ended:
            return
        if isinstance(message, str):
            self._link.write(self._frame(TEXT, message.encode()))
        else:
            self._link.write(self._frame(BINARY, message))
        await self._inbox.writable.wait()

    def close(self, code: int = CloseCode.NORMAL, reason: str = "") -> None:
        """Start the close handshake. `reason`: at most 123 bytes (RFC 6455 section 5.5)."""
        self._link.close(code, reason)

    @property
    def inbox(self) -> _Inbox:
        """The link's endpoint; the server's own."""
        return self._inbox


RawHandler = Callable[[RawSocket], Coroutine[Any, Any, None]]


class RawTransport(WebSocketTransport):
    """Closes after a protocol error when the handler has taken what came before it, so that it is still answered."""

    __slots__ = ("_broken",)

    def broken(self, failure: Failure) -> None:
        if isinstance(self.endpoint, _Inbox) and not hasattr(self, "_broken"):
            self._broken = True
            finish = functools.partial(super().broken, failure)
            self.endpoint.when_empty(finish)
            asyncio.get_running_loop().call_later(_PATIENCE_SECONDS, finish)


class _Inbox:
    """The link's endpoint: a short queue of messages. When it is full the client is not read."""

    def __init__(self, link: WebSocketTransport) -> None:
        self._link = link
        self._messages: deque[str | bytes] = deque()
        self._arrived = asyncio.Event()
        self.writable = asyncio.Event()
        self.writable.set()
        self.ended = False
        self._idle = False
        self._when_empty: Callable[[], None] | None = None

    def when_empty(self, call: Callable[[], None]) -> None:
        """Once the handler has taken every message and asks for the next one, `call` ends it."""
        if self._idle and not self._messages:
            call()
        else:
            self._when_empty = call

    async def next(self) -> str | bytes | None:
        """The oldest message; None: no more will come."""
        while not self._messages:
            if self.ended:
                return None
            if self._when_empty is not None:
                self._when_empty()
                continue
            self._arrived.clear()
            self._idle = True
            await self._arrived.wait()
            self._idle = False
        message = self._messages.popleft()
        if len(self._messages) < _WAITING_MESSAGES:
            self._link.read_on()
        return message

    def text(self, payload: bytes) -> None:
        self._put(payload.decode())

    def binary(self, payload: bytes) -> None:
        self._put(payload)

    def ping(self) -> None:
        self._link.ping_frame()

    def congested(self) -> None:
        self.writable.clear()

    def relieved(self) -> None:
        self.writable.set()

    def ending(self, code: int, reason: str) -> None:
        """The close frame says it."""

    def lost(self, reason: str) -> None:
        self.ended = True
        self._arrived.set()
        self.writable.set()

    def _put(self, message: str | bytes) -> None:
        self._messages.append(message)
        self._arrived.set()
        if len(self._messages) >= _WAITING_MESSAGES:
            self._link.hold()


class RawPaths:
    """The handlers of plain WebSockets, by path."""

    def __init__(self, engine_path: str) -> None:
        self._engine_path = engine_path
        self._handlers: dict[str, tuple[tuple[str, ...], RawHandler]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def register(self, path: str, subprotocols: tuple[str, ...]) -> Callable[[RawHandler], RawHandler]:
        """Decorator for the handler of a path.

        Raises:
            ValueError: no request can have it, or the server uses it itself.
        """
        complaint = path_complaint(path)
        if path == NATIVE_PATH or f"{path}/".startswith(self._engine_path):
            complaint = "is the server's own"
        if complaint is not None:
            raise ValueError(f"the path {path!r} {complaint}")

        def add(handler: RawHandler) -> RawHandler:
            self._handlers[path] = (subprotocols, handler)
            return handler

        return add

    def openers(self) -> dict[str, Callable[[Opening], None]]:
        """What opens the WebSockets of each path."""
        return {path: functools.partial(self._open, *registered) for path, registered in self._handlers.items()}

    async def close(self) -> None:
        """End the handlers that still run."""
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _open(self, subprotocols: tuple[str, ...], handler: RawHandler, opening: Opening) -> None:
        agreed = opening.agree(subprotocols)
        link = agreed.open(RawTransport)
        socket = RawSocket(link, opening.handshake, agreed.subprotocol, agreed.framer)
        task = asyncio.get_running_loop().create_task(_run(handler, socket))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        link.open(socket.inbox)


async def _run(handler: RawHandler, socket: RawSocket) -> None:
    try:
        await handler(socket)
    except Exception:
        logger.exception("the handler of %s failed", socket.handshake.path)
        socket.close(CloseCode.INTERNAL, "server error")
    else:
        socket.close()
