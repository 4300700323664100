"""The bus of several nodes: Redis' pub/sub.

    bus = RedisBus(Address.parse("redis://localhost/0"))
    await bus.open(receiver)
    ...
    await bus.close()

- What this node publishes reaches its own receiver at once and directly; others get it through the server. So the
  server's latency, and its absence, is never seen by people on one node. A `Ping` and a `NodeAlive` take the long way.
- Publishing never blocks. What a tick publishes leaves in one write; what does not fit into the buffer, or has no
  connection, is dropped and counted. When that is over every node is told that something is missing (`gap`).
- A lost connection is made anew, with a growing and random pause; then all rooms are subscribed, then `gap` is called.
"""

from __future__ import annotations

import asyncio
import logging
import random
import secrets
import time
from collections.abc import Sequence
from typing import Any, Final

from hubbub.bus.node_messages import NodeAlive, NodeMessage, Ping, RoomNodeMessage
from hubbub.bus.protocols import BusCounters, BusError, Receiver
from hubbub.vocabulary import Event, RoomId, Signal

from . import envelope
from .address import Address
from .connection import Connection, ServerError, pack
from .dialing import DialError, Session, dial

logger = logging.getLogger(__name__)

BUFFER_BYTES: Final = 4 * 1024 * 1024
SILENT_CHECKS: Final = 3
_FIRST_PAUSE_SECONDS: Final = 0.1
_LONGEST_PAUSE_SECONDS: Final = 5.0
_CLOSE_SECONDS: Final = 1.0
_SKIPPED_MAX: Final = 100
_GAP_SPREAD_SECONDS: Final = 0.5
"""All nodes hear of a loss at once; they don't ask the store at once."""


