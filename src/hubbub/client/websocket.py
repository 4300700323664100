"""One WebSocket to the server: from the opening handshake to its close code."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Self

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import (
    ConnectionClosed,
    InvalidHandshake,
    InvalidMessage,
    InvalidProxy,
    InvalidStatus,
    InvalidURI,
    ProxyError,
)

from .failures import ConnectionLost, Rejected
from .transport import (
    ABNORMAL,
    MESSAGE_BYTES,
    Ending,
    Obstacle,
    Place,
    Refused,
    TransportName,
    closed,
    refused,
    unreachable,
)
from .wires import COMPACT, JSON, Wire


class WebSocketTransport:
    """An open WebSocket over which something has come."""

    name = TransportName.WEBSOCKET

    def __init__(self, socket: ClientConnection, first: bytes | None) -> None:
        self._socket = socket
        self._outgoing: asyncio.Queue[bytes] = asyncio.Queue()
        self.first = first
        self.wire: Wire = COMPACT if socket.subprotocol == COMPACT.subprotocol else JSON

    @classmethod
    async def open(cls, place: Place, token: str, *, patience_seconds: float, compact: bool = True) -> Self:
        """Connect, sign in by a bearer header, and wait for the first frame.

        Args:
            patience_seconds: for all of that together.
            compact: offer the compact wire before JSON.

        Raises:
            Refused: whatever went wrong.
        """
        try:
            async with asyncio.timeout(patience_seconds):
                socket = await _connect(place, token, [COMPACT, JSON] if compact else [JSON])
                try:
                    return cls(socket, await _first(socket))
                except BaseException:
                    socket.transport.abort()
                    raise
        except TimeoutError as failure:
            raise Refused(unreachable(failure), obstacle=Obstacle.SILENT) from failure

    def post(self, frame: bytes) -> None:
        self._outgoing.put_nowait(frame)

    def sockets(self) -> list[asyncio.BaseTransport]:
        return [self._socket.transport]

    def expect(self, heartbeat_seconds: float, frame_bytes: int) -> None:
        """It pings by itself, and sends each frame by itself."""

    async def run(self, receive: Callable[[bytes], None]) -> Ending:
        writer = asyncio.create_task(self._write())
        try:
            first, self.first = self.first, None
            if first is not None:
                receive(first)
            while True:
                receive(await self._socket.recv(decode=False))
        except ConnectionClosed:
            return closed(self._socket.close_code or ABNORMAL, self._socket.close_reason or "")
        finally:
            writer.cancel()
            with suppress(asyncio.CancelledError):
                await writer

    async def close(self) -> None:
        with suppress(ConnectionClosed):
            while not self._outgoing.empty():
                await self._send(self._outgoing.get_nowait())
        await self._socket.close()

    async def _write(self) -> None:
        with suppress(ConnectionClosed):  # the reader tells why
            while True:
                await self._send(await self._outgoing.get())

    async def _send(self, frame: bytes) -> None:
        await self._socket.send(frame, text=not self.wire.binary)


async def _connect(place: Place, token: str, wires: list[Wire]) -> ClientConnection:
    try:
        return await connect(
            place.socket,
            subprotocols=[wire.subprotocol for wire in wires],  # type: ignore[misc]  # a NewType of str
            additional_headers={"Authorization": f"Bearer {token}"},
            compression=None,
            open_timeout=None,
            ping_interval=place.keepalive_seconds,
            ping_timeout=place.keepalive_seconds,
            close_timeout=3,
            max_size=MESSAGE_BYTES,
            process_exception=lambda failure: failure,
            ssl=place.tls,
        )
    except InvalidStatus as failure:
        raise refused(failure.response.status_code, "the WebSocket") from failure
    except (InvalidURI, InvalidProxy) as failure:
        raise Refused(Rejected(str(failure)), again=False) from failure
    except (ConnectionResetError, BrokenPipeError, EOFError, InvalidMessage, InvalidHandshake, ProxyError) as failure:
        raise Refused(_reason(failure), obstacle=Obstacle.REFUSED) from failure
    except OSError as failure:
        obstacle = Obstacle.SILENT if isinstance(failure, TimeoutError) else None
        raise Refused(unreachable(failure), obstacle=obstacle) from failure


async def _first(socket: ClientConnection) -> bytes | None:
    """The first frame; None when the server closed instead, in its own words."""
    try:
        return await socket.recv(decode=False)
    except ConnectionClosed as failure:
        if failure.rcvd is not None:
            return None
        error = closed(ABNORMAL, "").error
        raise Refused(error, obstacle=Obstacle.REFUSED) from failure


def _reason(failure: Exception) -> ConnectionLost:
    if isinstance(failure, OSError):
        return unreachable(failure)
    return ConnectionLost(f"The server did not answer as a WebSocket server: {failure}.")
