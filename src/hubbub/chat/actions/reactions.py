"""Reacting to a message, and who did."""

from __future__ import annotations

from hubbub.chat.access import Actor, RoomAccess
from hubbub.chat.connection_state import ConnectionState
from hubbub.chat.emoji import canonical
from hubbub.chat.log.append_queue import AppendQueue
from hubbub.chat.log.feed import Feed
from hubbub.chat.registry import at_once, performs
from hubbub.store.protocols import Draft, Store
from hubbub.vocabulary import (
    React,
    ReactionAdded,
    ReactionPage,
    ReactionRemoved,
    ReadReactions,
    Sent,
    Unreact,
)

from .appending import append, append_at_once
from .checks import check_nonce


class ReactionActions:
    """Events by the append queue. A reaction that is no emoji raises BadField; what the store refuses: see messages.

    A message has at most so many different ones: `TooManyReactions`, by the store.
    """

    def __init__(self, store: Store, access: RoomAccess, queue: AppendQueue) -> None:
        self._store = store
        self._access = access
        self._queue = queue

    @at_once(React)
    def react_at_once(self, state: ConnectionState, actor: Actor, feed: Feed | None, command: React) -> bool:
        """Hand it to the queue; False: the user's share of it is full."""
        return append_at_once(self._queue, state, command.ref, _added(actor, command))

    @performs(React)
    async def react(self, actor: Actor, command: React, origin: str) -> Sent:
        return await append(self._queue, _added(actor, command))

    @at_once(Unreact)
    def unreact_at_once(self, state: ConnectionState, actor: Actor, feed: Feed | None, command: Unreact) -> bool:
        return append_at_once(self._queue, state, command.ref, _removed(actor, command))

    @performs(Unreact)
    async def unreact(self, actor: Actor, command: Unreact, origin: str) -> Sent:
        return await append(self._queue, _removed(actor, command))

    @performs(ReadReactions)
    async def reactions(self, actor: Actor, command: ReadReactions, origin: str) -> ReactionPage:
        emoji = canonical(command.emoji)
        await self._access.check(actor, command.declared.access, command.room)
        users, total = await self._store.events.reactors(
            command.room, command.seq, emoji, command.after, command.limit + 1
        )
        return ReactionPage(users[: command.limit], len(users) > command.limit, total)


def _added(actor: Actor, command: React) -> Draft:
    check_nonce(command.nonce)
    event = ReactionAdded(command.room, 0, actor.user.name, 0, command.seq, canonical(command.emoji))
    return Draft(event, actor.user_id, command.nonce)


def _removed(actor: Actor, command: Unreact) -> Draft:
    check_nonce(command.nonce)
    event = ReactionRemoved(command.room, 0, actor.user.name, 0, command.seq, canonical(command.emoji))
    return Draft(event, actor.user_id, command.nonce)
