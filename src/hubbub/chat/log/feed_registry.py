"""The rooms of this node, and what keeps them whole: filling gaps and comparing heads with the store."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Final, Protocol

from hubbub.bus import Bus
from hubbub.chat.counters import ChatCounters
from hubbub.chat.settings import ChatSettings
from hubbub.chat.tasks import Spawn
from hubbub.errors import CloseCode, Disconnect, StoreUnavailable
from hubbub.realtime import Hub
from hubbub.store.protocols import PAGE_BYTES, Store
from hubbub.vocabulary import Event, MemberLeft, RoomId, Seq

from .append_queue import AppendQueue
from .feed import COLD, Feed

logger = logging.getLogger(__name__)

HEADS_AT_ONCE: Final = 500


class Timer(Protocol):
    def cancel(self) -> None: ...


CallLater = Callable[[float, Callable[[], None]], Timer]
"""Call a function after some seconds, as `asyncio.AbstractEventLoop.call_later` does."""


class FeedRegistry:
    """The feeds of this node by room."""

    def __init__(
        self,
        store: Store,
        bus: Bus,
        hub: Hub,
        append_queue: AppendQueue,
        settings: ChatSettings,
        counters: ChatCounters,
        *,
        call_later: CallLater,
        spawn: Spawn,
        left: Callable[[Feed, MemberLeft], None],
        shared: bool = False,
    ) -> None:
        """`left` is called for each `member_left`, in its place. `shared`: other nodes are on the bus, too."""
        self._store = store
        self._bus = bus
        self._hub = hub
        self._append_queue = append_queue
        self._settings = settings
        self._counters = counters
        self._call_later = call_later
        self._spawn = spawn
        self._feeds: dict[RoomId, Feed] = {}
        self._gapped: dict[Feed, None] = {}
        self._timer: Timer | None = None
        self._comparing = False
        self._lineage = 0
        self._shared = shared
        self._opened: list[RoomId] = []
        self._settling: Timer | None = None
        self.get = self._feeds.get  # on the path of every send
        self._left = left

    async def begin(self) -> None:
        """The store is open: its logs are those that are followed from now on."""
        self._lineage = await self._store.lineage()

    def __len__(self) -> int:
        return len(self._feeds)

    def __iter__(self) -> Iterator[Feed]:
        return iter(self._feeds.values())

    def open(self, room: RoomId) -> Feed:
        """The room's feed, subscribed from now on. Cold when it is new: `Feed.warm` it with the store's head."""
        feed = self._feeds.get(room)
        if feed is None:
            feed = Feed(
                room,
                self._hub,
                self._counters,
                held_limit=self._settings.held_events,
                missing=self._missing,
                left=self._left,
            )
            self._feeds[room] = feed
            self._bus.subscribe(room)
            if self._shared:
                self._compare_later(room)
        return feed

    def drop_if_unused(self, feed: Feed) -> None:
        """Forget a feed that nobody here needs."""
        if not feed.in_use and self._feeds.get(feed.room) is feed:
            del self._feeds[feed.room]
            self._gapped.pop(feed, None)
            self._bus.unsubscribe(feed.room)

    def receive(self, room: RoomId, events: Sequence[Event]) -> None:
        """What the bus brought."""
        feed = self._feeds.get(room)
        if feed is not None:
            feed.receive(events)

    def expect(self, room: RoomId, seq: Seq) -> None:
        """The store is known to have `seq`, but its event may never have been published."""
        feed = self._feeds.get(room)
        if feed is not None:
            feed.expect(seq)

    def compare(self) -> None:
        """Compare all heads with the store: a quiet room hides a lost tail. Returns at once."""
        if self._feeds and not self._comparing:
            self._comparing = True
            self._spawn(self._compare_all())

    def close(self) -> None:
        for timer in (self._timer, self._settling):
            if timer is not None:
                timer.cancel()
        self._timer = self._settling = None

    def _compare_later(self, room: RoomId) -> None:
        """A subscription takes effect a moment later: nothing tells of a last event that came before."""
        self._opened.append(room)
        if self._settling is None:
            self._settling = self._call_later(self._settings.settle_seconds, self._compare_opened)

    def _compare_opened(self) -> None:
        self._settling = None
        opened, self._opened = self._opened, []
        self._spawn(self._compare(opened))

    async def _compare_all(self) -> None:
        try:
            if await self._is_same_store():
                await self._compare([feed.room for feed in self if feed.head != COLD])
        finally:
            self._comparing = False

    async def _is_same_store(self) -> bool:
        """Whether the store's logs are those that are followed here; if not, everybody in a room has to come back."""
        try:
            lineage = await self._store.lineage()
        except StoreUnavailable:
            return True
        if lineage == self._lineage:
            return True
        logger.error("the store's database was replaced: all who are in rooms are disconnected")
        self._counters.failures += 1
        self._lineage = lineage
        for feed in [*self]:
            feed.restart()
            for state in [*feed.here.values()]:
                state.connection.disconnect(Disconnect(CloseCode.SERVER_RESTART, "the server's data was replaced"))
        return False

    async def _compare(self, rooms: Sequence[RoomId]) -> None:
        rest = iter(rooms)
        try:
            while some := list(islice(rest, HEADS_AT_ONCE)):
                for room, head in (await self._store.rooms.heads(some)).items():
                    self.expect(room, head)
        except StoreUnavailable:
            logger.warning("the heads of the rooms could not be compared with the store")

    def _missing(self, feed: Feed) -> None:
        self._gapped[feed] = None
        if self._timer is None:
            self._timer = self._call_later(self._settings.gap_seconds, self._fill_gaps)

    def _fill_gaps(self) -> None:
        self._timer = None
        gapped, self._gapped = self._gapped, {}
        behind = [feed for feed in gapped if feed.head < feed.target]
        if behind:
            self._counters.gaps += len(behind)
            self._spawn(self._heal(behind))

    async def _heal(self, behind: list[Feed]) -> None:
        for feed in behind:
            try:
                await self._fill(feed)
            except StoreUnavailable:
                logger.warning("a gap in a room could not be filled yet")
                self._missing(feed)

    async def _fill(self, feed: Feed) -> None:
        while feed.head < feed.target and self._feeds.get(feed.room) is feed:
            asked = feed.head
            page = await self._store.events.after(feed.room, asked, self._settings.page_events, PAGE_BYTES)
            # Some of it may come from a group whose senders wait for their replies: those come first.
            await self._append_queue.finished(self._append_queue.begun)
            if not page or page[0].seq != asked + 1:
                logger.error("the store has no entry %d of a room whose log goes on to %d", asked + 1, feed.target)
                self._counters.failures += 1
                feed.give_up()
                return
            before = feed.head
            feed.receive(page)
            self._counters.healed += max(0, min(feed.head, page[-1].seq) - before)
