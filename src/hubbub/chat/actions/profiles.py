"""Display names that change, told to everybody here who receives a room of that user."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from typing import Final

from hubbub.chat.connection_state import ConnectionState
from hubbub.chat.connections import Connections
from hubbub.chat.counters import ChatCounters
from hubbub.chat.log.feed_registry import FeedRegistry
from hubbub.chat.tasks import Spawn
from hubbub.errors import StoreUnavailable, UnknownUser
from hubbub.realtime import Outgoing
from hubbub.store.protocols import Store
from hubbub.vocabulary import ProfileChanged, RoomId, UserId

logger = logging.getLogger(__name__)

SLICE: Final = 256
"""Connections that are looked at before the loop does something else: about 1 ms."""

ROOMS_AT_ONCE: Final = 500


class Profiles:
    """Tells a new name once to each connection, however many rooms it shares with the user.

    The name is read from the store, so that of two changes in a row, wherever they were made, the last word is the
    later one. Whoever is behind in a room is told at once; who does not read at all reads names anew some day.
    """

    def __init__(
        self, store: Store, feeds: FeedRegistry, connections: Connections, counters: ChatCounters, *, spawn: Spawn
    ) -> None:
        self._store = store
        self._feeds = feeds
        self._connections = connections
        self._counters = counters
        self._spawn = spawn
        self._again: dict[UserId, bool] = {}  # users whose name is being told → whether it has changed meanwhile

    def renamed(self, user_id: UserId) -> None:
        """The store has another display name of this user. Returns at once."""
        telling = user_id in self._again
        self._again[user_id] = telling
        if not telling:
            self._spawn(self._run(user_id))

    async def _run(self, user_id: UserId) -> None:
        try:
            while True:
                await self._tell(user_id)
                if not self._again[user_id]:
                    return
                self._again[user_id] = False
        except (StoreUnavailable, UnknownUser):
            logger.warning("a new display name could not be told: the store does not have it now")
        finally:
            del self._again[user_id]

    async def _tell(self, user_id: UserId) -> None:
        user = await self._store.accounts.profile(user_id)
        self._connections.renamed(user_id, user)
        outgoing = Outgoing(ProfileChanged(user))
        told: set[ConnectionState] = set()
        await self._emit(outgoing, self._connections.of(user_id), told)
        after: RoomId | None = None
        while rooms := await self._store.rooms.ids_of_user(user_id, after, ROOMS_AT_ONCE):
            for room in rooms:
                feed = self._feeds.get(room)
                if feed is not None:
                    await self._emit(outgoing, tuple(feed.here.values()), told)
            after = rooms[-1]

    async def _emit(
        self, outgoing: Outgoing, connections: Iterable[ConnectionState], told: set[ConnectionState]
    ) -> None:
        for place, state in enumerate(connections, 1):
            if place % SLICE == 0:
                await asyncio.sleep(0)
            if state in told:
                continue
            told.add(state)
            if state.drained is None:
                self._counters.signals += 1
                state.connection.emit(outgoing)
            else:
                self._counters.dropped_signals += 1
