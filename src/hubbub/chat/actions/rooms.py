"""What users can do in rooms: access → check → store (commit) → publish. Nothing else publishes room events.

`access_*` says whether the actor may, `do_*` does it. The same actions serve connections and the REST API.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import NoReturn

from hubbub.bus import Bus, ForUser
from hubbub.chat.actor import Actor
from hubbub.errors import BadField, CursorAhead, NotJoined, RoomForbidden, StoreUnavailable
from hubbub.identity.looks import Looks
from hubbub.identity.texts import one_line
from hubbub.store.protocols import PAGE_BYTES, RoomHead, Store
from hubbub.vocabulary import (
    CreateRoom,
    Directory,
    DirectoryPage,
    Done,
    EventPage,
    History,
    Joined,
    Leave,
    Member,
    MemberPage,
    Members,
    Membership,
    Read,
    ReadChanged,
    ReadMark,
    RoomEntry,
    RoomId,
    RoomList,
    Rooms,
    Seq,
    UserId,
    UserName,
)

from .checks import check_room_id

Query = Rooms | Directory | CreateRoom | Leave | History | Members | Read
"""Commands that need no connection."""


def joined(head: RoomHead) -> Joined:
    """The answer to `join`."""
    return Joined(head.room, head.head, head.read, head.unread, head.title, head.topic)


class Actions:
    """Actions on rooms. `origin` is the id of the connection that asked, empty for REST.

    All raise StoreUnavailable when the store does, and UnknownRoom when they name a room that does not exist.
    """

    def __init__(
        self,
        store: Store,
        bus: Bus,
        *,
        online: Callable[[RoomId, UserId, UserName], bool],
        left: Callable[[RoomId, UserName, Seq], None],
        now_ms: Callable[[], int],
    ) -> None:
        """`online`: whether a member of a room is there now, as far as this node knows.

        `left` is told of each user that stopped being a member here, with the `seq` of that event.
        """
        self._store = store
        self._looks = Looks(store)
        self._bus = bus
        self._online = online
        self._left = left
        self._now_ms = now_ms

    async def access_member(self, actor: Actor, room: RoomId) -> RoomHead:
        """The room's head. Only members may read. Raises RoomForbidden."""
        head = await self._store.rooms.head(room, actor.user_id)
        if not head.member:
            raise RoomForbidden
        return head

    async def access_from(self, actor: Actor, room: RoomId, since: Seq | None) -> RoomHead:
        """The same from a cursor on. Raises RoomForbidden, CursorAhead."""
        head = await self.access_member(actor, room)
        if since is not None and since > head.head:
            raise CursorAhead
        return head

    async def access_joined(self, actor: Actor, room: RoomId | None) -> NoReturn:
        """Say precisely why a connection that has not joined the room may not use it.

        Raises:
            UnknownRoom, RoomForbidden: what `access_member` says.
            NotJoined: it might, after a `join` on that connection; or `room` is None.
        """
        if room is not None:
            await self.access_member(actor, room)
        raise NotJoined

    async def perform(self, actor: Actor, command: Query, origin: str) -> QueryReply:
        """Do one of the actions that need no connection, and give its reply."""
        match command:
            case Rooms():
                return await self._rooms(actor, command)
            case Directory():
                return await self._directory(actor, command)
            case CreateRoom():
                return await self.do_create(actor, command, origin)
            case Leave():
                return await self.do_leave(actor, command.room, origin)
            case History():
                return await self._history(actor, command)
            case Members():
                return await self._members(actor, command)
            case _:
                return await self.do_read(actor, command, origin)

    async def do_create(self, actor: Actor, command: CreateRoom, origin: str) -> RoomEntry:
        """Create a public room; the actor becomes its first member. Raises BadField, RoomExists."""
        check_room_id(command.room)
        title, topic = one_line(command.title, "title"), one_line(command.topic, "topic")
        await self._looks.check_room(command.room, title)
        events = await self._store.rooms.create(command.room, title, topic, actor.user_id, self._now_ms())
        with contextlib.suppress(StoreUnavailable):  # the room is there
            await self._looks.room(command.room, title)
        self._bus.publish(command.room, events)
        self._bus.announce(ForUser(actor.user_id, Membership(command.room, member=True), origin))
        return RoomEntry(command.room, title, topic, members=1, member=True)

    async def do_enter(self, actor: Actor, room: RoomId, since: Seq | None, origin: str) -> RoomHead:
        """Make the actor a member if it is none: the room as it is then.

        Raises:
            CursorAhead: the log has not reached `since`.
            RoomForbidden: the actor left again from elsewhere, just now.
        """
        head = await self._store.rooms.head(room, actor.user_id)
        if since is not None and since > head.head:
            raise CursorAhead
        if head.member:
            return head
        event = await self._store.rooms.join(room, actor.user_id, self._now_ms())
        if event is not None:
            self._bus.publish(room, [event])
            self._bus.announce(ForUser(actor.user_id, Membership(room, member=True), origin))
        return await self.access_member(actor, room)

    async def do_leave(self, actor: Actor, room: RoomId, origin: str) -> Done:
        """End membership; harmless when there is none."""
        event = await self._store.rooms.leave(room, actor.user_id, self._now_ms())
        if event is not None:
            self._bus.publish(room, [event])
            self._bus.announce(ForUser(actor.user_id, Membership(room, member=False), origin))
            self._left(room, actor.user.name, event.seq)
        return Done()

    async def do_read(self, actor: Actor, command: Read, origin: str) -> ReadMark:
        """Move the read mark forward. Raises RoomForbidden, CursorAhead."""
        mark, unread = await self._store.rooms.mark_read(command.room, actor.user_id, command.seq)
        if mark == command.seq:  # else it was further already
            self._bus.announce(ForUser(actor.user_id, ReadChanged(command.room, mark, unread), origin))
        return ReadMark(command.room, mark, unread)

    async def _rooms(self, actor: Actor, command: Rooms) -> RoomList:
        rooms = await self._store.rooms.of_user(actor.user_id, command.after, command.limit + 1)
        return RoomList(rooms[: command.limit], more=len(rooms) > command.limit)

    async def _directory(self, actor: Actor, command: Directory) -> DirectoryPage:
        rooms = await self._store.rooms.directory(actor.user_id, command.after, command.limit + 1)
        return DirectoryPage(rooms[: command.limit], more=len(rooms) > command.limit)

    async def _history(self, actor: Actor, command: History) -> EventPage:
        if command.before is not None and command.after is not None:
            raise BadField("Give 'before' or 'after', not both.")
        head = (await self.access_member(actor, command.room)).head
        if command.after is not None:
            events = await self._store.events.after(command.room, command.after, command.limit, PAGE_BYTES)
        else:
            events = await self._store.events.before(command.room, command.before, command.limit, PAGE_BYTES)
        if not events:
            return EventPage([], more=False, head=head)
        head = max(head, events[-1].seq)  # the log may have grown between the two reads
        more = events[-1].seq < head if command.after is not None else events[0].seq > 1
        return EventPage(events, more, head)

    async def _members(self, actor: Actor, command: Members) -> MemberPage:
        await self.access_member(actor, command.room)
        stored, total = await self._store.rooms.members(command.room, command.after, command.limit + 1)
        members = [
            Member(member.name, member.title, self._online(command.room, member.id, member.name), member.since_ms)
            for member in stored[: command.limit]
        ]
        return MemberPage(members, len(stored) > command.limit, total)


QueryReply = RoomList | DirectoryPage | RoomEntry | Done | EventPage | MemberPage | ReadMark
"""What `Actions.perform` gives."""
