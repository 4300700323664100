"""Tells other nodes who is in a room here, while they want to know: merged, and at most once a tick.

Nothing is said of a room that nobody watches elsewhere. So 2,000 people who come back at once cost a message a second
for each watched room, not 2,000 (docs/delivery.md).
"""

from __future__ import annotations

from collections.abc import Callable

from hubbub.bus import ALONE, Bus, NodeId, PresenceHere, PresenceWanted
from hubbub.chat.log.feed import Feed
from hubbub.chat.settings import ChatSettings
from hubbub.vocabulary import UserName

from .room_presence import Announced


class PresenceAnnouncer:
    """Speaks for the rooms of this node. One that is alone is never asked."""

    def __init__(self, bus: Bus, node: NodeId, settings: ChatSettings, *, now: Callable[[], float]) -> None:
        self._bus = bus
        self._node = node
        self._settings = settings
        self._now = now
        self._number = 0
        self._wanted: dict[Feed, Announced] = {}

    def wanted(self, feed: Feed, message: PresenceWanted) -> None:
        """A node wants to know who is here. It is told at once, unless it was told in this tick."""
        if message.node == self._node:
            return
        news = feed.presence.announced
        if news is None:
            news = feed.presence.announced = self._wanted[feed] = Announced()
        news.until = max(news.until, self._now() + message.lease_seconds)
        if message.fresh and message.of in {ALONE, self._node}:
            news.whole = True
        if news.whole and not news.said:
            self._say(feed, news)

    def changed(self, feed: Feed, user: UserName, *, online: bool) -> None:
        """`user` is now online in the room on this node, or no longer. Called before an unused feed is dropped."""
        news = feed.presence.announced
        if news is None:
            return
        if not news.listed or feed.presence.count > self._settings.crowd:
            news.changes.clear()
            news.whole = True
        elif news.changes.pop(user, online) is online:
            news.changes[user] = online
        if not feed.presence.count:
            self._say(feed, news)

    def tick(self) -> None:
        """Say what has changed, and what has to be said again."""
        now = self._now()
        for feed, news in tuple(self._wanted.items()):
            news.said = False
            if news.until <= now:
                feed.presence.announced = None
                del self._wanted[feed]
            elif news.changes or news.whole or news.repeat_at <= now:
                self._say(feed, news)

    def _say(self, feed: Feed, news: Announced) -> None:
        count = feed.presence.count
        if not count and not news.number:
            return
        listed = count <= self._settings.crowd
        whole = news.whole or not listed or not count
        online = [user for user, online in news.changes.items() if online]
        offline = [user for user, online in news.changes.items() if not online]
        if whole:
            online, offline = [*feed.here, *feed.presence.away] if listed else [], []
        self._number += 1
        lease = self._settings.presence_lease_seconds
        message = PresenceHere(self._node, self._number, count, lease, news.number, online, offline, whole)
        news.number = self._number if count else 0
        news.whole = not count
        news.listed = listed
        news.changes = {}
        news.said = True
        news.repeat_at = self._now() + lease / 3
        self._bus.publish(feed.room, message)
