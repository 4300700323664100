"""The group former: sends that arrive while a commit is running form the next group.

What one tick of the event loop has read becomes one `append` of the store, whose outcomes become replies first and
events second. Per send there is no task and no future (docs/decisions/0003-group-commit.md).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Protocol

from msgspec import Struct

from hubbub.errors import HubbubError, Internal, RoomForbidden, ShuttingDown, StoreUnavailable, UnknownRoom
from hubbub.store.protocols import Appended, Draft, Refused, Store
from hubbub.vocabulary import Event, Message, RoomId, Send, Sent, Seq

from .actor import Actor
from .counters import ChatCounters

logger = logging.getLogger(__name__)

_REFUSALS: dict[str, type[HubbubError]] = {error.code: error for error in (UnknownRoom, RoomForbidden)}


class Asker(Protocol):
    """Who waits for a send's outcome: a connection, or a future in a connection's clothes."""

    def reply(self, ref: int | str, ok: Struct) -> None: ...

    def fail(self, ref: int | str | None, error: HubbubError) -> None: ...


_Pending = tuple[Asker, Actor, Send]


class Sending:
    """Sends on their way into the store.

    Attributes:
        begun: the number of the last group that was taken to the store; groups count 1, 2, 3, …
    """

    def __init__(
        self,
        store: Store,
        publish: Callable[[RoomId, list[Event]], None],
        repeated: Callable[[RoomId, Seq], None],
        counters: ChatCounters,
        *,
        now_ms: Callable[[], int],
        limit: int,
    ) -> None:
        """`publish` gets the new events of a room, ascending; `repeated` the `seq` of a nonce that was known."""
        self._store = store
        self._publish = publish
        self._repeated = repeated
        self._counters = counters
        self._now_ms = now_ms
        self._limit = limit
        self._queue: list[_Pending] = []
        self._idle = True
        self._closed = False
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._answered = 0
        self._progress = asyncio.Event()
        self.begun = 0

    def open(self) -> None:
        self._closed = False
        self._task = asyncio.get_running_loop().create_task(self._run(), name="hubbub-sending")

    async def close(self) -> None:
        """Refuse further sends, and return when those before have been answered."""
        self._closed = True
        self._wake.set()
        if self._task is not None:
            await self._task
            self._task = None

    def add(self, asker: Asker, actor: Actor, command: Send) -> int:
        """Take a send whose text was checked; the number of its group. `asker` is answered later.

        Raises:
            StoreUnavailable: too many wait already.
            ShuttingDown: after `close`.
        """
        queue = self._queue
        if len(queue) >= self._limit or self._closed:
            self._counters.refused_sends += 1
            raise ShuttingDown if self._closed else StoreUnavailable
        queue.append((asker, actor, command))
        if self._idle:
            self._idle = False
            # In the next tick, after everything that this one still reads.
            asyncio.get_running_loop().call_soon(self._wake.set)
        return self.begun + 1

    async def settled(self, number: int) -> None:
        """Return when every send of this group and of those before it has been answered and published."""
        while self._answered < number:
            await self._progress.wait()

    async def _run(self) -> None:
        while True:
            if not self._queue:
                if self._closed:
                    return
                self._idle = True
                self._wake.clear()
                await self._wake.wait()
                continue
            self._idle = False
            group, self._queue = self._queue, []
            self.begun += 1
            try:
                await self._commit(group)
            finally:
                self._answered = self.begun
                progress, self._progress = self._progress, asyncio.Event()
                progress.set()
            # Two ticks: the hub writes this group's events out in the first; what clients sent meanwhile is read in
            # the second. A fan-out to 1,000 members takes 6 ms, so this makes one group of what would be many
            # (measured: twice the throughput).
            await asyncio.sleep(0)
            await asyncio.sleep(0)

    async def _commit(self, group: list[_Pending]) -> None:
        ts = self._now_ms()
        drafts = [Draft(c.room, a.user_id, a.user.name, c.nonce, c.text, ts) for _, a, c in group]
        try:
            outcomes = await self._store.events.append(drafts)
        except HubbubError as error:
            self._refuse(group, error)
            return
        except Exception:
            logger.exception("the store failed on a group of %d messages", len(group))
            self._counters.failures += 1
            self._refuse(group, Internal())
            return
        self._counters.groups += 1
        try:
            self._answer(group, outcomes)
        except Exception:  # no single group may end the sending of all others
            logger.exception("a group of %d messages could not be answered", len(group))
            self._counters.failures += 1

    def _refuse(self, group: list[_Pending], error: HubbubError) -> None:
        self._counters.refused_sends += len(group)
        for asker, _, command in group:
            asker.fail(command.ref, error)

    def _answer(self, group: list[_Pending], outcomes: list[Appended | Refused]) -> None:
        """Reply to all, then publish: a sender knows its message's `seq` before it sees the event."""
        fresh: dict[RoomId, list[Event]] = {}
        repeats = refused = 0
        for (asker, actor, command), outcome in zip(group, outcomes, strict=True):
            ref = command.ref
            if isinstance(outcome, Refused):
                refused += 1
                asker.fail(ref, _REFUSALS[outcome.code]())
                continue
            seq, ts = outcome.seq, outcome.ts
            if ref is not None:
                asker.reply(ref, Sent(seq, ts, outcome.repeat))
            room = command.room
            if outcome.repeat:
                repeats += 1
                self._repeated(room, seq)
                continue
            message = Message(room, seq, actor.user.name, ts, command.text)
            events = fresh.get(room)
            if events is None:
                fresh[room] = [message]
            else:
                events.append(message)
        self._counters.sends += len(group) - repeats - refused
        self._counters.repeats += repeats
        self._counters.refused_sends += refused
        for room, messages in fresh.items():
            self._publish(room, messages)
