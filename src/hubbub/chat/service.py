"""The chat of one node: what stands between the connections and the store (docs/delivery.md).

    chat = Chat(store, LocalBus(), identity, hub, ChatSettings(), now_ms=lambda: time.time_ns() // 1_000_000)
    await chat.open()
    gateway = Gateway(chat, VocabularyCodec(Command, FIELD_KEYS, TYPE_KEYS), GatewaySettings(), hub=hub)
    ...
    await chat.close()

Chat only wires its parts together and hands on what comes from connections (realtime.Handler); what comes from the bus
goes to its `BusReceiver`. Everything runs on one event loop.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any, Final, TypeVar, cast

from msgspec import Struct

from hubbub.bus import ALONE, Bus, NodeId, UserChanged
from hubbub.chat.actions.messages import MessageActions
from hubbub.chat.actions.presence import PresenceActions
from hubbub.chat.actions.profiles import Profiles
from hubbub.chat.actions.reactions import ReactionActions
from hubbub.chat.actions.reading import ReadingActions
from hubbub.chat.actions.rooms import RoomActions
from hubbub.chat.log import resuming
from hubbub.chat.log.append_queue import AppendQueue
from hubbub.chat.log.catchup import CatchUp
from hubbub.chat.log.feed import Feed
from hubbub.chat.log.feed_registry import CallLater, FeedRegistry, Timer
from hubbub.chat.log.subscriptions import Subscriptions
from hubbub.chat.presence.tracker import PresenceTracker
from hubbub.chat.presence.typing import TypingTracker
from hubbub.errors import BadField, NotJoined, ShuttingDown, UnknownCommand
from hubbub.realtime import Connection, Handshake, Hub, Rate
from hubbub.store.protocols import Store
from hubbub.vocabulary import Command, CommandBase, MemberLeft, RoomId, Seq, UserId, UserName

from .access import Actor, RoomAccess, check_outside_rooms
from .bus_receiver import BusReceiver
from .commands import Commands
from .connection_state import ConnectionState
from .connections import Authenticator, Connections
from .counters import ChatCounters
from .expiry import Expiry
from .quotas import Quotas, units_of
from .registry import collect
from .settings import ChatSettings
from .tasks import Tasks

R = TypeVar("R", bound=Struct)

_BURST_SECONDS: Final = 20.0
"""Of a user's rate: somebody who comes back joins many rooms at once."""


