"""Makes connections by the transport that is asked for."""

from __future__ import annotations

from typing import Final, Literal

from .polling import PollingTransport
from .sse import SseTransport
from .transport import Place, Transport, TransportName
from .websocket import WebSocketTransport

TransportChoice = Literal["auto", "websocket", "sse", "polling"]
WireChoice = Literal["msgpack", "json"]

CLIMB_SECONDS: Final = 10.0
"""The first pause before looking for a better transport."""

CLIMB_CAP_SECONDS: Final = 300.0
"""The longest one."""


class Dialer:
    """Opens connections to one server."""

    def __init__(self, place: Place, wire: WireChoice) -> None:
        if wire not in {"msgpack", "json"}:
            raise ValueError(f"no such wire: {wire!r}")
        self._place = place
        self._compact = wire == "msgpack"

    async def open(self, name: TransportName, token: str, patience_seconds: float) -> Transport:
        """A connection over which the first frame has come. Raises Refused."""
        match name:
            case TransportName.WEBSOCKET:
                return await WebSocketTransport.open(
                    self._place, token, patience_seconds=patience_seconds, compact=self._compact
                )
            case TransportName.SSE:
                return await SseTransport.open(self._place, token, patience_seconds=patience_seconds)
            case TransportName.POLLING:
                return await PollingTransport.open(self._place, token, patience_seconds=patience_seconds)


def rungs(choice: TransportChoice) -> tuple[TransportName, ...]:
    """The transports to try, the best one first. Raises ValueError for another word."""
    return tuple(TransportName) if choice == "auto" else (TransportName(choice),)
