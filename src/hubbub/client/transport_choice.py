"""Which transport to use: WebSocket first, and what else when it does not work on this network.

While a connection is by a fallback, better ones are tried beside it, less and less often.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Literal

from msgspec import Struct

from hubbub.errors import HubbubError, Unauthenticated

from .backoff import Backoff
from .polling import PollingTransport
from .sse import SseTransport
from .transport import Obstacle, Place, Refused, Transport, TransportName
from .websocket import WebSocketTransport

TransportChoice = Literal["auto", "websocket", "sse", "polling"]
WireChoice = Literal["msgpack", "json"]

PROBE_SECONDS: Final = 10.0
"""The first pause before looking for a better transport."""

PROBE_CAP_SECONDS: Final = 300.0
"""The longest one."""


class TransportOpener:
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


def transports_for(choice: TransportChoice) -> tuple[TransportName, ...]:
    """The transports to try, the best one first. Raises ValueError for another word."""
    return tuple(TransportName) if choice == "auto" else (TransportName(choice),)


PATIENCE_SECONDS: Final = 5.0
"""For a transport below which there is another one."""

_PROVEN_TRIES: Final = 2
"""Where the WebSocket has worked before, so many attempts in a row must fail before a fallback is tried: a server that
restarts refuses everything for a moment."""

Open = Callable[[TransportName, str, float], Awaitable[Transport]]


class Setback(Struct, frozen=True):
    """A transport that did not work here, and why; the error says it in a sentence."""

    transport: TransportName
    obstacle: Obstacle
    error: HubbubError


class TransportChooser:
    """Tries the transports from the best down, and remembers what it learns of the network.

    Args:
        names: those that may be used, the best one first; at least one.
        open: makes a connection by a transport with a token, within so many seconds; raises Refused.
        open_seconds: for the last of the transports, and for those that are tried beside a connection.
    """

    def __init__(self, names: Sequence[TransportName], open: Open, open_seconds: float) -> None:  # noqa: A002
        self._names = tuple(names)
        self._open = open
        self._open_seconds = open_seconds
        self._base = 0
        self._proven = False
        self._misses = 0
        self._setbacks: dict[TransportName, Setback] = {}

    async def dial(self, token: str) -> Transport:
        """The best connection that can be had now. Raises Refused: why there is none."""
        refusals: list[Refused] = []
        for name in self._names[self._base :]:
            last = name is self._names[-1]
            patience = self._open_seconds if last else min(self._open_seconds, PATIENCE_SECONDS)
            try:
                return self.reached(await self._open(name, token, patience))
            except Refused as refused:
                if refused.ending.obstacle is None:
                    raise
                self._misses += 1
                if self._proven and self._misses < _PROVEN_TRIES and not last:
                    raise Refused(refused.ending.error) from refused
                self._note(name, refused.ending.obstacle, refused.ending.error)
                refusals.append(refused)
        self._base = 0  # nothing works: what was known may be of another network
        raise next((one for one in refusals if isinstance(one.ending.error, Unauthenticated)), refusals[0])

    async def better(self, name: TransportName, token: str) -> Transport | None:
        """A connection by a transport better than this one; None: there is none to be had."""
        for better in self.above(name):
            try:
                return await self._open(better, token, self._open_seconds)
            except Refused as refused:
                if refused.ending.obstacle is not None:
                    self._note(better, refused.ending.obstacle, refused.ending.error)
        return None

    def reached(self, transport: Transport) -> Transport:
        """This is the connection now."""
        self._base = self._names.index(transport.name)
        self._misses = 0
        self._proven = self._base == 0
        return transport

    def failed(self, name: TransportName, obstacle: Obstacle, error: HubbubError) -> None:
        """A connection that had worked is held back on its way: begin below it."""
        self._note(name, obstacle, error)
        self._base = min(self._names.index(name) + 1, len(self._names) - 1)

    def above(self, name: TransportName) -> tuple[TransportName, ...]:
        """The better ones, the best one first."""
        return self._names[: self._names.index(name)]

    def setbacks(self, name: TransportName) -> tuple[Setback, ...]:
        """Why the connection is by this transport and not by a better one; empty when it is the best."""
        return tuple(self._setbacks[better] for better in self.above(name) if better in self._setbacks)

    def _note(self, name: TransportName, obstacle: Obstacle, error: HubbubError) -> None:
        self._setbacks[name] = Setback(name, obstacle, error)


class BetterTransportProbe:
    """One for each connection. The connection is left alone until there is a better one.

    Args:
        find: a better connection over which the first frame has come; None: not now.
        pauses: before the attempts.
    """

    def __init__(
        self, find: Callable[[], Awaitable[Transport | None]], pauses: Backoff, random: Callable[[], float]
    ) -> None:
        self._find = find
        self._pauses = pauses
        self._random = random
        self._hurry = asyncio.Event()

    def hurry(self) -> None:
        """Don't wait out the present pause."""
        self._hurry.set()

    async def run(self) -> Transport:
        """Return the better connection, as soon as there is one."""
        attempt = 0
        while True:
            await self._pause(self._pauses.limit_seconds(attempt) * (0.5 + self._random()))
            found = await self._find()
            if found is not None:
                return found
            attempt += 1

    async def _pause(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._hurry.wait()
        except TimeoutError:
            pass
        self._hurry.clear()
