"""Who is typing, told to those who look at the room: at most one signal per user and room in two seconds."""

from __future__ import annotations

from collections.abc import Callable

from hubbub.bus import Bus
from hubbub.chat.counters import ChatCounters
from hubbub.chat.log.feed import Feed
from hubbub.chat.settings import ChatSettings
from hubbub.realtime import Outgoing
from hubbub.vocabulary import TypingChanged, UserName

from .room_presence import TypingState


class TypingTracker:
    """Typing in the rooms of this node. What is left unsaid for lack of time is said in a later tick."""

    def __init__(self, bus: Bus, settings: ChatSettings, counters: ChatCounters, *, now: Callable[[], float]) -> None:
        self._bus = bus
        self._settings = settings
        self._counters = counters
        self._now = now
        self._active: dict[Feed, None] = {}

    def changed(self, feed: Feed, user: UserName, *, typing: bool) -> None:
        """`user` says that it is typing, or that it stopped."""
        now = self._now()
        users = feed.presence.typing
        state = users.get(user)
        if state is None:
            if typing:
                users[user] = TypingState(now)
                self._active[feed] = None
                self._say(feed, user, typing=True)
            return
        state.typing = typing
        state.seen_at = now
        if typing or state.said:
            self._say_when_due(feed, user, state, now)

    def tick(self) -> None:
        now = self._now()
        for feed in tuple(self._active):
            users = feed.presence.typing
            for user, state in tuple(users.items()):
                if state.typing and now - state.seen_at >= self._settings.typing_expiry_seconds:
                    del users[user]  # its watchers have counted as well
                elif state.said is not state.typing:
                    self._say_when_due(feed, user, state, now)
                elif not state.typing and self._due(state, now):
                    del users[user]
            if not users:
                del self._active[feed]

    def deliver(self, feed: Feed, signal: TypingChanged) -> None:
        """A signal from the bus, to the room's watchers but the typist. In a crowd nobody is told."""
        if len(feed.presence.watchers) > self._settings.crowd:
            return
        outgoing = Outgoing(signal)
        self._counters.signals += 1
        for state in feed.presence.watchers:
            actor = state.actor
            if actor is None or actor.user.name == signal.user:
                continue
            if state.gaps is None:
                state.connection.emit(outgoing)
            else:
                self._counters.dropped_signals += 1

    def _say_when_due(self, feed: Feed, user: UserName, state: TypingState, now: float) -> None:
        if self._due(state, now):
            state.said = state.typing
            state.sent_at = now
            self._say(feed, user, typing=state.typing)

    def _due(self, state: TypingState, now: float) -> bool:
        return now - state.sent_at >= self._settings.typing_seconds

    def _say(self, feed: Feed, user: UserName, *, typing: bool) -> None:
        self._bus.publish(feed.room, TypingChanged(feed.room, user, typing))
