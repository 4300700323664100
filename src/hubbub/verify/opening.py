"""Opens a connection of a client's wire."""

from __future__ import annotations

from typing import Final

from hubbub.client.dialer import Dialer
from hubbub.client.transport import Transport, TransportName, place

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
    dialer = Dialer(where, "msgpack" if wire is WireName.MSGPACK else "json")
    return await dialer.open(_NATIVE[wire], token, patience_seconds)
