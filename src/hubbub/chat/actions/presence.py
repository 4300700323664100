"""What a connection says of its own screen: which room is on it, and that somebody types there."""

from __future__ import annotations

from hubbub.chat.access import Actor
from hubbub.chat.connection_state import ConnectionState
from hubbub.chat.log.feed import Feed
from hubbub.chat.presence.tracker import PresenceTracker
from hubbub.chat.presence.typing import TypingTracker
from hubbub.chat.registry import at_once
from hubbub.vocabulary import Done, Typing, Watch


class PresenceActions:
    """They need no store."""

    def __init__(self, presence: PresenceTracker, typing: TypingTracker) -> None:
        self._presence = presence
        self._typing = typing

    @at_once(Typing)
    def typing(self, state: ConnectionState, actor: Actor, feed: Feed, command: Typing) -> bool:
        self._typing.changed(feed, actor.user.name, typing=command.typing)
        state.reply(command.ref, Done())
        return True

    @at_once(Watch)
    def watch(self, state: ConnectionState, actor: Actor, feed: Feed | None, command: Watch) -> bool:
        state.reply(command.ref, self._presence.watch(state, feed))
        return True
