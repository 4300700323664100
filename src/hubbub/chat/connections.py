"""The connections of this node: who they act as, and until when they have to say so."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Final, Protocol

import msgspec

from hubbub.auth.credentials import credentials_of_handshake
from hubbub.errors import CloseCode, Disconnect, Forbidden, RateLimited, Unauthenticated
from hubbub.realtime import Connection, Handshake, Outgoing, Strangers
from hubbub.store.protocols import Login
from hubbub.vocabulary import Limits, Signal, User, UserId, Welcome

from .access import Actor
from .connection_state import ConnectionState
from .counters import ChatCounters
from .multimap import Multimap, older
from .settings import ChatSettings

logger = logging.getLogger(__name__)

"""The wire whose clients sign in while connecting, or not at all."""

NEVER_MS: Final = 2**63

_REMEMBER_ENDED_SECONDS = 60.0

_LOOK_AT = 8
"""Connections of a user that are asked for an actor to share. With more, only memory is lost."""


class Authenticator(Protocol):
    """What the chat needs of `hubbub.identity.Identity`.

    Attributes:
        changed: called with a user about whom something has just changed, the ids of the logins that ended by it, and
            whether it was the display name.
    """

    changed: list[Callable[[UserId, list[str], bool], None]]

    def forget(self, user_id: UserId) -> None:
        """Something about this user changed on another node: what is remembered is outdated."""
        ...

    async def authenticate(self, token: str) -> Login:
        """The login of a token. Raises Unauthenticated."""
        ...

    async def expiries(self, login_ids: Sequence[str]) -> dict[str, int]:
        """Until when each of these logins lasts (Unix milliseconds); without those that have ended."""
        ...

    async def used(self, login_ids: Sequence[str]) -> None:
        """These logins were used just now."""
        ...


class Connections:
    """Signing in, and finding connections by user and by login.

    Attributes:
        first_expiry_ms: no login of a connection here ends before this time (Unix milliseconds).
    """

    def __init__(
        self, identity: Authenticator, settings: ChatSettings, counters: ChatCounters, *, now: Callable[[], float]
    ) -> None:
        self._identity = identity
        self._settings = settings
        self._counters = counters
        self._now = now
        self._by_user: Multimap[UserId, ConnectionState] = Multimap()
        self._strangers: dict[ConnectionState, float] = {}  # in the order of the times
        self._addresses = Strangers(settings.strangers_per_address, settings.auth_seconds)
        self._ended: dict[str, float] = {}  # in the order of the times
        self.first_expiry_ms = NEVER_MS

    def __len__(self) -> int:
        """How many users have a connection here."""
        return len(self._by_user)

    def of(self, user_id: UserId) -> tuple[ConnectionState, ...]:
        """A user's connections here."""
        return self._by_user.of(user_id)

    def __iter__(self) -> Iterator[ConnectionState]:
        """Every connection that has signed in."""
        return self._by_user.values()

    def renamed(self, user_id: UserId, user: User) -> None:
        """The user's connections act under this display name from now on."""
        actors: dict[str, Actor] = {}
        for state in self.of(user_id):
            actor = state.actor
            if actor is not None:
                state.actor = actors.setdefault(actor.session, msgspec.structs.replace(actor, user=user))

    def online(self, user_id: UserId) -> bool:
        return user_id in self._by_user

    async def connected(self, connection: Connection, handshake: Handshake) -> None:
        """Sign in by the handshake, if it can.

        A cookie may be stale without the client's knowing it, so on a wire that has `auth` it only gets an error
        reply without a ref.

        Raises:
            Unauthenticated: the handshake carries a wrong token, or none where there is no later chance.
        """
        state = connection.state = ConnectionState(connection)
        credentials = credentials_of_handshake(handshake, self._settings.allowed_origins)
        may_wait = connection.signs_in_later
        if credentials is not None:
            try:
                await self.authenticate(state, credentials.token)
            except Unauthenticated as error:
                if not (credentials.ambient and may_wait):
                    raise
                connection.fail(None, error)
        elif not may_wait:
            raise Unauthenticated
        if state.actor is None and not connection.closed:
            try:
                self._addresses.enter(state, connection.peer)
            except RateLimited:
                self._counters.refused_strangers += 1
                raise
            self._strangers[state] = self._now()

    async def authenticate(self, state: ConnectionState, token: str) -> None:
        """Let the connection act as the token's user, and welcome it. A second time is harmless for the same user.

        Raises:
            Unauthenticated: the token is of no session.
            Forbidden: the connection acts as somebody else already.
        """
        login = await self._identity.authenticate(token)
        if login.id in self._ended:
            raise Unauthenticated
        connection = state.connection
        if connection.closed:
            return
        if state.actor is None:
            self._no_stranger(state)
            state.actor = self._actor(login)
            self._by_user.add(login.user_id, state)
            self.first_expiry_ms = min(self.first_expiry_ms, state.actor.expires_ms)
        elif state.actor.user_id != login.user_id:
            raise Forbidden("This connection acts as another user.")
        connection.emit(Outgoing(self._welcome(state.actor, connection)))

    def disconnected(self, state: ConnectionState) -> None:
        self._no_stranger(state)
        if state.actor is not None:
            self._by_user.remove(state.actor.user_id, state)

    def end(self, user_id: UserId, login_ids: Iterable[str]) -> None:
        """These logins of a user have ended: so do their connections, and those that are just signing in by them."""
        ended = set(login_ids)
        for login_id in ended:
            self._ended[login_id] = self._now()
        for state in self._by_user.of(user_id) if ended else ():
            if state.actor is not None and state.actor.session in ended:
                state.connection.disconnect(Disconnect(CloseCode.SESSION_ENDED, "session ended"))

    def signal(self, user_id: UserId, signal: Signal, origin: str) -> None:
        """Tell a user's connections, except `origin` and those that are slow."""
        outgoing = Outgoing(signal)
        for state in self._by_user.of(user_id):
            if state.connection.id == origin:
                continue
            if state.drained is None:
                state.connection.emit(outgoing)
            else:
                self._counters.dropped_signals += 1

    def tick(self) -> None:
        """Close those who did not say who they are."""
        now = self._now()
        for state in older(self._strangers, now - self._settings.auth_seconds):
            self._no_stranger(state)
            state.connection.disconnect(Disconnect(CloseCode.AUTH_TIMEOUT, "not signed in"))
        for login_id in older(self._ended, now - _REMEMBER_ENDED_SECONDS):
            del self._ended[login_id]

    def _no_stranger(self, state: ConnectionState) -> None:
        """It has said who it is, or is gone."""
        self._strangers.pop(state, None)
        self._addresses.leave(state)

    def _actor(self, login: Login) -> Actor:
        """An actor, shared by the connections of a login."""
        for state in islice(self._by_user.each(login.user_id), _LOOK_AT):
            actor = state.actor
            if actor is not None and actor.session == login.id and actor.user == login.user:
                return actor
        return Actor(login.user_id, login.user, login.id, login.expires_ms)

    def _welcome(self, actor: Actor, connection: Connection) -> Welcome:
        settings = self._settings
        return Welcome(
            user=actor.user,
            session=actor.session,
            transport=connection.lane.transport,
            wire=connection.lane.wire,
            heartbeat_seconds=settings.heartbeat_seconds,
            limits=Limits(settings.text_bytes, settings.frame_bytes),
        )
