"""Which connection receives which room: joining, subscribing, being taken out, being slow, being gone."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Final, NamedTuple

from hubbub.chat.access import Actor, RoomAccess
from hubbub.chat.actions.rooms import RoomActions, joined
from hubbub.chat.connection_state import ConnectionState, Gap
from hubbub.chat.counters import ChatCounters
from hubbub.chat.multimap import older
from hubbub.chat.presence.tracker import PresenceTracker
from hubbub.chat.registry import on_connection
from hubbub.chat.settings import ChatSettings
from hubbub.errors import BadField, CloseCode, CursorAhead, Disconnect, ErrorBody, HubbubError, RoomForbidden
from hubbub.realtime import Outgoing, with_member, without_member
from hubbub.store.protocols import RoomHead
from hubbub.vocabulary import (
    Action,
    Auth,
    Join,
    RoomCursor,
    RoomId,
    RoomOutcome,
    Seq,
    Subscribe,
    Subscribed,
    SubscribedAtOnce,
    UserName,
)

from .catchup import CatchUp
from .feed import Arrival, Feed
from .feed_registry import FeedRegistry
from .resuming import Follow, Return

_ROOMS_A_TURN: Final = 50
"""Rooms that are looked up and entered together. Then others have their turn: it takes about a millisecond."""


class _Arriving(NamedTuple):
    """A room that a connection is about to receive. `since`: its cursor."""

    feed: Feed
    arrival: Arrival
    since: Seq | None


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
        authenticate: Callable[[ConnectionState, str], Awaitable[None]],
        now: Callable[[], float],
    ) -> None:
        """`authenticate`: signs a connection in with a token, or raises."""
        self._feeds = feeds
        self._rooms = rooms
        self._access = access
        self._catch_up = catch_up
        self._presence = presence
        self._settings = settings
        self._counters = counters
        self._authenticate = authenticate
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

    @on_connection(Auth)
    async def auth(self, state: ConnectionState, command: Auth) -> None:
        """Sign in, and receive rooms. Raises what `Connections.authenticate` raises."""
        await self._authenticate(state, command.token)
        await self._receive_many(state, command.rooms, lambda rooms: state.reply(command.ref, Subscribed(rooms)))

    @on_connection(Subscribe)
    async def subscribe(self, state: ConnectionState, command: Subscribe) -> None:
        """Receive rooms of which the user is a member."""
        await self._receive_many(state, command.rooms, lambda rooms: state.reply(command.ref, Subscribed(rooms)))

    @on_connection(Return)
    async def come_back(self, state: ConnectionState, command: Return) -> None:
        """The same for what came with the handshake."""
        signal = state.connection.emit
        await self._receive_many(state, command.rooms, lambda rooms: signal(Outgoing(SubscribedAtOnce(rooms))))

    async def _receive(
        self, state: ConnectionState, actor: Actor, command: Join, enter: Callable[[], Awaitable[RoomHead]]
    ) -> None:
        """Reply `Joined`; then, in order, what follows the cursor, and what comes.

        Raises:
            UnknownRoom, CursorAhead, StoreUnavailable: the connection is as it was before.
            RoomForbidden: the user left the room from elsewhere meanwhile, or what `enter` says.
        """
        arriving = self._arrive(state, actor, command.room, command.since)
        try:
            head = await enter()
            if arriving.arrival.left > head.head:
                raise RoomForbidden
            if not state.connection.closed:
                self._admit(state, actor, arriving, head)
                state.reply(command.ref, joined(head))
        finally:
            self._settle(state, arriving)
            self._catch_up.begin(state, arriving.feed)
            self._feeds.drop_if_unused(arriving.feed)

    async def _receive_many(
        self, state: ConnectionState, rooms: Sequence[RoomCursor], answer: Callable[[list[RoomOutcome]], None]
    ) -> None:
        """The same for many rooms, in turns, without making a member: one answer, then what follows each cursor.

        A room that can't be received has its error in the answer, and is as it was before.
        """
        if state.connection.closed:
            return
        actor = state.signed_in
        arrivals: dict[RoomId, _Arriving] = {}
        try:
            outcomes = [await self._outcomes(state, actor, some, arrivals) for some in _turns(rooms)]
            if not state.connection.closed:
                answer(self._still_true(state, arrivals, outcomes))
        finally:
            for arriving in arrivals.values():
                self._settle(state, arriving)
            self._catch_up.begin(state)
            for arriving in arrivals.values():
                self._feeds.drop_if_unused(arriving.feed)

    async def _outcomes(
        self,
        state: ConnectionState,
        actor: Actor,
        cursors: Sequence[RoomCursor],
        arrivals: dict[RoomId, _Arriving],
    ) -> list[RoomOutcome]:
        """Look rooms up together, and let the connection in where it may. Nothing is sent there before the reply."""
        asked = []
        for one in cursors:
            repeated = one.room in arrivals
            if not repeated:
                arrivals[one.room] = self._arrive(state, actor, one.room, one.since)
            asked.append(_named_twice() if repeated else self._enter_as_member(actor, one))
        found = await asyncio.gather(*asked, return_exceptions=True)
        return [
            _outcome(one.room, self._try_to_admit(state, actor, arrivals[one.room], head))
            for one, head in zip(cursors, found, strict=True)
        ]

    def _try_to_admit(
        self, state: ConnectionState, actor: Actor, arriving: _Arriving, head: RoomHead | BaseException
    ) -> RoomHead | BaseException:
        """Let the connection in unless there is an error, or the user has left meanwhile, or the connection is gone."""
        if isinstance(head, RoomHead):
            if arriving.arrival.left > head.head:
                return RoomForbidden()
            if not state.connection.closed:
                self._admit(state, actor, arriving, head)
        return head

    def _still_true(
        self, state: ConnectionState, arrivals: dict[RoomId, _Arriving], outcomes: Iterable[list[RoomOutcome]]
    ) -> list[RoomOutcome]:
        """The outcomes, but for rooms that the user has left from elsewhere since they were looked up."""
        return [
            one
            if one.error is not None or arrivals[one.room].feed in state.joined
            else _outcome(one.room, RoomForbidden())
            for some in outcomes
            for one in some
        ]

    def _arrive(self, state: ConnectionState, actor: Actor, room: RoomId, since: Seq | None) -> _Arriving:
        """Begin to receive a room. The feed is subscribed before the store is read: nothing falls between the two.

        On a connection that has joined before, nothing is sent until the reply, and the replay begins anew.
        """
        arriving = _Arriving(self._feeds.open(room), Arrival(actor.user.name), since)
        arriving.feed.arriving[arriving.arrival] = None
        if arriving.feed in state.joined:
            self._catch_up.fall_behind(state, arriving.feed).ready = False
        return arriving

    def _admit(self, state: ConnectionState, actor: Actor, arriving: _Arriving, head: RoomHead) -> None:
        """Let the connection in, with a gap that is closed after the reply."""
        feed, since = arriving.feed, arriving.since
        feed.warm(head.head)
        feed.expect(head.head)  # what the bus has lost until now comes to light here
        if feed not in state.joined:
            state.joined = with_member(state.joined, feed, feed.alone)
            self._presence.came(feed, state, actor.user.name)
        state.open_gap(Gap(feed, head.head if since is None else since, head.head, ready=False))

    def _settle(self, state: ConnectionState, arriving: _Arriving) -> None:
        """The reply is out, or there was none: what follows may be sent."""
        del arriving.feed.arriving[arriving.arrival]
        gap = state.gap(arriving.feed)
        if gap is not None:
            gap.ready = True

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

    async def _enter_as_member(self, actor: Actor, cursor: Join | RoomCursor) -> RoomHead:
        """Raises UnknownRoom, RoomForbidden, CursorAhead, StoreUnavailable."""
        head = await self._access.check(actor, Action.READ_ROOM, cursor.room)
        if cursor.since is not None and cursor.since > head.head:
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


def _turns(rooms: Sequence[RoomCursor]) -> Iterator[Sequence[RoomCursor]]:
    for start in range(0, len(rooms), _ROOMS_A_TURN):
        yield rooms[start : start + _ROOMS_A_TURN]


async def _named_twice() -> RoomHead:
    raise BadField("This room is named twice.")


def _outcome(room: RoomId, head: RoomHead | BaseException) -> RoomOutcome:
    """Raises what is no error of a room: a bug."""
    if isinstance(head, HubbubError):
        return RoomOutcome(room, error=ErrorBody.of(head))
    if isinstance(head, BaseException):
        raise head
    return RoomOutcome(room, head.head, head.read, head.unread, head.title, head.topic)
