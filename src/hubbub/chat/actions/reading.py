"""Reading a room's log, and saying how far one has read it."""

from __future__ import annotations

from hubbub.bus import Bus, ForUser
from hubbub.chat.access import Actor, RoomAccess
from hubbub.chat.registry import performs
from hubbub.errors import BadField
from hubbub.store.protocols import PAGE_BYTES, Store
from hubbub.vocabulary import EventPage, History, Read, ReadChanged, ReadMark


class ReadingActions:
    """All raise UnknownRoom, RoomForbidden and StoreUnavailable."""

    def __init__(self, store: Store, bus: Bus, access: RoomAccess) -> None:
        self._store = store
        self._bus = bus
        self._access = access

    @performs(History)
    async def history(self, actor: Actor, command: History, origin: str) -> EventPage:
        """Raises BadField: both directions were asked for."""
        if command.before is not None and command.after is not None:
            raise BadField("Give 'before' or 'after', not both.")
        room, limit, reader = command.room, command.limit, actor.user_id
        head = (await self._access.check(actor, command.declared.access, room)).head
        if command.after is not None:
            events = await self._store.events.after(room, command.after, limit, PAGE_BYTES, reader)
        else:
            events = await self._store.events.before(room, command.before, limit, PAGE_BYTES, reader)
        if not events:
            return EventPage([], more=False, head=head)
        head = max(head, events[-1].seq)  # the log may have grown between the two reads
        more = events[-1].seq < head if command.after is not None else events[0].seq > 1
        return EventPage(events, more, head)

    @performs(Read)
    async def read(self, actor: Actor, command: Read, origin: str) -> ReadMark:
        """Move the read mark forward, which the store keeps for members only. Raises CursorAhead."""
        mark, unread = await self._store.rooms.mark_read(command.room, actor.user_id, command.seq)
        if mark == command.seq:  # else it was further already
            self._bus.announce(ForUser(actor.user_id, ReadChanged(command.room, mark, unread), origin))
        return ReadMark(command.room, mark, unread)