class RedisBus:
    """Implements `hubbub.bus.Bus`.

    Args:
        buffer_bytes: what may wait to be written, per connection.
        silent_checks: a server that says nothing for so many seconds is given up.
    """

    def __init__(
        self, address: Address, *, buffer_bytes: int = BUFFER_BYTES, silent_checks: int = SILENT_CHECKS
    ) -> None:
        self.counters = BusCounters()
        self._address = address
        self._buffer_bytes = buffer_bytes
        self._silent_checks = silent_checks
        self._origin = secrets.token_bytes(envelope.ORIGIN_BYTES)
        self._channels = envelope.Channels(address.namespace)
        self._receiver: Receiver | None = None
        self._rooms: dict[RoomId, tuple[bytes, bytes]] = {}
        self._by_channel: dict[bytes, RoomId] = {}
        self._session: Session | None = None
        self._publish = self._subscribe = self._unsubscribe = b""
        self._lossy = False
        self._skipped: set[str] = set()
        self._gap: asyncio.TimerHandle | None = None
        self._keeper: asyncio.Task[None] | None = None

    async def open(self, receiver: Receiver) -> None:
        """Returns when connected. Raises BusError when that fails; later losses are made good in the background."""
        self._receiver = receiver
        try:
            session = await self._connect()
        except (DialError, OSError, ServerError) as error:
            self._receiver = None
            raise BusError(f"{self._address} can't be used: {error}") from error
        self._keeper = asyncio.create_task(self._keep(session))

    async def close(self) -> None:
        """Also when it is cancelled, nothing stays open."""
        self._receiver = None
        keeper, self._keeper = self._keeper, None
        try:
            if keeper is not None:
                keeper.cancel()
                await asyncio.gather(keeper, return_exceptions=True)
            if self._session is not None:
                await self._session.close(_CLOSE_SECONDS)
        finally:
            self._end_session("closed")
            if self._gap is not None:
                self._gap.cancel()
                self._gap = None
            self.counters.connected = False
            self._rooms.clear()
            self._by_channel.clear()

    def subscribe(self, room: RoomId) -> None:
        if room in self._rooms or self._receiver is None:
            return
        channels = self._rooms[room] = self._channels.of(room)
        for channel in channels:
            self._by_channel[channel] = room
        if self._session is not None:
            self._session.of(channels[0]).tell(self._subscribe, *channels)

    def unsubscribe(self, room: RoomId) -> None:
        channels = self._rooms.pop(room, None)
        if channels is None:
            return
        for channel in channels:
            del self._by_channel[channel]
        if self._session is not None:
            self._session.of(channels[0]).tell(self._unsubscribe, *channels)

    def publish(self, room: RoomId, items: Sequence[Event] | Signal | RoomNodeMessage) -> None:
        receiver = self._receiver
        if receiver is None:
            return
        channels = self._rooms.get(room)
        events, signals = channels or self._channels.of(room)
        if isinstance(items, Sequence):
            self._send(events, envelope.EVENTS, items)
            if channels is not None:
                receiver.events(room, items)
        else:
            head = envelope.ROOM_MESSAGE if isinstance(items, RoomNodeMessage) else envelope.SIGNAL
            self._send(signals, head, items)
            if channels is not None:
                receiver.signal(room, items)

    def announce(self, message: NodeMessage) -> None:
        if self._receiver is None:
            return
        if isinstance(message, Ping | NodeAlive):
            self._send(self._channels.nodes, envelope.ECHO, message)
        else:
            self._send(self._channels.nodes, envelope.MESSAGE, message)
            self._receiver.node_message(message)

    def _send(self, channel: bytes, head: bytes, body: object) -> None:
        session = self._session
        if session is not None:
            data = envelope.pack(head, self._origin, body)
            if session.of(channel).publish(pack(self._publish, channel, data)):
                self.counters.published += 1
                return
        self.counters.dropped += 1
        self._lossy = True

    # what comes

    def _pushed(self, push: list[Any]) -> None:
        kind = push[0]
        if kind in {b"message", b"smessage"}:
            self._received(push[1], push[2])
        elif kind == b"sunsubscribe" and push[1] in self._by_channel and self._session is not None:
            self._session.end("a shard's channels have moved")

    def _received(self, channel: bytes, data: bytes) -> None:
        receiver = self._receiver
        if receiver is None or envelope.is_own(data, self._origin):
            return
        self.counters.received += 1
        try:
            body = envelope.unpack(data)
        except envelope.Unreadable as what:
            self._skip(str(what))
            return
        if channel == self._channels.nodes:
            if body is None:
                self._tell_gap_soon()
            else:
                receiver.node_message(body)  # type: ignore[arg-type]  # what the head says
            return
        room = self._by_channel.get(channel)
        if room is None:  # unsubscribed a moment ago
            return
        if isinstance(body, list):
            receiver.events(room, body)
        else:
            receiver.signal(room, body)  # type: ignore[arg-type]

    def _skip(self, what: str) -> None:
        """Something of a later version. The log is told of each kind once."""
        self.counters.unreadable += 1
        if what not in self._skipped and len(self._skipped) < _SKIPPED_MAX:
            self._skipped.add(what)
            logger.warning("another node, of a later version, says what this one does not know: %s is skipped", what)

    def _tell_gap_soon(self) -> None:
        if self._gap is None:
            pause = random.uniform(0, _GAP_SPREAD_SECONDS)  # noqa: S311  not a secret
            self._gap = asyncio.get_running_loop().call_later(pause, self._tell_gap)

    def _tell_gap(self) -> None:
        self._gap = None
        if self._receiver is not None:
            self._receiver.gap()

    def _writable(self) -> None:
        """The buffer has room again."""
        if self._lossy and self._session is not None:
            self._lossy = False
            self._send(self._channels.nodes, envelope.LOST, None)

    # staying connected

    def _new(self) -> Connection:
        return Connection(
            self._pushed, self._writable, buffer_bytes=self._buffer_bytes, silent_checks=self._silent_checks
        )

    async def _connect(self) -> Session:
        """Connect, subscribe everything, and only then publish."""
        session = await dial(self._address, self._new)
        try:
            sharded = b"S" if session.sharded else b""
            self._publish, self._subscribe, self._unsubscribe = (
                sharded + verb for verb in (b"PUBLISH", b"SUBSCRIBE", b"UNSUBSCRIBE")
            )
            session.of(self._channels.nodes).tell(self._subscribe, self._channels.nodes)
            # from here on `subscribe` sees the session
            self._session = session
            for channels in self._rooms.values():
                session.of(channels[0]).tell(self._subscribe, *channels)
            await session.settled()
        except BaseException:
            self._session = None
            session.end("not needed")
            raise
        self.counters.connected = True
        return session

    async def _keep(self, session: Session) -> None:
        try:
            while True:
                reason = await session.lost
                began = time.monotonic()
                self._away(session)
                logger.warning("the bus is lost: %s", reason)
                session = await self._reconnect()
                self.counters.reconnects += 1
                logger.warning("the bus is back after %.1f s", time.monotonic() - began)
                self._writable()
                self._tell_gap()
        finally:
            if self._receiver is not None:  # the event loop ends, and nobody closes the bus
                self._end_session("not closed")

    def _end_session(self, reason: str) -> None:
        session, self._session = self._session, None
        if session is not None:
            session.end(reason)

    def _away(self, session: Session) -> None:
        self._session = None
        self.counters.connected = False
        session.end("the session is over")
        if unanswered := session.unanswered:
            self.counters.dropped += unanswered
            self._lossy = True

    async def _reconnect(self) -> Session:
        pause = _FIRST_PAUSE_SECONDS
        while True:
            await asyncio.sleep(pause * random.uniform(0.5, 1))  # noqa: S311
            try:
                return await self._connect()
            except (DialError, OSError, ServerError) as error:
                logger.debug("the bus is still lost: %s", error)
                pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)
