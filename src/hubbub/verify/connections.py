"""Opens the connections of a client by any wire, and breaks and holds them, as networks do."""

from __future__ import annotations

import asyncio
import os
from typing import Final, cast

from hubbub.client.transport import Transport, TransportName, place
from hubbub.client.transport_choice import TransportOpener

from .plan import WireName
from .socketio import SocketIoPolling, SocketIoWebSocket

_NATIVE: Final = {
    WireName.JSON: TransportName.WEBSOCKET,
    WireName.MSGPACK: TransportName.WEBSOCKET,
    WireName.SSE: TransportName.SSE,
    WireName.POLLING: TransportName.POLLING,
}


async def open_transport(
    wire: WireName, url: str, token: str, *, patience_seconds: float, keepalive_seconds: float
) -> Transport:
    """A connection that is signed in.

    Raises:
        Refused: whatever kept it from that.
    """
    where = place(url, keepalive_seconds=keepalive_seconds)
    if wire is WireName.SOCKETIO:
        return await SocketIoWebSocket.open(where, token, patience_seconds=patience_seconds)
    if wire is WireName.SOCKETIO_POLLING:
        return await SocketIoPolling.open(where, token, patience_seconds=patience_seconds)
    opener = TransportOpener(where, "msgpack" if wire is WireName.MSGPACK else "json")
    return await opener.open(_NATIVE[wire], token, patience_seconds)


def cut(transport: Transport) -> None:
    """End the TCP connections at once, without a goodbye of any protocol."""
    for socket in transport.sockets():
        cast("asyncio.WriteTransport", socket).abort()


def hang(transport: Transport) -> list[int]:
    """Leave the TCP connections open for the server, and never read or write them again, as when a cable is pulled.

    The client is rid of them: a second descriptor of its sockets keeps the kernel from ending them. Returns these.
    """
    held = [
        os.dup(socket.get_extra_info("socket").fileno()) for socket in transport.sockets() if not socket.is_closing()
    ]
    cut(transport)
    return held


def release(held: list[int]) -> None:
    """End what `hang` left open."""
    while held:
        os.close(held.pop())


def stop_reading(transport: Transport) -> None:
    """From now on the server's bytes stay in the kernel's buffers, then in the server's."""
    for socket in transport.sockets():
        cast("asyncio.ReadTransport", socket).pause_reading()


def read_on(transport: Transport) -> None:
    """Take what has come meanwhile."""
    for socket in transport.sockets():
        if not socket.is_closing():
            cast("asyncio.ReadTransport", socket).resume_reading()
