"""What a node does about what comes from the bus."""

from __future__ import annotations

from collections.abc import Sequence

from hubbub.bus import (
    ForUser,
    NodeAlive,
    NodeGone,
    NodeMessage,
    PresenceHere,
    PresenceWanted,
    RoomNodeMessage,
    UserChanged,
)
from hubbub.chat.actions.profiles import Profiles
from hubbub.chat.log.feed_registry import FeedRegistry
from hubbub.chat.presence.tracker import PresenceTracker
from hubbub.chat.presence.typing import TypingTracker
from hubbub.vocabulary import Event, RoomId, Signal, TypingChanged

from .connections import Authenticator, Connections


class BusReceiver:
    """The chat's `bus.Receiver`: each thing goes to the part that it concerns."""

    def __init__(
        self,
        feeds: FeedRegistry,
        connections: Connections,
        presence: PresenceTracker,
        typing: TypingTracker,
        profiles: Profiles,
        identity: Authenticator,
    ) -> None:
        self._feeds = feeds
        self._connections = connections
        self._presence = presence
        self._typing = typing
        self._profiles = profiles
        self._identity = identity

    def events(self, room: RoomId, events: Sequence[Event]) -> None:
        self._feeds.receive(room, events)

    def signal(self, room: RoomId, signal: Signal | RoomNodeMessage) -> None:
        feed = self._feeds.get(room)
        if feed is None:
            return
        match signal:
            case TypingChanged():
                self._typing.deliver(feed, signal)
            case PresenceHere():
                self._presence.remote.heard(feed, signal)
            case PresenceWanted():
                self._presence.announcer.wanted(feed, signal)
            case _:
                pass  # for users, not for rooms

    def node_message(self, message: NodeMessage) -> None:
        match message:
            case ForUser():
                self._connections.signal(message.user, message.signal, message.origin)
            case UserChanged():
                self._identity.forget(message.user)
                self._connections.end(message.user, message.ended)
                if message.renamed:
                    self._profiles.renamed(message.user)
            case NodeAlive():
                self._presence.remote.alive(message)
            case NodeGone():
                self._presence.remote.gone(message)
            case _:
                pass  # the canary's

    def gap(self) -> None:
        self._feeds.compare()
        self._presence.remote.doubt()
