"""The group former: what is to be added to rooms' logs while a commit is running forms the next group.

What one tick of the event loop has read becomes one `append` of the store, whose outcomes become replies first and
events second. Per event there is no task and no future (docs/decisions/0003-group-commit.md).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Final, Protocol

from msgspec import Struct

from hubbub.chat.counters import ChatCounters
from hubbub.errors import HubbubError, Internal, ShuttingDown, StoreUnavailable
from hubbub.store.codec import placed
from hubbub.store.protocols import Appended, Draft, Refused, Store
from hubbub.vocabulary import Event, Ref, RoomId, Sent, Seq, UserId

logger = logging.getLogger(__name__)


class Asker(Protocol):
    """Who waits for the outcome: a connection, or what stands in for one."""

    def reply(self, ref: int | str, ok: Struct) -> None: ...

    def fail(self, ref: int | str | None, error: HubbubError) -> None: ...


class _Share:
    """What one user has waiting. Answered in the order of taking.

    Attributes:
        units: of what waits for its group.
        pending: drafts that have not been answered.
        answered: the number of the last one that has been.
        left: units that it may still have in the group that is being put together.
        served: the last group that was too small for all and had some of it.
    """

    __slots__ = ("answered", "left", "pending", "served", "units")

    def __init__(self, answered: int) -> None:
        self.units = 0
        self.pending = 0
        self.answered = answered
        self.left = 0
        self.served = 0


_Pending = tuple[Asker, Ref, Draft, _Share, int]

_GROUP_UNITS: Final = 256
"""Of a group, for those who have much waiting: an event is one unit, each 128 bytes of its text one more."""

_USER_UNITS: Final = 32
"""Of one user in a group: many who send a little share large groups, which cost the least.

