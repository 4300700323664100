"""Carries the outbox to the server: each message until it is acknowledged, by the same nonce."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine

from hubbub.errors import HubbubError
from hubbub.vocabulary import RoomId, Sent

from .failures import Closed, ConnectionLost
from .outbox import Entry, Outbox, OutboxStorage, Outgoing
from .requests import Ask

logger = logging.getLogger(__name__)


class Delivery:
    """Messages of a room, and changes of them, go out in the order in which they were given.

    After an error that the server calls retryable one goes out again later, and those behind it may overtake it.

    Args:
        live: whether a room is joined on the present connection.
        changed: told how many messages are unacknowledged.
        delay_seconds: before a message is sent again after this many retryable errors.
        storage: where messages are kept as well; None: in memory only.
    """

    def __init__(
        self,
        ask: Ask,
        live: Callable[[RoomId], bool],
        changed: Callable[[int], None],
        delay_seconds: Callable[[int], float],
        storage: OutboxStorage | None,
    ) -> None:
        self._ask = ask
        self._live = live
        self._changed = changed
        self._delay_seconds = delay_seconds
        self._storage = storage
        self._outbox = Outbox()
        self._tasks: set[asyncio.Task[None]] = set()

    async def load(self) -> None:
        """Take up what an earlier process left in the storage; each message waits until its room is joined."""
        if self._storage is not None:
            for outgoing in await self._storage.load():
                self._outbox.add(outgoing)
            self._changed(len(self._outbox))

    def pending(self) -> list[Outgoing]:
        """What the server has not acknowledged, oldest first."""
        return [entry.outgoing for entry in self._outbox]

    async def send(self, outgoing: Outgoing) -> Sent:
        """Keep the message, send it as soon as its room is joined, and wait for the acknowledgement.

        Raises:
            HubbubError: the server refused it for good; it is no longer kept. Or the client was closed.
        """
        if self._storage is not None:
            await self._storage.put(outgoing)
        entry = self._outbox.add(outgoing)
        outcome = entry.wait()
        self._changed(len(self._outbox))
        self.flush(outgoing.room)
        return await asyncio.shield(outcome)

    def flush(self, room: RoomId) -> None:
        """Send what waits for this room, if it is joined."""
        if self._live(room):
            for entry in self._outbox.waiting(room):
                self._transmit(entry)

    def refuse(self, room: RoomId, error: HubbubError) -> None:
        """The room is lost: so is what waits for it."""
        for entry in self._outbox.waiting(room):
            self._finish(entry, error)

    def interrupted(self) -> None:
        """The connection ended; the next one sends again what was on its way."""
        self._outbox.interrupted()

    def abandon(self, error: HubbubError) -> None:
        """Tell everybody who waits. The messages stay, for a later connection."""
        self._outbox.abandon(error)

    async def close(self) -> None:
        """Let the storage finish."""
        await asyncio.gather(*self._tasks)

    def _transmit(self, entry: Entry) -> None:
        entry.travelling = True
        self._ask(entry.outgoing.command, lambda outcome: self._settled(entry, outcome))

    def _settled(self, entry: Entry, outcome: Sent | HubbubError) -> None:
        entry.travelling = False
        match outcome:
            case ConnectionLost() | Closed():
                pass
            case HubbubError(retryable=True):
                delay = max(self._delay_seconds(entry.attempts), outcome.retry_after_seconds or 0)
                entry.attempts += 1
                asyncio.get_running_loop().call_later(delay, self.flush, entry.outgoing.room)
            case _:
                self._finish(entry, outcome)

    def _finish(self, entry: Entry, outcome: Sent | HubbubError) -> None:
        self._outbox.remove(entry)
        self._changed(len(self._outbox))
        entry.settle(outcome)
        if self._storage is not None:
            self._in_background(self._forget(self._storage, entry.outgoing.nonce))

    async def _forget(self, storage: OutboxStorage, nonce: str) -> None:
        try:
            await storage.remove(nonce)
        except (
            Exception
        ):  # whatever the storage is made of; the message is sent again, and its nonce makes that harmless
            logger.exception("an acknowledged message could not be removed from the outbox's storage")

    def _in_background(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
