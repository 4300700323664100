"""What all wires' connections have in common: their life between the handler's `connected` and `disconnected`.

What is said to a connection before its handler has accepted it waits (`Held`), and reaches nobody who is refused.
"""

from __future__ import annotations

import asyncio
import logging
from abc import abstractmethod
from collections import Counter
from collections.abc import Sequence
from enum import Enum
from typing import Any, Final, Protocol

from hubbub.errors import CloseCode, Disconnect, HubbubError
from hubbub.realtime.core.connection import Connection, Handler, Handshake
from hubbub.realtime.core.settings import GatewaySettings
from hubbub.realtime.fanout.group import Hub, Lane
from hubbub.realtime.transports.context import TransportContext

from .codec import Codec


class GatewayContext(TransportContext):
    """Shared by the connections of one gateway.

    Attributes:
        handler: what stands above all of them.
        codec: gives meaning to what clients send.
        hub: of the groups that they are in.
        census: open connections by lane.
    """

    def __init__(self, handler: Handler, codec: Codec, settings: GatewaySettings, hub: Hub, node: str) -> None:
        super().__init__(settings, hub.loop, node)
        self.hub = hub
        self.handler = handler
        self.codec = codec
        self.census: Counter[Lane] = Counter()
        self._connections = 0

    def next_number(self) -> int:
        self._connections += 1
        return self._connections


BUFFERS_MAX: Final = 16
"""How many times `write_buffer_bytes` may wait. What a room says is held once for all who wait for it."""


class Held:
    """Bytes that wait for the handler's decision.

    Attributes:
        full: too much was said, and nothing is kept any more.
    """

    __slots__ = ("full", "parts", "size")

    def __init__(self) -> None:
        self.parts: list[bytes] = []
        self.size = 0
        self.full = False

    def add(self, data: bytes) -> None:
        self.parts.append(data)
        self.size += len(data)

    def overflow(self) -> None:
        self.full = True
        self.parts.clear()


class Holder(Protocol):
    """A connection that the handler is deciding about."""

    def hold(self, data: bytes) -> None:
        """Keep bytes of its lane until it is accepted."""
        ...


class Holding:
    """Makes of a lane the one in which its connections sit until they are accepted. Stands before it as a base."""

    def write(self, members: Sequence[Connection], data: bytes) -> None:
        for member in members:
            member.hold(data)  # type: ignore[attr-defined]  # all are Holders


logger = logging.getLogger(__name__)

_EARLY_COMMANDS: Final = 64


class _Phase(Enum):
    OPENING = 0  # the handler is deciding; commands wait
    OPEN = 1
    GONE = 2


class BaseConnection(Connection):
    """A client on either wire. Subclasses say how bytes are made and where they go."""

    __slots__ = ("_early", "_held", "_lag_known", "_number", "_phase", "context")

    def __init__(self, context: GatewayContext, lane: Lane) -> None:
        """`lane`: one that holds (see `Holding`)."""
        self.context = context
        self.lane = lane
        self.state = None
        self.groups = ()
        self.paused = False
        self._number = context.next_number()
        self._phase = _Phase.OPENING
        self._early: list[Any] | None = None
        self._held: Held | None = Held()
        self._lag_known = False

    @property
    def id(self) -> str:
        return f"{self.context.node}-{self._number:x}"

    @property
    def closed(self) -> bool:
        return self._phase is _Phase.GONE

    def begin(self, handshake: Handshake) -> asyncio.Task[None]:
        """Ask the handler. Call once. The task ends when the handler has decided."""
        self.context.census[self.lane] += 1
        self._early = []
        return self.context.spawn(self._begin(handshake))

    async def _begin(self, handshake: Handshake) -> None:
        try:
            await self.context.handler.connected(self, handshake)
        except HubbubError as refusal:
            self._early = None
            if self._phase is not _Phase.GONE:
                self.refuse(refusal)
            return
        except Exception:
            logger.exception("the handler failed on a new connection")
            self._early = None
            self.disconnect(Disconnect(CloseCode.INTERNAL, "server error"))
            return
        if self._phase is _Phase.GONE:  # it left while the handler was deciding
            self.context.handler.disconnected(self, "transport close")
            return
        self._phase = _Phase.OPEN
        self.accepted()
        early, self._early = self._early, None
        for command in early or ():
            self.deliver(command)
        if self.paused:
            self._lag()

    def deliver(self, command: Any) -> None:
        """Hand one decoded command to the handler, or keep it until the handler has accepted the connection."""
        if self._phase is _Phase.OPEN:
            try:
                self.context.handler.received(self, command)
            except Exception:
                logger.exception("the handler failed on %s", type(command).__name__)
                self.disconnect(Disconnect(CloseCode.INTERNAL, "server error"))
        elif self._early is not None:
            if len(self._early) >= _EARLY_COMMANDS:
                self.disconnect(Disconnect(CloseCode.POLICY, "too many commands before the handshake ended"))
            else:
                self._early.append(command)

    def hold(self, data: bytes) -> None:
        """Keep bytes of its lane until it is accepted. One whose handler takes too long for what is said is closed."""
        held = self._held
        if held is None or held.full:
            return
        held.add(data)
        if held.size > self.context.settings.write_buffer_bytes * BUFFERS_MAX:
            held.overflow()
            why = Disconnect(CloseCode.TOO_SLOW, "too much was said before the connection was accepted")
            self.context.loop.call_soon(self.disconnect, why)

    def sit(self, lane: Lane) -> None:
        """Take a place in another lane, in all of its groups."""
        census = self.context.census
        census[self.lane] -= 1
        groups = tuple(self.groups)
        for group in groups:
            group.remove(self)
        self.lane = lane
        for group in groups:
            group.add(self)
        census[lane] += 1

    def take_held(self) -> list[bytes]:
        """What has waited. From now on nothing does."""
        held, self._held = self._held, None
        return [] if held is None else held.parts

    def congested(self) -> None:
        """The write buffer went above its limit. The handler is told in the next tick, outside of any fan-out."""
        self.paused = True
        self.context.loop.call_soon(self._lag)

    def relieved(self) -> None:
        """The write buffer is empty enough again."""
        self.paused = False
        if self._lag_known and self._phase is _Phase.OPEN:
            self._lag_known = False
            self.context.handler.drained(self)

    def _lag(self) -> None:
        if self.paused and not self._lag_known and self._phase is _Phase.OPEN:
            self._lag_known = True
            self.context.handler.lagging(self)

    def gone(self, reason: str) -> None:
        """The link is closing or lost: leave all groups, tell the handler. Harmless when it is gone already."""
        phase, self._phase = self._phase, _Phase.GONE
        if phase is _Phase.GONE:
            return
        groups, self.groups = self.groups, ()
        for group in groups:
            group.discard(self)
        self.context.census[self.lane] -= 1
        if phase is _Phase.OPEN:
            self.context.handler.disconnected(self, reason)

    @abstractmethod
    def accepted(self) -> None:
        """The handler has accepted it: sit in the lane that sends, and send what was held."""

    @abstractmethod
    def refuse(self, error: HubbubError) -> None:
        """The handler does not want it: say why, then close."""