Of those who have more waiting only so many are in a group as fit into it; they take turns.
"""

_ALONE_UNITS: Final = 512
"""Of one user in a group when nobody else has anything waiting."""

_SHARE_UNITS: Final = 1_024
"""What one user may have waiting for the store: 1,024 short messages, or 128 KiB."""


def _units(draft: Draft) -> int:
    return 1 + (len(getattr(draft.event, "text", "")) >> 7)


class AppendQueue:
    """Drafts on their way into the store.

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
        self._shares: dict[UserId, _Share] = {}  # of those who have something waiting
        self._units = 0  # in the queue
        self._number = 0
        self._idle = True
        self._closed = False
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._answered = 0
        self._progress = asyncio.Event()
        self.begun = 0

    def open(self) -> None:
        self._closed = False
        self._task = asyncio.get_running_loop().create_task(self._run(), name="hubbub-append")

    async def close(self) -> None:
        """Refuse further drafts, and return when those before have been answered."""
        self._closed = True
        self._wake.set()
        if self._task is not None:
            await self._task
            self._task = None

    def add(self, asker: Asker, ref: Ref, draft: Draft) -> int:
        """Take an event that was checked; a number for `settled`. `asker` is answered later, with `ref` if it has one.

        0: nothing was taken, since too much of this user's waits already; try again when that has been answered.

        Raises:
            StoreUnavailable: too many wait already.
            ShuttingDown: after `close`.
        """
        queue = self._queue
        user = draft.sender_id
        share = self._shares.get(user)
        if self._closed or (len(queue) >= self._limit and self._is_crowded(share)):
            self._counters.refused_sends += 1
            raise ShuttingDown if self._closed else StoreUnavailable
        if share is None:
            share = self._shares[user] = _Share(self._number)
        elif share.units >= _SHARE_UNITS:
            return 0
        units = _units(draft)
        share.units += units
        share.pending += 1
        self._units += units
        self._number = number = self._number + 1
        queue.append((asker, ref, draft, share, number))
        if self._idle:
            self._idle = False
            # In the next tick, after everything that this one still reads.
            asyncio.get_running_loop().call_soon(self._wake.set)
        return number

    def _is_crowded(self, share: _Share | None) -> bool:
        """Whether somebody's draft is one too many at the limit: not for who has less than a share."""
        pending = 0 if share is None else share.pending
        users = len(self._shares) + (share is None)
        return pending >= self._limit // users or len(self._queue) >= 2 * self._limit

    async def room(self, user: UserId) -> None:
        """Return when `add` takes another draft of this user."""
        while (share := self._shares.get(user)) is not None and share.units >= _SHARE_UNITS:
            await self._progress.wait()

    async def settled(self, user: UserId, number: int) -> None:
        """Return when this draft of the user, and those that the user had added before, are answered and published."""
        while (share := self._shares.get(user)) is not None and share.answered < number:
            await self._progress.wait()

    async def finished(self, number: int) -> None:
        """Return when every draft of this group and of those before it has been answered and published."""
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
            group = self._next_group()
            self.begun += 1
            try:
                await self._commit(group)
            finally:
                self._answered = self.begun
                self._release(group)
                progress, self._progress = self._progress, asyncio.Event()
                progress.set()
            # Two ticks: the hub writes this group's events out in the first; what clients sent meanwhile is read in
            # the second. A fan-out to 1,000 members takes 6 ms, so this makes one group of what would be many
            # (measured: twice the throughput).
            await asyncio.sleep(0)
            await asyncio.sleep(0)

    def _next_group(self) -> list[_Pending]:
        """All that waits, in the order in which it came; if that is too much, a share of it for each user."""
        queue = self._queue
        if not self._share_out():
            self._queue, self._units = [], 0
            for share in self._shares.values():
                share.units = 0
            return queue
        group: list[_Pending] = []
        self._queue = rest = []
        taken = 0
        for one in queue:
            share = one[3]
            if share.left > 0:
                units = _units(one[2])
                share.left -= units
                share.units -= units
                taken += units
                group.append(one)
            else:
                rest.append(one)
        self._units -= taken
        return group

    def _share_out(self) -> bool:
        """Say how much of each user goes in the next group. False: all of everybody."""
        if self._units <= _GROUP_UNITS:
            return False
        waiting = [share for share in self._shares.values() if share.units]
        each = _ALONE_UNITS if len(waiting) == 1 else max(_USER_UNITS, _GROUP_UNITS // len(waiting))
        greedy = [share for share in waiting if share.units > each]
        if not greedy:
            return False
        for share in waiting:
            share.left = each
        greedy.sort(key=lambda share: share.served)
        places = max(1, _GROUP_UNITS // each)
        for share in greedy[:places]:
            share.served = self.begun + 1
        for share in greedy[places:]:
            share.left = 0
        return True

    def _release(self, group: list[_Pending]) -> None:
        """These have been answered."""
        shares = self._shares
        for _, _, draft, share, number in group:
            share.answered = number
            share.pending -= 1
            if not share.pending:
                del shares[draft.sender_id]

    async def _commit(self, group: list[_Pending]) -> None:
        try:
            outcomes = await self._store.events.append([draft for _, _, draft, _, _ in group], self._now_ms())
        except HubbubError as error:
            self._refuse(group, error)
            return
        except Exception:
            logger.exception("the store failed on a group of %d events", len(group))
            self._counters.failures += 1
            self._refuse(group, Internal())
            return
        self._counters.groups += 1
        try:
            self._answer(group, outcomes)
        except Exception:  # no single group may end the work for all others
            logger.exception("a group of %d events could not be answered", len(group))
            self._counters.failures += 1

    def _refuse(self, group: list[_Pending], error: HubbubError) -> None:
        self._counters.refused_sends += len(group)
        for asker, ref, _, _, _ in group:
            asker.fail(ref, error)

    def _answer(self, group: list[_Pending], outcomes: list[Appended | Refused]) -> None:
        """Reply to all, then publish: a sender knows its event's `seq` before it sees the event."""
        fresh: dict[RoomId, list[Event]] = {}
        repeats = refused = 0
        for (asker, ref, draft, _, _), outcome in zip(group, outcomes, strict=True):
            if isinstance(outcome, Refused):
                refused += 1
                asker.fail(ref, outcome.error())
                continue
            seq, ts = outcome.seq, outcome.ts
            if ref is not None:
                asker.reply(ref, Sent(seq, ts, outcome.repeat))
            room = draft.event.room
            if outcome.repeat:
                repeats += 1
                self._repeated(room, seq)
                continue
            event = placed(draft.event, seq, ts)
            events = fresh.get(room)
            if events is None:
                fresh[room] = [event]
            else:
                events.append(event)
        self._counters.sends += len(group) - repeats - refused
        self._counters.repeats += repeats
        self._counters.refused_sends += refused
        for room, events in fresh.items():
            self._publish(room, events)
