"""Who is online in a room, told to those who look at it: merged, rare, and without a flicker on a reconnect.

Coming and going cost constant time whatever the room's size. Signals are made once a tick, for rooms where something
changed and somebody watches. What other nodes say comes from `RemotePresenceTracker`, and `PresenceAnnouncer` tells
them of this one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping

from hubbub.bus import Bus, NodeId
from hubbub.chat.connection_state import ConnectionState
from hubbub.chat.counters import ChatCounters
from hubbub.chat.log.feed import Feed
from hubbub.chat.settings import ChatSettings
from hubbub.realtime import Group, Hub, Outgoing
from hubbub.vocabulary import Presence as PresenceSignal
from hubbub.vocabulary import RoomId, UserName, Watching

from .announcer import PresenceAnnouncer
from .remote import RemotePresenceTracker
from .room_presence import RoomPresence


class PresenceTracker:
    """Presence in the rooms that this node follows.

    Attributes:
        announcer: tells other nodes who is here.
        remote: what they tell.
    """

    def __init__(
        self,
        hub: Hub,
        bus: Bus,
        node: NodeId,
        settings: ChatSettings,
        counters: ChatCounters,
        *,
        now: Callable[[], float],
        unused: Callable[[Feed], None],
    ) -> None:
        """`unused` is called with a feed that somebody has finally left: it may not be needed any more."""
        self._hub = hub
        self._settings = settings
        self._counters = counters
        self._now = now
        self._unused = unused
        self.announcer = PresenceAnnouncer(bus, node, settings, now=now)
        self.remote = RemotePresenceTracker(bus, node, settings, now=now, changed=self._merge)
        self._dirty: dict[Feed, None] = {}
        self._leaving: deque[tuple[float, Feed, UserName]] = deque()

    def came(self, feed: Feed, state: ConnectionState, user: UserName) -> None:
        """A connection of `user` joined the room."""
        if feed.here.add(user, state) and feed.presence.away.pop(user, None) is None:
            self._moved(feed, user, online=True)

    def went(self, feed: Feed, state: ConnectionState, user: UserName) -> None:
        """A connection of `user` is gone. Another may come in a moment: offline is said after the grace."""
        if feed.here.remove(user, state):
            until = self._now() + self._settings.grace_seconds
            feed.presence.away[user] = until
            self._leaving.append((until, feed, user))

    def left(self, feed: Feed, user: UserName) -> None:
        """`user` is no longer a member, and none of its connections is in the feed."""
        feed.presence.away.pop(user, None)
        self._moved(feed, user, online=False)
        self._unused(feed)

    def watch(self, state: ConnectionState, feed: Feed | None) -> Watching:
        """From now on this connection gets this room's signals, and of no other; who is online now."""
        self.unwatch(state)
        if feed is None:
            return Watching(None)
        self.remote.want(feed)
        presence = feed.presence
        if not presence.watchers:
            presence.changes.clear()
            presence.listed = presence.total() <= self._settings.crowd
        state.watching = feed
        presence.watchers[state] = None
        if state.drained is None:
            self._show(feed, state)
        return Watching(feed.room, presence.total(), presence.names(self._settings.crowd))

    def unwatch(self, state: ConnectionState) -> None:
        feed = state.watching
        if feed is not None:
            state.watching = None
            feed.presence.watchers.pop(state, None)
            self.pause(state, feed)

    def pause(self, state: ConnectionState, feed: Feed) -> None:
        """Send it no signals for now: it is slow, and they would be stale."""
        if feed.presence.screen is not None:
            feed.presence.screen.remove(state.connection)

    def resume(self, state: ConnectionState) -> None:
        """It has caught up: if its signals were paused, it gets them again, and first the state of now."""
        feed = state.watching
        if feed is None:
            return
        presence = feed.presence
        if presence.screen is None or state.connection not in presence.screen:
            names = presence.names(self._settings.crowd)
            state.connection.emit(Outgoing(PresenceSignal(feed.room, presence.total(), online=names)))
            self._show(feed, state)

    def tick(self) -> None:
        """Send what has changed, and end the graces that are over."""
        now = self._now()
        while self._leaving and self._leaving[0][0] <= now:
            until, feed, user = self._leaving.popleft()
            if feed.presence.away.get(user) == until:
                del feed.presence.away[user]
                self.remote.linger(feed, user)
                self._moved(feed, user, online=False)
                self._unused(feed)
        self.announcer.tick()
        self.remote.tick()
        for feed in [feed for feed in self._dirty if feed.presence.due <= now]:
            del self._dirty[feed]
            presence = feed.presence
            if presence.watchers:
                presence.due = now + len(presence.watchers) / self._settings.presence_writes
                self._tell(feed.room, presence)

    def _tell(self, room: RoomId, presence: RoomPresence) -> None:
        count = presence.total()
        changes, presence.changes = presence.changes, {}
        if count > self._settings.crowd:
            presence.listed = False
            signal = PresenceSignal(room, count)
        elif presence.listed:
            if not changes:
                return
            signal = PresenceSignal(
                room,
                count,
                [user for user, online in changes.items() if online],
                [user for user, online in changes.items() if not online],
            )
        else:  # the watchers had only a count: everybody is new to them
            presence.listed = True
            signal = PresenceSignal(room, count, presence.names(self._settings.crowd))
        self._counters.signals += 1
        self._counters.dropped_signals += len(presence.watchers)
        if presence.screen is not None:
            self._counters.dropped_signals -= len(presence.screen)
            presence.screen.publish(Outgoing(signal))

    def _moved(self, feed: Feed, user: UserName, *, online: bool) -> None:
        """`user` is now online on this node, or no longer."""
        self.announcer.changed(feed, user, online=online)
        if feed.presence.watchers and not feed.presence.has_elsewhere(user):
            self._merge(feed, {user: online})

    def _merge(self, feed: Feed, changes: Mapping[UserName, bool]) -> None:
        """These users are now online somewhere, or nowhere any more."""
        presence = feed.presence
        if not presence.watchers:
            return
        self._dirty[feed] = None
        if presence.count > self._settings.crowd or (presence.remote is not None and presence.remote.unnamed):
            presence.changes.clear()
            presence.listed = False
            return
        for user, online in changes.items():
            if presence.changes.pop(user, online) is online:
                presence.changes[user] = online

    def _show(self, feed: Feed, state: ConnectionState) -> None:
        if feed.presence.screen is None:
            feed.presence.screen = Group(self._hub, feed.room)
        feed.presence.screen.add(state.connection)
