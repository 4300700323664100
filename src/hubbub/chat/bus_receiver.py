"""What a node does about what comes from the bus."""

from __future__ import annotations

from collections.abc import Sequence

from hubbub.bus import ForUser, NodeAlive, NodeGone, Note, PresenceHere, PresenceWanted, RoomNote, UserChanged
from hubbub.chat.actions.profiles import Profiles
from hubbub.chat.log.feed_registry import Feeds
from hubbub.chat.presence.tracker import Presence
from hubbub.chat.presence.typing import Typists
from hubbub.vocabulary import Event, RoomId, Signal, TypingChanged

from .connections import Authenticator, Sessions


class Listener:
    """The chat's `bus.Receiver`: each thing goes to the part that it concerns."""

    def __init__(
        self,
        feeds: Feeds,
        sessions: Sessions,
        presence: Presence,
        typists: Typists,
        profiles: Profiles,
        identity: Authenticator,
    ) -> None:
        self._feeds = feeds
        self._sessions = sessions
        self._presence = presence
        self._typists = typists
        self._profiles = profiles
        self._identity = identity

    def events(self, room: RoomId, events: Sequence[Event]) -> None:
        self._feeds.receive(room, events)

    def signal(self, room: RoomId, signal: Signal | RoomNote) -> None:
        feed = self._feeds.get(room)
        if feed is None:
            return
        match signal:
            case TypingChanged():
                self._typists.deliver(feed, signal)
            case PresenceHere():
                self._presence.elsewhere.heard(feed, signal)
            case PresenceWanted():
                self._presence.herald.wanted(feed, signal)
            case _:
                pass  # for users, not for rooms

    def note(self, note: Note) -> None:
        match note:
            case ForUser():
                self._sessions.signal(note.user, note.signal, note.origin)
            case UserChanged():
                self._identity.forget(note.user)
                self._sessions.end(note.user, note.ended)
                if note.renamed:
                    self._profiles.renamed(note.user)
            case NodeAlive():
                self._presence.elsewhere.alive(note)
            case NodeGone():
                self._presence.elsewhere.gone(note)
            case _:
                pass  # the canary's

    def gap(self) -> None:
        self._feeds.compare()
        self._presence.elsewhere.doubt()
