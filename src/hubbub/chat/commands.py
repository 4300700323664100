"""The commands of one connection, in the order in which they came.

What the store is not needed for is done at once, and a send is handed to the group former at once. A command that
reads or writes the store runs in a task of its connection; what comes behind it waits. When some wait, the connection
is not read on; who has sent more than `backlog_commands` all the same gets `rate_limited`, and may simply repeat it.
A user with many connections has a rate over all of them together (quotas.py).
"""

from __future__ import annotations

import logging
from collections import deque
from typing import Any, Final

from hubbub.errors import HubbubError, Internal, NotJoined, RateLimited, Unauthenticated
from hubbub.realtime import Connection
from hubbub.vocabulary import Command

from .access import Actor, RoomAccess, check_outside_rooms
from .connection_state import ConnectionState
from .counters import ChatCounters
from .log.append_queue import AppendQueue
from .log.feed_registry import FeedRegistry
from .quotas import Quotas, units_of
from .registry import Registry
from .settings import ChatSettings
from .tasks import Spawn

logger = logging.getLogger(__name__)

_LONG_CHARACTERS: Final = 1024
"""Of a text that costs more than its frame."""

_HOLD_COMMANDS: Final = 16
"""So many wait when their connection is not read on."""


class Commands:
    """Takes commands from connections and sees that each is answered once."""

    def __init__(
        self,
        registry: Registry,
        feeds: FeedRegistry,
        queue: AppendQueue,
        access: RoomAccess,
        quotas: Quotas,
        settings: ChatSettings,
        counters: ChatCounters,
        *,
        spawn: Spawn,
    ) -> None:
        self._feed = feeds.get
        self._immediate = {
            kind: (method, kind.declared.work.per_kib_of_text > 0) for kind, method in registry.immediate.items()
        }
        self._on_connection = registry.on_connection
        self._performers = registry.performers
        self._queue = queue
        self._access = access
        self._quotas = quotas
        self._counters = counters
        self._backlog = settings.backlog_commands
        self._spawn = spawn

    def received(self, connection: Connection, command: Command) -> None:
        """Take one command. The path of a send in a joined room is the hottest of the chat: keep it short."""
        state: ConnectionState = connection.state
        waiting = state.waiting
        if waiting is None:
            try:
                if self._at_once(state, command):
                    return
            except HubbubError as error:
                connection.fail(command.ref, error)
                return
            state.waiting = deque((command,))
            self._spawn(self._run(state))
        elif len(waiting) < self._backlog:
            waiting.append(command)
            if len(waiting) >= _HOLD_COMMANDS:
                connection.pause_reading()
        else:
            self._counters.refused_commands += 1
            connection.fail(command.ref, RateLimited("Too many commands at once. Wait for their answers."))

    def _at_once(self, state: ConnectionState, command: Any, *, paid: bool = False) -> bool:
        """Do what needs no store; False: this one does, or its user has to wait, and nothing was done.

        `paid`: its units have been spent.
        """
        immediate = self._immediate.get(type(command))
        if immediate is None:
            return False
        feed = self._feed(command.room)
        if feed is None or feed not in state.joined:
            if command.room is not None:
                return False
            feed = None
        actor = state.actor
        if actor is None:
            return False
        carry_out, priced_by_text = immediate
        if priced_by_text and not paid and len(command.text) >= _LONG_CHARACTERS:
            units = units_of(command)
            if not self._quotas.may(actor.user_id, units):
                return False
            state.connection.charge(units)
        return carry_out(state, actor, feed, command)

    async def _run(self, state: ConnectionState) -> None:
        waiting = state.waiting
        connection = state.connection
        while waiting:
            # a client that does not read its answers is given no further ones
            await state.writable()
            if connection.closed:
                break
            command = waiting[0]
            try:
                await self._do_in_turn(state, command)
            except HubbubError as error:
                connection.fail(command.ref, error)
            except Exception:
                logger.exception("%s failed", type(command).__name__)
                self._counters.failures += 1
                connection.fail(command.ref, Internal())
            waiting.popleft()
            if len(waiting) < _HOLD_COMMANDS // 2:
                connection.resume_reading()
        state.waiting = None

    async def _do_in_turn(self, state: ConnectionState, command: Command) -> None:
        """Do it when the user may, counted over all the user's connections."""
        units = units_of(command)
        state.connection.charge(units)
        actor = state.actor
        if actor is None:
            await self._do(state, command)
            if state.actor is not None:  # now it is known whose work it was
                self._quotas.spend(state.actor.user_id, units)
            return
        user = actor.user_id
        seconds = self._quotas.spend(user, units)
        if seconds:
            await state.pause(seconds)
            if state.connection.closed:
                return
        async with self._quotas.turn(user, command):
            await self._do(state, command)

    async def _do(self, state: ConnectionState, command: Command) -> None:
        """One command that may need the store; replies, or raises what becomes the reply."""
        kind = type(command)
        actor = state.actor
        check_outside_rooms(command.declared.access, None if actor is None else actor.user)
        if actor is not None:
            if kind in self._immediate:
                await self._when_possible(state, actor, command)
                return
            await self._queue.settled(actor.user_id, state.ticket)  # what it sent before takes effect before
        on_connection = self._on_connection.get(kind)
        if on_connection is not None:
            await on_connection(state, command)
        elif actor is not None:
            state.reply(command.ref, await self._performers[kind](actor, command, state.connection.id))
        else:
            raise Unauthenticated

    async def _when_possible(self, state: ConnectionState, actor: Actor, command: Any) -> None:
        """Do it in the room that the connection has joined, as soon as the user's share of the append queue has room.

        Raises:
            UnknownRoom, RoomForbidden: what the user may not do in any case.
            NotJoined: it might, after a `join` on that connection.
        """
        if self._at_once(state, command, paid=True):
            return
        await self._queue.settled(actor.user_id, state.ticket)
        while not self._at_once(state, command, paid=True):
            if self._feed(command.room) not in state.joined:
                await self._access.check(actor, command.declared.access, command.room)
                raise NotJoined
            await self._queue.room(actor.user_id)
            if state.connection.closed:
                return
