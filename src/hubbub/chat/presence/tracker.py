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
from hubbub.vocabulary import UserName, Watching

from .announcer import PresenceAnnouncer
from .remote import RemotePresenceTracker


class PresenceTracker:
    """Presence in the rooms that this node follows.

    Attributes:
        herald: tells other nodes who is here.
        elsewhere: what they tell.
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
        if feed.here.add(user, state) and feed.away.pop(user, None) is None:
            self._moved(feed, user, online=True)

    def went(self, feed: Feed, state: ConnectionState, user: UserName) -> None:
        """A connection of `user` is gone. Another may come in a moment: offline is said after the grace."""
        if feed.here.remove(user, state):
            until = self._now() + self._settings.grace_seconds
            feed.away[user] = until
            self._leaving.append((until, feed, user))

    def left(self, feed: Feed, user: UserName) -> None:
        """`user` is no longer a member, and none of its connections is in the feed."""
        feed.away.pop(user, None)
        self._moved(feed, user, online=False)
        self._unused(feed)

    def watch(self, state: ConnectionState, feed: Feed | None) -> Watching:
        """From now on this connection gets this room's signals, and of no other; who is online now."""
        self.unwatch(state)
        if feed is None:
            return Watching(None)
        self.remote.want(feed)
        if not feed.watchers:
            feed.changes.clear()
            feed.listed = self._count(feed) <= self._settings.crowd
        state.watching = feed
        feed.watchers[state] = None
        if state.drained is None:
            self._show(feed, state)
        return Watching(feed.room, self._count(feed), self._names(feed))

    def unwatch(self, state: ConnectionState) -> None:
        feed = state.watching
        if feed is not None:
            state.watching = None
            feed.watchers.pop(state, None)
            self.pause(state, feed)

    def pause(self, state: ConnectionState, feed: Feed) -> None:
        """Send it no signals for now: it is slow, and they would be stale."""
        if feed.screen is not None:
            feed.screen.remove(state.connection)

    def resume(self, state: ConnectionState) -> None:
        """It has caught up: if its signals were paused, it gets them again, and first the state of now."""
        feed = state.watching
        if feed is not None and (feed.screen is None or state.connection not in feed.screen):
            state.connection.emit(Outgoing(PresenceSignal(feed.room, self._count(feed), online=self._names(feed))))
            self._show(feed, state)

    def tick(self) -> None:
        """Send what has changed, and end the graces that are over."""
        now = self._now()
        while self._leaving and self._leaving[0][0] <= now:
            until, feed, user = self._leaving.popleft()
            if feed.away.get(user) == until:
                del feed.away[user]
                self.remote.linger(feed, user)
                self._moved(feed, user, online=False)
                self._unused(feed)
        self.announcer.tick()
        self.remote.tick()
        for feed in [feed for feed in self._dirty if feed.presence_due <= now]:
            del self._dirty[feed]
            if feed.watchers:
                feed.presence_due = now + len(feed.watchers) / self._settings.presence_writes
                self._tell(feed)

    def _tell(self, feed: Feed) -> None:
        count = self._count(feed)
        changes, feed.changes = feed.changes, {}
        if count > self._settings.crowd:
            feed.listed = False
            signal = PresenceSignal(feed.room, count)
        elif feed.listed:
            if not changes:
                return
            signal = PresenceSignal(
                feed.room,
                count,
                [user for user, online in changes.items() if online],
                [user for user, online in changes.items() if not online],
            )
        else:  # the watchers had only a count: everybody is new to them
            feed.listed = True
            signal = PresenceSignal(feed.room, count, self._names(feed))
        self._counters.signals += 1
        self._counters.dropped_signals += len(feed.watchers)
        if feed.screen is not None:
            self._counters.dropped_signals -= len(feed.screen)
            feed.screen.publish(Outgoing(signal))

    def _moved(self, feed: Feed, user: UserName, *, online: bool) -> None:
        """`user` is now online on this node, or no longer."""
        self.announcer.changed(feed, user, online=online)
        if feed.watchers and (feed.others is None or user not in feed.others.users):
            self._merge(feed, {user: online})

    def _merge(self, feed: Feed, changes: Mapping[UserName, bool]) -> None:
        """These users are now online somewhere, or nowhere any more."""
        if not feed.watchers:
            return
        self._dirty[feed] = None
        if feed.present > self._settings.crowd or (feed.others is not None and feed.others.unnamed):
            feed.changes.clear()
            feed.listed = False
            return
        for user, online in changes.items():
            if feed.changes.pop(user, online) is online:
                feed.changes[user] = online

    def _show(self, feed: Feed, state: ConnectionState) -> None:
        if feed.screen is None:
            feed.screen = Group(self._hub, feed.room)
        feed.screen.add(state.connection)

    def _count(self, feed: Feed) -> int:
        """Users who are online anywhere. One on several nodes counts once, except those of a crowd elsewhere."""
        others = feed.others
        if others is None:
            return feed.present
        return feed.present + others.unnamed + sum(not feed.has(user) for user in others.users)

    def _names(self, feed: Feed) -> list[UserName]:
        if self._count(feed) > self._settings.crowd:
            return []
        return sorted({*feed.here, *feed.away, *(() if feed.others is None else feed.others.users)})
