"""The commands of one connection, in the order in which they came.

What the store is not needed for is done at once, and a send is handed to the group former at once. A command that
reads or writes the store runs in a task of its connection; what comes behind it waits. When some wait, the connection
is not read on; who has sent more than `backlog_commands` all the same gets `rate_limited`, and may simply repeat it.
A user with many connections has a rate over all of them together (quotas.py).
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Final

from hubbub.chat.actions.checks import check_nonce, check_text
from hubbub.chat.actions.rooms import Actions
from hubbub.chat.log.append_queue import AppendQueue
from hubbub.chat.log.feed import Feed
from hubbub.chat.log.feed_registry import FeedRegistry
from hubbub.chat.log.subscriptions import Subscriptions
from hubbub.chat.presence.tracker import PresenceTracker
from hubbub.chat.presence.typing import TypingTracker
from hubbub.errors import HubbubError, Internal, NotJoined, RateLimited, Unauthenticated
from hubbub.realtime import Connection
from hubbub.vocabulary import (
    Auth,
    Command,
    Done,
    Join,
    Reply,
    RoomId,
    Send,
    Typing,
    Watch,
)

from .actor import Actor
from .connection_state import ConnectionState
from .counters import ChatCounters
from .quotas import Quotas, units_of
from .settings import ChatSettings
from .tasks import Spawn

logger = logging.getLogger(__name__)

_LONG_CHARACTERS: Final = 1024
"""Of a message that costs more than its frame."""

_HOLD_COMMANDS: Final = 16
"""So many wait when their connection is not read on."""


class Commands:
    """Takes commands from connections and sees that each is answered once."""

    def __init__(
        self,
        feeds: FeedRegistry,
        sending: AppendQueue,
        actions: Actions,
        subscriptions: Subscriptions,
        presence: PresenceTracker,
        typists: TypingTracker,
        quotas: Quotas,
        settings: ChatSettings,
        counters: ChatCounters,
        *,
        authenticate: Callable[[ConnectionState, str], Awaitable[None]],
        spawn: Spawn,
    ) -> None:
        """`authenticate` signs a session in by a token and sends `welcome`; it raises Unauthenticated, Forbidden."""
        self._feed = feeds.get
        self._sending = sending
        self._actions = actions
        self._subscriptions = subscriptions
        self._presence = presence
        self._typists = typists
        self._quotas = quotas
        self._counters = counters
        self._text_bytes = settings.text_bytes
        self._backlog = settings.backlog_commands
        self._authenticate = authenticate
        self._spawn = spawn

    def received(self, connection: Connection, command: Command) -> None:
        """Take one command. The path of a send in a joined room is the hottest of the chat: keep it short."""
        session: ConnectionState = connection.state
        waiting = session.waiting
        if waiting is None:
            try:
                if self._at_once(session, command):
                    return
            except HubbubError as error:
                connection.fail(command.ref, error)
                return
            session.waiting = deque((command,))
            self._spawn(self._run(session))
        elif len(waiting) < self._backlog:
            waiting.append(command)
            if len(waiting) >= _HOLD_COMMANDS:
                connection.pause_reading()
        else:
            self._counters.refused_commands += 1
            connection.fail(command.ref, RateLimited("Too many commands at once. Wait for their answers."))

    def _at_once(self, session: ConnectionState, command: Command, *, paid: bool = False) -> bool:
        """Do what needs no store; False: this one does, or its user has to wait, and nothing was done.

        `paid`: its units have been spent.
        """
        actor = session.actor
        if type(command) is Send:
            feed = self._feed(command.room)
            if feed is None or feed not in session.joined or actor is None:
                return False
            check_text(command.text, self._text_bytes)
            check_nonce(command.nonce)
            if len(command.text) >= _LONG_CHARACTERS and not paid:
                units = units_of(command)
                if not self._quotas.may(actor.user_id, units):
                    return False
                session.connection.charge(units)
            ticket = self._sending.add(session.connection, actor, command)
            if not ticket:  # the user's share is full: wait
                return False
            session.ticket = ticket
            return True
        if isinstance(command, Typing):
            feed = self._joined(session, command.room)
            if feed is None or actor is None:
                return False
            self._typists.changed(feed, actor.user.name, typing=command.typing)
            _reply(session, command, Done())
            return True
        return isinstance(command, Watch) and actor is not None and self._watch(session, command)

    def _watch(self, session: ConnectionState, command: Watch) -> bool:
        feed: Feed | None = None
        if command.room is not None:
            feed = self._joined(session, command.room)
            if feed is None:
                return False
        _reply(session, command, self._presence.watch(session, feed))
        return True

    def _joined(self, session: ConnectionState, room: RoomId) -> Feed | None:
        feed = self._feed(room)
        return feed if feed in session.joined else None

    async def _run(self, session: ConnectionState) -> None:
        waiting = session.waiting
        connection = session.connection
        while waiting:
            # a client that does not read its answers is given no further ones
            await session.writable()
            if connection.closed:
                break
            command = waiting[0]
            try:
                await self._do_in_turn(session, command)
            except HubbubError as error:
                connection.fail(command.ref, error)
            except Exception:
                logger.exception("%s failed", type(command).__name__)
                self._counters.failures += 1
                connection.fail(command.ref, Internal())
            waiting.popleft()
            if len(waiting) < _HOLD_COMMANDS // 2:
                connection.resume_reading()
        session.waiting = None

    async def _do_in_turn(self, session: ConnectionState, command: Command) -> None:
        """Do it when the user may, counted over all the user's connections."""
        units = units_of(command)
        session.connection.charge(units)
        if session.actor is None:
            await self._do(session, command)
            return
        user = session.actor.user_id
        seconds = self._quotas.spend(user, units)
        if seconds:
            await session.pause(seconds)
            if session.connection.closed:
                return
        async with self._quotas.turn(user, command):
            await self._do(session, command)

    async def _send_later(self, session: ConnectionState, actor: Actor, command: Send) -> None:
        """Send as soon as the user's share of what waits for the store has room."""
        connection = session.connection
        while not connection.closed:
            await self._sending.room(actor.user_id)
            if self._at_once(session, command, paid=True):
                return
            if self._joined(session, command.room) is None:
                raise NotJoined

    async def _do(self, session: ConnectionState, command: Command) -> None:
        """One command that may need the store; replies, or raises what becomes the reply."""
        if isinstance(command, Auth):
            await self._authenticate(session, command.token)
            _reply(session, command, Done())
            return
        actor = session.actor
        if actor is None:
            raise Unauthenticated
        if self._at_once(session, command, paid=True):
            return
        await self._sending.settled(actor.user_id, session.ticket)  # what it sent before takes effect before
        match command:
            case Send() if self._joined(session, command.room) is not None:
                await self._send_later(session, actor, command)
            case Send() | Typing() | Watch():
                await self._actions.access_joined(actor, command.room)
            case Join():
                await self._subscriptions.join(session, actor, command)
            case _:
                reply = await self._actions.perform(actor, command, session.connection.id)
                _reply(session, command, reply)


def _reply(session: ConnectionState, command: Command, reply: Reply) -> None:
    if command.ref is not None:
        session.connection.reply(command.ref, reply)
