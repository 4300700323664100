"""What users can do with rooms: access → check → store (commit) → publish."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

from hubbub.bus import Bus, ForUser
from hubbub.chat.access import Actor, RoomAccess
from hubbub.chat.connection_state import ConnectionState
from hubbub.chat.log.append_queue import AppendQueue
from hubbub.chat.registry import on_connection, performs
from hubbub.errors import CursorAhead, StoreUnavailable, Unauthenticated
from hubbub.identity.looks import Looks
from hubbub.identity.texts import one_line
from hubbub.store.codec import placed
from hubbub.store.drafts import creation, joining, leaving
from hubbub.store.protocols import Draft, Refused, RoomHead, Store
from hubbub.vocabulary import (
    Action,
    ChangeRoom,
    CreateRoom,
    Directory,
    DirectoryPage,
    Done,
    Event,
    Join,
    Joined,
    Leave,
    Member,
    MemberPage,
    Members,
    Membership,
    RoomChanged,
    RoomEntry,
    RoomId,
    RoomList,
    Rooms,
    Sent,
    Seq,
    UserId,
    UserName,
)

from .appending import append, append_at_once
from .checks import check_nonce, check_room_id


def joined(head: RoomHead) -> Joined:
    """The answer to `join`."""
    return Joined(head.room, head.head, head.read, head.unread, head.title, head.topic, head.epoch)


class RoomActions:
    """Rooms and membership. `origin` is the id of the connection that asked, empty for REST.

    All raise StoreUnavailable when the store does, and UnknownRoom when they name a room that does not exist.
    """

    def __init__(
        self,
        store: Store,
        bus: Bus,
        access: RoomAccess,
        queue: AppendQueue,
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
        self._access = access
        self._queue = queue
        self._online = online
        self._left = left
        self._now_ms = now_ms

    @performs(Rooms)
    async def my_rooms(self, actor: Actor, command: Rooms, origin: str) -> RoomList:
        rooms = await self._store.rooms.of_user(actor.user_id, command.after, command.limit + 1)
        return RoomList(rooms[: command.limit], more=len(rooms) > command.limit)

    @performs(Directory)
    async def directory(self, actor: Actor, command: Directory, origin: str) -> DirectoryPage:
        rooms = await self._store.rooms.directory(actor.user_id, command.after, command.limit + 1)
        return DirectoryPage(rooms[: command.limit], more=len(rooms) > command.limit)

    @performs(CreateRoom)
    async def create(self, actor: Actor, command: CreateRoom, origin: str) -> RoomEntry:
        """Create a public room; the actor becomes its first member. Raises BadField, RoomExists."""
        check_room_id(command.room)
        title, topic = one_line(command.title, "title"), one_line(command.topic, "topic")
        await self._looks.check_room(command.room, title)
        events = await self._append(creation(command.room, title, topic, actor.user_id, actor.user))
        with contextlib.suppress(StoreUnavailable):  # the room is there
            await self._looks.room(command.room, title)
        self._bus.publish(command.room, events)
        self._bus.announce(ForUser(actor.user_id, Membership(command.room, member=True), origin))
        return RoomEntry(command.room, title, topic, members=1, member=True)

    @on_connection(ChangeRoom)
    async def change_for_connection(self, state: ConnectionState, command: ChangeRoom) -> None:
        """Answered before the connection gets the event. Raises RoomForbidden, BadField."""
        actor = state.actor
        if actor is None:
            raise Unauthenticated
        draft = await self._changed(actor, command)
        while not append_at_once(self._queue, state, command.ref, draft):
            await self._queue.room(actor.user_id)
        await self._queue.settled(actor.user_id, state.ticket)
        await self._note_title(actor, command.room)

    @performs(ChangeRoom)
    async def change(self, actor: Actor, command: ChangeRoom, origin: str) -> Sent:
        """Change title or topic. Raises RoomForbidden, BadField, NonceReused, RateLimited."""
        sent = await append(self._queue, await self._changed(actor, command))
        await self._note_title(actor, command.room)
        return sent

    async def _changed(self, actor: Actor, command: ChangeRoom) -> Draft:
        head = await self._access.check(actor, command.declared.access, command.room)
        check_nonce(command.nonce)
        title = head.title if command.title is None else one_line(command.title, "title")
        topic = head.topic if command.topic is None else one_line(command.topic, "topic")
        await self._looks.check_room(command.room, title)
        event = RoomChanged(command.room, 0, actor.user.name, 0, title, topic)
        return Draft(event, actor.user_id, command.nonce)

    async def _note_title(self, actor: Actor, room: RoomId) -> None:
        """What the room is called now, whoever called it so, is the title that no other may imitate."""
        with contextlib.suppress(StoreUnavailable):
            await self._looks.retitled(room, (await self._store.rooms.head(room, actor.user_id)).title)

    @performs(Join)
    async def join(self, actor: Actor, command: Join, origin: str) -> Joined:
        """Become a member, without a connection that receives the room."""
        return joined(await self.enter(actor, command.room, command.since, origin))

    async def enter(self, actor: Actor, room: RoomId, since: Seq | None, origin: str) -> RoomHead:
        """Make the actor a member if it is none: the room as it is then.

        Raises:
            CursorAhead: the log has not reached `since`.
            RoomForbidden: the actor left again from elsewhere, just now.
        """
        head = await self._access.check(actor, Action.JOIN_ROOM, room)
        if since is not None and since > head.head:
            raise CursorAhead
        if head.member:
            return head
        events = await self._append([joining(room, actor.user_id, actor.user)])
        if events:
            self._bus.publish(room, events)
            self._bus.announce(ForUser(actor.user_id, Membership(room, member=True), origin))
        return await self._access.check(actor, Action.READ_ROOM, room)

    @performs(Leave)
    async def leave(self, actor: Actor, command: Leave, origin: str) -> Done:
        """End membership; harmless when there is none."""
        room = command.room
        events = await self._append([leaving(room, actor.user_id, actor.user)])
        if events:
            self._bus.publish(room, events)
            self._bus.announce(ForUser(actor.user_id, Membership(room, member=False), origin))
            self._left(room, actor.user.name, events[-1].seq)
        return Done()

    @performs(Members)
    async def members(self, actor: Actor, command: Members, origin: str) -> MemberPage:
        await self._access.check(actor, command.declared.access, command.room)
        stored, total = await self._store.rooms.members(command.room, command.after, command.limit + 1)
        members = [
            Member(member.name, member.title, self._online(command.room, member.id, member.name), member.since_ms)
            for member in stored[: command.limit]
        ]
        return MemberPage(members, len(stored) > command.limit, total)

    async def _append(self, drafts: list[Draft]) -> list[Event]:
        """Store events; those that are new, at their places. Raises what refuses the first one that is refused."""
        events: list[Event] = []
        for draft, outcome in zip(drafts, await self._store.events.append(drafts, self._now_ms()), strict=True):
            if isinstance(outcome, Refused):
                raise outcome.error()
            if not outcome.repeat:
                events.append(placed(draft.event, outcome.seq, outcome.ts))
        return events
