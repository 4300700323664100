"""Which connection receives which room: joining, being taken out, being slow, being gone."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from hubbub.chat.actions.rooms import Actions, joined
from hubbub.chat.actor import Actor
from hubbub.chat.connection_state import Gap, Session
from hubbub.chat.counters import ChatCounters
from hubbub.chat.multimap import older
from hubbub.chat.presence.tracker import Presence
from hubbub.chat.settings import ChatSettings
from hubbub.errors import CloseCode, Disconnect, RoomForbidden
from hubbub.realtime import with_member, without_member
from hubbub.store.protocols import RoomHead
from hubbub.vocabulary import Join, Seq, UserName

from .catchup import CatchUp
from .feed import Arrival, Feed
from .feed_registry import Feeds
from .resuming import Follow


class Subscriptions:
    """The joined rooms of this node's connections."""

    def __init__(
        self,
        feeds: Feeds,
        actions: Actions,
        catch_up: CatchUp,
        presence: Presence,
        settings: ChatSettings,
        counters: ChatCounters,
        *,
        now: Callable[[], float],
    ) -> None:
        self._feeds = feeds
        self._actions = actions
        self._catch_up = catch_up
        self._presence = presence
        self._settings = settings
        self._counters = counters
        self._now = now
        self._slow: dict[Session, float] = {}  # in the order of the times

    async def join(self, session: Session, actor: Actor, command: Join) -> None:
        """Reply `Joined`; then, in order, what follows the cursor, and what comes.

        The feed is subscribed before the store is read, so nothing falls between the two. On a connection that has
        joined before, nothing is sent between the read and the reply, and the replay begins anew.

        Raises:
            UnknownRoom, CursorAhead, StoreUnavailable: the connection is as it was before.
            RoomForbidden: the user left the room from elsewhere meanwhile, or is no member and asked by `Follow`.
        """
        feed = self._feeds.open(command.room)
        arrival = Arrival(actor.user.name)
        feed.arriving[arrival] = None
        if feed in session.joined:
            self._catch_up.fall_behind(session, feed).ready = False
        try:
            if isinstance(command, Follow):
                head = await self._actions.access_from(actor, command.room, command.since)
            else:
                head = await self._actions.do_enter(actor, command.room, command.since, session.connection.id)
            if arrival.left > head.head:
                raise RoomForbidden
            if not session.connection.closed:
                self._admit(session, actor, feed, head, command)
        finally:
            del feed.arriving[arrival]
            gap = session.gap(feed)
            if gap is not None:
                gap.ready = True
            self._catch_up.begin(session, feed)
            self._feeds.drop_if_unused(feed)

    def expel(self, feed: Feed, user: UserName, seq: Seq) -> None:
        """`user` stopped being a member at `seq`: none of its connections receives the room any more.

        One that is still being replayed after a later join stays.
        """
        sessions = feed.here.of(user)
        was_here = bool(sessions) or user in feed.away
        for session in sessions:
            gap = session.gap(feed)
            if gap is None or gap.floor < seq:
                feed.here.remove(user, session)
                self._detach(session, feed)
        if was_here and user not in feed.here:
            self._presence.left(feed, user)

    def lagging(self, session: Session) -> None:
        """Its write buffer is full: cursors instead of a queue, and no signals."""
        self._counters.lagging += 1
        self._slow[session] = self._now()
        session.drained = asyncio.Event()
        for feed in session.joined:
            self._catch_up.fall_behind(session, feed)
        if session.watching is not None:
            self._presence.pause(session, session.watching)

    def drained(self, session: Session) -> None:
        """It reads again."""
        self._release(session)
        self._catch_up.resume(session)

    def disconnected(self, session: Session, user: UserName) -> None:
        """It is gone, and the live rooms know that already."""
        self._release(session)
        self._presence.unwatch(session)
        for feed in session.joined:
            self._presence.went(feed, session, user)
        session.joined = ()
        session.gaps = None
        self._catch_up.forget(session)

    def tick(self) -> None:
        """Close the connections that have been slow for too long."""
        for session in older(self._slow, self._now() - self._settings.lag_seconds):
            self._slow.pop(session, None)
            self._counters.too_slow += 1
            session.connection.disconnect(Disconnect(CloseCode.TOO_SLOW, "read faster"))

    def _admit(self, session: Session, actor: Actor, feed: Feed, head: RoomHead, command: Join) -> None:
        """Reply, and leave a gap behind that is closed next."""
        feed.warm(head.head)
        feed.expect(head.head)  # what the bus has lost until now comes to light here
        if feed not in session.joined:
            session.joined = with_member(session.joined, feed, feed.alone)
            self._presence.came(feed, session, actor.user.name)
        if command.ref is not None:
            session.connection.reply(command.ref, joined(head))
        cursor = head.head if command.since is None else command.since
        session.open_gap(Gap(feed, cursor, head.head))

    def _detach(self, session: Session, feed: Feed) -> None:
        feed.live.remove(session.connection)
        session.joined = without_member(session.joined, feed)
        session.close_gap(feed)
        feed.wake()
        if session.watching is feed:
            self._presence.unwatch(session)
        elif session.gaps is None:
            self._catch_up.arrived(session)

    def _release(self, session: Session) -> None:
        self._slow.pop(session, None)
        drained, session.drained = session.drained, None
        if drained is not None:
            drained.set()
