"""Bringing a connection that is behind back to the head of its rooms: after a join with a cursor, after lagging.

It is sent pages from the store, only as fast as it reads them and never beyond its feed's head; when its cursor is at
the head it becomes live in the same instant. So it misses nothing, gets nothing twice, and costs a cursor, however
much it missed.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Final, NamedTuple

from hubbub.chat.connection_state import ConnectionState, Gap
from hubbub.chat.counters import ChatCounters
from hubbub.chat.presence.tracker import PresenceTracker
from hubbub.chat.settings import ChatSettings
from hubbub.chat.tasks import Spawn
from hubbub.errors import CloseCode, Disconnect, StoreUnavailable
from hubbub.realtime import Outgoing
from hubbub.store.protocols import PAGE_BYTES, Store
from hubbub.vocabulary import Event, Message, MessageEdited, RoomId, Seq, UnknownEvent

from .feed import Feed

logger = logging.getLogger(__name__)


class _Entry(Outgoing):
    """An event of a page, encoded once for all connections that share the page."""

    __slots__ = ()

    body: Event


class _Page(NamedTuple):
    """What follows a cursor. `size`: characters of its texts."""

    entries: list[_Entry]
    size: int


_LARGE: Final = 16_384
"""Characters of a page that takes a tick of the event loop for itself."""


class CatchUp:
    """Closes the gaps of connections."""

    def __init__(
        self,
        store: Store,
        presence: PresenceTracker,
        settings: ChatSettings,
        counters: ChatCounters,
        *,
        spawn: Spawn,
    ) -> None:
        self._store = store
        self._presence = presence
        self._settings = settings
        self._counters = counters
        self._spawn = spawn
        self._returning: set[ConnectionState] = set()  # slow ones that read again
        self._reads: dict[tuple[RoomId, Seq], asyncio.Future[_Page]] = {}
        self._turn = asyncio.Lock()

    def fall_behind(self, state: ConnectionState, feed: Feed) -> Gap:
        """Take the connection out of the live room. It has everything up to the feed's head."""
        gap = state.gap(feed)
        if gap is None:
            feed.live.remove(state.connection)
            gap = Gap(feed, feed.head, feed.head)
            state.open_gap(gap)
        return gap

    def begin(self, state: ConnectionState, feed: Feed | None = None) -> None:
        """Close all gaps, or that of one room: those without anything to send at once, the others in a task."""
        if state.catching_up is not None or state.gaps is None or state.connection.closed:
            return  # a running task comes to the new gaps by itself
        if not state.connection.paused:
            gaps = tuple(state.gaps.values()) if feed is None else (state.gaps.get(feed),)
            for gap in gaps:
                if gap is not None and gap.ready and gap.cursor == gap.feed.head:
                    self._attach(state, gap)
        if self._ready(state):
            self._counters.replays += 1
            state.catching_up = self._spawn(self._run(state))

    def resume(self, state: ConnectionState) -> None:
        """It was slow and reads again."""
        self._returning.add(state)
        self.begin(state)
        if state.gaps is None:
            self.arrived(state)

    def arrived(self, state: ConnectionState) -> None:
        """It is behind nowhere any more."""
        self._presence.resume(state)
        if state in self._returning:
            self._returning.remove(state)
            self._counters.caught_up += 1

    def forget(self, state: ConnectionState) -> None:
        """It is gone."""
        self._returning.discard(state)
        if state.catching_up is not None:
            state.catching_up.cancel()

    async def _run(self, state: ConnectionState) -> None:
        try:
            while gaps := self._ready(state):
                for gap in gaps:  # a page each, so that no room waits for another one's long replay
                    if self._is_open(state, gap):
                        await self._step(state, gap)
        except StoreUnavailable:
            state.connection.disconnect(Disconnect(CloseCode.INTERNAL, "the log can't be read now"))
        except Exception:
            logger.exception("a connection could not be caught up")
            self._counters.failures += 1
            state.connection.disconnect(Disconnect(CloseCode.INTERNAL, "server error"))
        finally:
            state.catching_up = None

    def _ready(self, state: ConnectionState) -> list[Gap]:
        """The gaps that may be closed now. Looked up once for all of them, not once for each."""
        if state.gaps is None or state.connection.closed:
            return []
        return [gap for gap in state.gaps.values() if gap.ready]

    def _is_open(self, state: ConnectionState, gap: Gap) -> bool:
        """Whether it is still to be closed: neither done, nor left, nor joined again meanwhile."""
        return gap.ready and state.gap(gap.feed) is gap and not state.connection.closed

    async def _step(self, state: ConnectionState, gap: Gap) -> None:
        """One thing at a time: wait, or become live, or send one page."""
        feed = gap.feed
        if state.connection.paused:
            await state.writable()
        elif gap.cursor > feed.head:  # it comes from a node that knows more
            feed.expect(gap.cursor)
            await feed.moved()
            if feed.target < gap.cursor and state.gap(feed) is gap:
                raise LookupError(f"the store has lost entry {gap.cursor} of a room whose head is {feed.head}")
        elif gap.cursor == feed.head:
            self._attach(state, gap)
        elif gap.heavy:
            async with self._turn:  # many who catch up with long messages would keep all others waiting
                await self._send_page(state, gap)
                await asyncio.sleep(0)
        else:
            await self._send_page(state, gap)

    async def _send_page(self, state: ConnectionState, gap: Gap) -> None:
        page = await self._page(gap.feed.room, gap.cursor)
        gap.heavy = page.size > _LARGE
        self._send(state, gap, page)

    async def _page(self, room: RoomId, cursor: Seq) -> _Page:
        """What follows a cursor. Connections that ask for the same while it is being read share one read.

        After a node's crash thousands come back with one cursor. `cursor + 1` was stored before the first of them
        asked, so a page that a later one shares is not empty either; what is missing at its end, it asks for next.
        """
        key = (room, cursor)
        read = self._reads.get(key)
        if read is None:
            read = self._reads[key] = asyncio.ensure_future(self._read(room, cursor))
            read.add_done_callback(lambda done: self._end_read(key, done))
        return await asyncio.shield(read)  # who is gone does not end it for the others

    async def _read(self, room: RoomId, cursor: Seq) -> _Page:
        events = await self._store.events.after(room, cursor, self._settings.page_events, PAGE_BYTES)
        entries = [_Entry(event) for event in events]
        return _Page(entries, sum(map(_size, entries)))

    def _end_read(self, key: tuple[RoomId, Seq], done: asyncio.Future[_Page]) -> None:
        del self._reads[key]
        if not done.cancelled():
            done.exception()  # it goes to those who wait; perhaps nobody does any more

    def _send(self, state: ConnectionState, gap: Gap, page: _Page) -> None:
        """Send a page up to the feed's head if the gap is still open; stop when the connection turns out to be slow.

        What is beyond the head waits for the feed: it is published after its sender's reply, and so it comes here.
        """
        if not self._is_open(state, gap):
            return
        entries = page.entries
        if not entries or entries[0].body.seq != gap.cursor + 1:
            raise LookupError(f"the store has no entry {gap.cursor + 1} of a room whose head is {gap.feed.head}")
        head = gap.feed.head
        chunk: list[Outgoing] = []
        chunk_bytes = 0
        for entry in entries:
            event = entry.body
            if event.seq > head or state.connection.paused:
                break
            chunk.append(entry)
            chunk_bytes += _size(entry)
            if chunk_bytes >= self._settings.chunk_bytes:
                self._emit(state, gap, chunk)
                chunk, chunk_bytes = [], 0
        if chunk:
            self._emit(state, gap, chunk)

    def _emit(self, state: ConnectionState, gap: Gap, chunk: list[Outgoing]) -> None:
        gap.cursor += len(chunk)
        self._counters.replayed += len(chunk)
        state.connection.charge(len(chunk))
        state.connection.emit_many(chunk)

    def _attach(self, state: ConnectionState, gap: Gap) -> None:
        state.close_gap(gap.feed)
        gap.feed.live.add(state.connection)
        if state.gaps is None:
            self.arrived(state)


def _size(entry: _Entry) -> int:
    """About how many bytes it is on a wire, when that is much."""
    event = entry.body
    if isinstance(event, Message | MessageEdited):
        return len(event.text)
    return len(entry.json) if isinstance(event, UnknownEvent) else 0
