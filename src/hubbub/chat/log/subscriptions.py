"""Which connection receives which room: joining, being taken out, being slow, being gone."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

from hubbub.chat.access import Actor, RoomAccess
from hubbub.chat.actions.rooms import RoomActions, joined
from hubbub.chat.connection_state import ConnectionState, Gap
from hubbub.chat.counters import ChatCounters
from hubbub.chat.multimap import older
from hubbub.chat.presence.tracker import PresenceTracker
from hubbub.chat.registry import on_connection
from hubbub.chat.settings import ChatSettings
from hubbub.errors import CloseCode, CursorAhead, Disconnect, RoomForbidden
from hubbub.realtime import with_member, without_member
from hubbub.store.protocols import RoomHead
from hubbub.vocabulary import Action, Join, Seq, UserName

from .catchup import CatchUp
from .feed import Arrival, Feed
from .feed_registry import FeedRegistry
from .resuming import Follow


class Subscriptions:
    """The joined rooms of this node's connections."""

    def __init__(
        self,
        feeds: FeedRegistry,
        rooms: RoomActions,
        access: RoomAccess,
        catch_up: CatchUp,
        presence: PresenceTracker,
        settings: ChatSettings,
        counters: ChatCounters,
        *,
        now: Callable[[], float],
    ) -> None:
        self._feeds = feeds
        self._rooms = rooms
        self._access = access
        self._catch_up = catch_up
        self._presence = presence
        self._settings = settings
        self._counters = counters
        self._now = now
        self._slow: dict[ConnectionState, float] = {}  # in the order of the times

    @on_connection(Join)
    async def join(self, state: ConnectionState, command: Join) -> None:
        """Become a member if need be, and receive the room."""
        actor = state.signed_in
        enter = partial(self._rooms.enter, actor, command.room, command.since, state.connection.id)
        await self._receive(state, actor, command, enter)

    @on_connection(Follow)
    async def follow(self, state: ConnectionState, command: Follow) -> None:
        """Receive a room of which the user is a member."""
        actor = state.signed_in
        await self._receive(state, actor, command, partial(self._enter_as_member, actor, command))

    async def _receive(
        self, state: ConnectionState, actor: Actor, command: Join, enter: Callable[[], Awaitable[RoomHead]]
    ) -> None:
        """Reply `Joined`; then, in order, what follows the cursor, and what comes.

        The feed is subscribed before the store is read, so nothing falls between the two. On a connection that has
        joined before, nothing is sent between the read and the reply, and the replay begins anew.

        Raises:
            UnknownRoom, CursorAhead, StoreUnavailable: the connection is as it was before.
            RoomForbidden: the user left the room from elsewhere meanwhile, or what `enter` says.
        """
        feed = self._feeds.open(command.room)
        arrival = Arrival(actor.user.name)
        feed.arriving[arrival] = None
        if feed in state.joined:
            self._catch_up.fall_behind(state, feed).ready = False
        try:
            head = await enter()
            if arrival.left > head.head:
                raise RoomForbidden
            if not state.connection.closed:
                self._admit(state, actor, feed, head, command)
        finally:
            del feed.arriving[arrival]
            gap = state.gap(feed)
            if gap is not None:
                gap.ready = True
            self._catch_up.begin(state, feed)
            self._feeds.drop_if_unused(feed)

    def expel(self, feed: Feed, user: UserName, seq: Seq) -> None:
        """`user` stopped being a member at `seq`: none of its connections receives the room any more.

        One that is still being replayed after a later join stays.
        """
        connections = feed.here.of(user)
        was_here = bool(connections) or user in feed.presence.away
        for state in connections:
            gap = state.gap(feed)
            if gap is None or gap.floor < seq:
                feed.here.remove(user, state)
                self._detach(state, feed)
        if was_here and user not in feed.here:
            self._presence.left(feed, user)

    def lagging(self, state: ConnectionState) -> None:
        """Its write buffer is full: cursors instead of a queue, and no signals."""
        self._counters.lagging += 1
        self._slow[state] = self._now()
        state.drained = asyncio.Event()
        for feed in state.joined:
            self._catch_up.fall_behind(state, feed)
        if state.watching is not None:
            self._presence.pause(state, state.watching)

    def drained(self, state: ConnectionState) -> None:
        """It reads again."""
        self._release(state)
        self._catch_up.resume(state)

    def disconnected(self, state: ConnectionState, user: UserName) -> None:
        """It is gone, and the live rooms know that already."""
        self._release(state)
        self._presence.unwatch(state)
        for feed in state.joined:
            self._presence.went(feed, state, user)
        state.joined = ()
        state.gaps = None
        self._catch_up.forget(state)

    def tick(self) -> None:
        """Close the connections that have been slow for too long."""
        for state in older(self._slow, self._now() - self._settings.lag_seconds):
            self._slow.pop(state, None)
            self._counters.too_slow += 1
            state.connection.disconnect(Disconnect(CloseCode.TOO_SLOW, "read faster"))

    def _admit(self, state: ConnectionState, actor: Actor, feed: Feed, head: RoomHead, command: Join) -> None:
        """Reply, and leave a gap behind that is closed next."""
        feed.warm(head.head)
        feed.expect(head.head)  # what the bus has lost until now comes to light here
        if feed not in state.joined:
            state.joined = with_member(state.joined, feed, feed.alone)
            self._presence.came(feed, state, actor.user.name)
        if command.ref is not None:
            state.connection.reply(command.ref, joined(head))
        cursor = head.head if command.since is None else command.since
        state.open_gap(Gap(feed, cursor, head.head))

    async def _enter_as_member(self, actor: Actor, command: Follow) -> RoomHead:
        """Raises RoomForbidden, CursorAhead."""
        head = await self._access.check(actor, Action.READ_ROOM, command.room)
        if command.since is not None and command.since > head.head:
            raise CursorAhead
        return head

    def _detach(self, state: ConnectionState, feed: Feed) -> None:
        feed.live.remove(state.connection)
        state.joined = without_member(state.joined, feed)
        state.close_gap(feed)
        feed.wake()
        if state.watching is feed:
            self._presence.unwatch(state)
        elif state.gaps is None:
            self._catch_up.arrived(state)

    def _release(self, state: ConnectionState) -> None:
        self._slow.pop(state, None)
        drained, state.drained = state.drained, None
        if drained is not None:
            drained.set()
