"""Ends the connections of logins that have expired, and keeps those alive that are used.

A login expires after a long time without use. What a connection was opened with says until when the login lasted then;
the store knows whether it was used since. Nobody is asked as long as nothing is due.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final

import msgspec

from hubbub.chat.log.append_queue import AppendQueue
from hubbub.errors import CloseCode, Disconnect, StoreUnavailable

from .connection_state import ConnectionState
from .connections import NEVER_MS, Authenticator, Connections
from .tasks import Spawn

logger = logging.getLogger(__name__)

EXPIRED: Final = Disconnect(CloseCode.SESSION_ENDED, "session expired")

USED_EVERY_MS: Final = 3_600_000
"""How often the logins of connections that have sent something since are noted as used."""


class Expiry:
    """Looks at the connections of this node when something is due: 3 ms with 19,000 of them, once an hour."""

    def __init__(
        self,
        identity: Authenticator,
        connections: Connections,
        append_queue: AppendQueue,
        *,
        now_ms: Callable[[], int],
        spawn: Spawn,
    ) -> None:
        self._identity = identity
        self._connections = connections
        self._append_queue = append_queue
        self._now_ms = now_ms
        self._spawn = spawn
        self._running = False
        self._noted_ms = now_ms()
        self._ticket = 0  # sends with a later one have not been noted as use

    def tick(self) -> None:
        now_ms = self._now_ms()
        due = now_ms >= self._connections.first_expiry_ms or now_ms - self._noted_ms >= USED_EVERY_MS
        if due and not self._running:
            self._running = True
            self._spawn(self._run())

    async def _run(self) -> None:
        try:
            await self._note_used()
            await self._end_expired()
        except StoreUnavailable:
            logger.warning("whether logins have expired can't be looked up now")
        finally:
            self._running = False

    async def _note_used(self) -> None:
        ticket, self._ticket = self._ticket, self._append_queue.begun
        self._noted_ms = self._now_ms()
        used = {state.actor.session for state in self._connections if state.actor and state.ticket > ticket}
        if used:
            await self._identity.used([*used])

    async def _end_expired(self) -> None:
        now_ms = self._now_ms()
        expired: dict[str, list[ConnectionState]] = {}
        for state in self._connections:
            if state.actor is not None and state.actor.expires_ms <= now_ms:
                expired.setdefault(state.actor.session, []).append(state)
        known = await self._identity.expiries([*expired]) if expired else {}
        for login_id, connections in expired.items():
            until_ms = known.get(login_id, 0)
            for state in connections:
                if until_ms <= now_ms:
                    state.connection.disconnect(EXPIRED)
                elif state.actor is not None:
                    state.actor = msgspec.structs.replace(state.actor, expires_ms=until_ms)
        self._connections.first_expiry_ms = min(
            (state.actor.expires_ms for state in self._connections if state.actor), default=NEVER_MS
        )