class Chat:
    """The domain: a `realtime.Handler`.

    Attributes:
        counters: what it has done, for metrics.
        listener: takes what comes from the bus.
    """

    def __init__(
        self,
        store: Store,
        bus: Bus,
        identity: Authenticator,
        hub: Hub,
        settings: ChatSettings,
        *,
        node: NodeId = ALONE,
        now_ms: Callable[[], int],
        monotonic: Callable[[], float] = time.monotonic,
        call_later: CallLater | None = None,
    ) -> None:
        """`node`: this one among several that share the bus.

        `now_ms` stamps what is stored; `monotonic` counts seconds; `call_later` defaults to the loop's.
        """
        self.counters = counters = ChatCounters()
        self._bus = bus
        self._identity = identity
        self._settings = settings
        self._now = monotonic
        self._call_later: CallLater = call_later or hub.loop.call_later
        self._timer: Timer | None = None
        self._heads_due = 0.0
        self._heads_seconds = settings.heads_seconds if node == ALONE else settings.shared_heads_seconds
        self._closing = False
        self._tasks = Tasks(counters)

        self._append_queue = AppendQueue(
            store, bus.publish, self._stored_before, counters, now_ms=now_ms, limit=settings.pending_sends
        )
        self._feeds = FeedRegistry(
            store,
            bus,
            hub,
            self._append_queue,
            settings,
            counters,
            call_later=self._call_later,
            spawn=self._tasks.spawn,
            left=self._member_left,
            shared=node != ALONE,
        )
        self._connections = Connections(identity, settings, counters, now=monotonic)
        access = RoomAccess(store)
        rooms = RoomActions(
            store, bus, access, self._append_queue, online=self._online, left=self._left_here, now_ms=now_ms
        )
        self._presence = PresenceTracker(
            hub, bus, node, settings, counters, now=monotonic, unused=self._feeds.drop_if_unused
        )
        self._typing = TypingTracker(bus, settings, counters, now=monotonic)
        self._catch_up = CatchUp(store, self._presence, settings, counters, spawn=self._tasks.spawn)
        self._subscriptions = Subscriptions(
            self._feeds,
            rooms,
            access,
            self._catch_up,
            self._presence,
            settings,
            counters,
            authenticate=self._connections.authenticate,
            now=monotonic,
        )
        self._quotas = Quotas(Rate.of(settings.user_work_per_second, _BURST_SECONDS), monotonic)
        self._registry = collect(
            self._subscriptions,
            rooms,
            MessageActions(store, access, self._append_queue, settings),
            ReactionActions(store, access, self._append_queue),
            ReadingActions(store, bus, access),
            PresenceActions(self._presence, self._typing),
        )
        self._registry.check()
        self._commands = Commands(
            self._registry,
            self._feeds,
            self._append_queue,
            access,
            self._quotas,
            settings,
            counters,
            spawn=self._tasks.spawn,
        )
        self._expiry = Expiry(identity, self._connections, self._append_queue, now_ms=now_ms, spawn=self._tasks.spawn)
        self.received = self._commands.received
        profiles = Profiles(store, self._feeds, self._connections, counters, spawn=self._tasks.spawn)
        self.bus_receiver = BusReceiver(
            self._feeds, self._connections, self._presence, self._typing, profiles, identity
        )

    async def open(self) -> None:
        """Begin. The store and the identity are open already; the bus is opened here."""
        self._closing = False
        await self._feeds.begin()
        await self._bus.open(self.bus_receiver)
        self._identity.changed.append(self._user_changed)
        self._append_queue.open()
        self._heads_due = self._now() + self._heads_seconds
        self._timer = self._call_later(self._settings.tick_seconds, self._tick)

    async def close(self) -> None:
        """End. Sends that were taken are answered first. The connections are the gateway's to close, before this."""
        self._closing = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
            self._identity.changed.remove(self._user_changed)
        await self._append_queue.close()
        self._feeds.close()
        await self._tasks.close()
        await self._bus.close()

    def census(self) -> dict[str, int]:
        """How many `users` are online here and how many `rooms` this node follows."""
        return {"users": len(self._connections), "rooms": len(self._feeds)}

    async def perform(self, actor: Actor, command: CommandBase[R]) -> R:
        """The same action without a connection, for REST.

        `Join` only makes the actor a member. Raises what the action raises; NotJoined for what needs a live
        subscription; ShuttingDown after `close`.
        """
        if self._closing:
            raise ShuttingDown
        await self._quotas.pace(actor.user_id, 10 + units_of(command))
        said = command.declared
        check_outside_rooms(said.access, actor.user)
        perform = self._registry.performers.get(type(command))
        if perform is None:
            raise NotJoined if said.joined else UnknownCommand
        reply: Any
        if said.joined:  # it waits for the append queue, which has turns of its own
            reply = await perform(actor, command, "")
        else:
            async with self._quotas.turn(actor.user_id, command):
                reply = await perform(actor, command, "")
        return cast("R", reply)

    def end_sessions(self, user: UserId, session_ids: Iterable[str]) -> None:
        """These logins of a user ended: disconnect their connections."""
        self._connections.end(user, session_ids)

    # realtime.Handler; `received` is set in the constructor, one call less for each command

    async def connected(self, connection: Connection, handshake: Handshake) -> None:
        if self._closing:
            raise ShuttingDown
        await self._connections.connected(connection, handshake)
        state: ConnectionState = connection.state
        if state.actor is None:
            return
        try:
            command = resuming.subscription(handshake)
        except BadField as error:
            connection.fail(None, error)
        else:
            if command is not None:
                self.received(connection, command)

    received: Callable[[Connection, Command], None]

    def position(self, connection: Connection) -> str:
        """Its cursors, for the `id` of an event stream (realtime/protocols/native_http_app.py)."""
        return resuming.position(connection.state)

    def resume(self, handshake: Handshake, last_event_id: str) -> list[Command]:
        """What an event stream's URL and last id ask for."""
        return [*resuming.commands(handshake.query, last_event_id)]

    def lagging(self, connection: Connection) -> None:
        self._subscriptions.lagging(connection.state)

    def drained(self, connection: Connection) -> None:
        self._subscriptions.drained(connection.state)

    def disconnected(self, connection: Connection, reason: str) -> None:
        state: ConnectionState = connection.state
        if state.gone is not None:
            state.gone.set()
        self._connections.disconnected(state)
        if state.actor is not None:
            self._subscriptions.disconnected(state, state.actor.user.name)

    # inside

    def _tick(self) -> None:
        """Everything that is counted in whole seconds, in one timer for all connections and rooms."""
        now = self._now()
        self._timer = self._call_later(self._settings.tick_seconds, self._tick)
        self._connections.tick()
        self._expiry.tick()
        self._subscriptions.tick()
        self._presence.tick()
        self._typing.tick()
        self._quotas.tick()
        if now >= self._heads_due:
            self._heads_due = now + self._heads_seconds
            self._feeds.compare()

    def _user_changed(self, user: UserId, ended: list[str], renamed: bool) -> None:
        """Something was changed on this node: here it holds at once, whatever the bus does."""
        self.end_sessions(user, ended)
        self._bus.announce(UserChanged(user, ended, renamed))

    def _online(self, room: RoomId, user_id: UserId, user: UserName) -> bool:
        """Whether a member of the room has a connection here; in a watched room, anywhere."""
        feed = self._feeds.get(room)
        return self._connections.online(user_id) or (feed is not None and feed.presence.has_elsewhere(user))

    def _member_left(self, feed: Feed, event: MemberLeft) -> None:
        self._subscriptions.expel(feed, event.sender, event.seq)

    def _left_here(self, room: RoomId, user: UserName, seq: Seq) -> None:
        feed = self._feeds.get(room)
        if feed is not None:
            self._subscriptions.expel(feed, user, seq)

    def _stored_before(self, room: RoomId, seq: Seq) -> None:
        self._feeds.expect(room, seq)
