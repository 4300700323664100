"""A room as this node sees it: the log's events in order, once each, to the members connected here.

The bus is only a hint (docs/delivery.md). What it repeats is dropped, what comes early waits for its predecessor, and
what does not come is read from the store by `FeedRegistry`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

from hubbub.chat.connection_state import ConnectionState
from hubbub.chat.counters import ChatCounters
from hubbub.chat.multimap import Multimap
from hubbub.chat.presence.room_presence import RoomPresence
from hubbub.realtime import Group, Hub, Outgoing
from hubbub.vocabulary import Event, MemberLeft, Message, RoomId, Seq, UserName

COLD: Final = -1
"""The head of a feed that has not been told it yet: whatever arrives is ahead of it and waits."""


class Arrival:
    """A `join` that is reading the store. `left`: the `seq` of a `member_left` of that user that came meanwhile."""

    __slots__ = ("left", "user")

    def __init__(self, user: UserName) -> None:
        self.user = user
        self.left: Seq = 0


class Feed:
    """One room on this node. Made at its first `join` here, dropped when nobody here needs it.

    Attributes:
        head: the last `seq` handed to `live`; COLD until the first `join` has read it.
        target: the greatest `seq` that is known to exist.
        live: the connections that get each event as it comes; all of them have everything up to `head`.
        here: users → connections of theirs that joined, live or behind.
        arriving: joins that are reading the store.
        alone: the tuple of just this feed, for the many connections that join no other room.
        presence: who is online in it, and who is told.
    """

    __slots__ = (
        "_counters",
        "_held",
        "_held_limit",
        "_left",
        "_missing",
        "_moved",
        "alone",
        "arriving",
        "head",
        "here",
        "live",
        "presence",
        "room",
        "target",
    )

    def __init__(
        self,
        room: RoomId,
        hub: Hub,
        counters: ChatCounters,
        *,
        held_limit: int,
        missing: Callable[[Feed], None],
        left: Callable[[Feed, MemberLeft], None],
    ) -> None:
        """`missing` is called when `target` is ahead of `head`; `left` for each `member_left`, in its place."""
        self.room = room
        self.head: Seq = COLD
        self.target: Seq = COLD
        self.live = Group(hub, room)
        self.here: Multimap[UserName, ConnectionState] = Multimap()
        self.arriving: dict[Arrival, None] = {}
        self.alone: tuple[Feed, ...] = (self,)
        self.presence = RoomPresence(self.here)
        self._held: dict[Seq, Event] = {}
        self._held_limit = held_limit
        self._counters = counters
        self._missing = missing
        self._left = left
        self._moved: asyncio.Event | None = None

    @property
    def in_use(self) -> bool:
        """Whether somebody here needs it, or may again in a moment."""
        return bool(self.here or self.presence.away or self.arriving)

    def warm(self, head: Seq) -> None:
        """The store's head, read after this feed was subscribed. Does nothing when it knows its head already.

        Nobody is live yet, so nothing up to `head` has to be handed on; what the bus brought after it follows.
        """
        if self.head == COLD:
            self.head = head
            self._held = {seq: event for seq, event in self._held.items() if seq > head}
            self._release()

    def expect(self, seq: Seq) -> None:
        """The log has an entry `seq`. If it does not arrive soon, the store is asked."""
        self.target = max(self.target, seq)
        if self.target > self.head != COLD:
            self._missing(self)

    def receive(self, events: Sequence[Event]) -> None:
        """Events of this room in any order, with repeats and holes: from the bus, or from the store."""
        head = self.head
        for event in events:
            if event.seq == self.head + 1:
                self._deliver(event)
            elif event.seq > self.head:
                self._hold(event)
            else:
                self._counters.duplicates += 1
        if self._held or self.target > self.head:
            self._release()
        if self.head != head:
            self.wake()

    def give_up(self) -> None:
        """The store has nothing after `head`: what was said of later entries was wrong."""
        self.target = self.head
        self._held.clear()
        self.wake()

    def restart(self) -> None:
        """Forget the log, which was replaced. Nobody may receive this room before the next `warm`."""
        self.head = self.target = COLD
        self._held.clear()
        self.wake()

    async def moved(self) -> None:
        """Return after the next time that `head` has grown, or that there is another reason to look again."""
        if self._moved is None:
            self._moved = asyncio.Event()
        await self._moved.wait()

    def wake(self) -> None:
        """End the waits for `moved`."""
        if self._moved is not None:
            moved, self._moved = self._moved, None
            moved.set()

    def _deliver(self, event: Event) -> None:
        self.head = event.seq  # first: what follows may take a connection out, whose cursor is the head
        self._counters.delivered += 1
        self.live.publish(Outgoing(event))
        if type(event) is not Message and isinstance(event, MemberLeft):
            for arrival in self.arriving:
                if arrival.user == event.sender:
                    arrival.left = event.seq
            self._left(self, event)

    def _hold(self, event: Event) -> None:
        self.target = max(self.target, event.seq)
        if len(self._held) < self._held_limit:
            self._held[event.seq] = event
            self._counters.held += self.head != COLD  # before the head is known, nothing is early

    def _release(self) -> None:
        """Hand on what is no longer early; say so if something is missing."""
        if self.head == COLD:
            return
        while (event := self._held.pop(self.head + 1, None)) is not None:
            self._deliver(event)
        if self.target > self.head:
            self._missing(self)
        elif self._held:
            self._held.clear()
