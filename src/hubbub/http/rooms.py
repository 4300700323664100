"""Rooms, members, history, messages and read marks. Each operation is a command of the vocabulary."""

from __future__ import annotations

from typing import Any, Final, Protocol, TypeVar

from msgspec import Struct

from hubbub.chat import Actor
from hubbub.errors import (
    BadField,
    CursorAhead,
    Internal,
    RoomExists,
    RoomForbidden,
    TextEmpty,
    TextTooLong,
    UnknownRoom,
)
from hubbub.vocabulary import (
    Command,
    CreateRoom,
    Directory,
    DirectoryPage,
    Done,
    EventPage,
    History,
    Join,
    Joined,
    Leave,
    MemberPage,
    Members,
    Read,
    ReadMark,
    Reply,
    RoomEntry,
    RoomId,
    RoomList,
    Send,
    Sent,
)
from hubbub.vocabulary import Rooms as ListRooms

from .operation import Call, Nothing, Operation
from .views import DirectoryQuery, EventsQuery, MembersQuery, NewMessage, NewReadMark, NewRoom

Answer = TypeVar("Answer", bound=Struct)

_TAG: Final = "rooms"
_ROOM: Final = "/api/v1/rooms/{room}"


class Performer(Protocol):
    """The chat: `Chat.perform`."""

    async def perform(self, actor: Actor, command: Command) -> Reply: ...


class Rooms:
    """`/api/v1/rooms` and `/api/v1/directory`."""

    def __init__(self, chat: Performer) -> None:
        self._chat = chat

    def operations(self) -> list[Operation[Any]]:
        return [
            Operation("GET", "/api/v1/rooms", "rooms", "My rooms, with unread counts", _TAG,
                      self.mine, Nothing, RoomList),
            Operation("POST", "/api/v1/rooms", "createRoom", "Create a public room", _TAG,
                      self.create, NewRoom, RoomEntry, status=201, errors=(RoomExists, BadField)),
            Operation("GET", "/api/v1/directory", "directory", "The public rooms", _TAG,
                      self.directory, DirectoryQuery, DirectoryPage),
            Operation("POST", f"{_ROOM}/members", "joinRoom", "Become a member", _TAG,
                      self.join, Nothing, Joined, errors=(UnknownRoom,)),
            Operation("GET", f"{_ROOM}/members", "members", "Who is in a room", _TAG,
                      self.members, MembersQuery, MemberPage, errors=(UnknownRoom, RoomForbidden)),
            Operation("DELETE", f"{_ROOM}/members/me", "leaveRoom", "Stop being a member", _TAG,
                      self.leave, Nothing, None, status=204, errors=(UnknownRoom,)),
            Operation("GET", f"{_ROOM}/events", "events", "A page of a room's log", _TAG,
                      self.events, EventsQuery, EventPage, errors=(UnknownRoom, RoomForbidden)),
            Operation("POST", f"{_ROOM}/messages", "send", "Say something", _TAG,
                      self.send, NewMessage, Sent, status=201,
                      errors=(UnknownRoom, RoomForbidden, TextEmpty, TextTooLong)),
            Operation("PUT", f"{_ROOM}/read", "markRead", "Set my read mark", _TAG,
                      self.read, NewReadMark, ReadMark, errors=(UnknownRoom, RoomForbidden, CursorAhead)),
        ]  # fmt: skip

    async def mine(self, call: Call, given: Nothing) -> RoomList:
        return await self._perform(call, ListRooms(), RoomList)

    async def create(self, call: Call, given: NewRoom) -> RoomEntry:
        """I become its first member."""
        return await self._perform(call, CreateRoom(given.room, given.title, given.topic), RoomEntry)

    async def directory(self, call: Call, given: DirectoryQuery) -> DirectoryPage:
        """By room id, in pages."""
        return await self._perform(call, Directory(given.after, given.limit), DirectoryPage)

    async def join(self, call: Call, given: Nothing) -> Joined:
        """Does nothing when I am one. To receive the room's events, join it on a connection."""
        return await self._perform(call, Join(_room(call)), Joined)

    async def members(self, call: Call, given: MembersQuery) -> MemberPage:
        """By name, in pages."""
        return await self._perform(call, Members(_room(call), given.after, given.limit), MemberPage)

    async def leave(self, call: Call, given: Nothing) -> None:
        """All my connections stop receiving the room."""
        await self._perform(call, Leave(_room(call)), Done)

    async def events(self, call: Call, given: EventsQuery) -> EventPage:
        """Ascending by `seq`, whichever way was asked."""
        return await self._perform(call, History(_room(call), given.before, given.after, given.limit), EventPage)

    async def send(self, call: Call, given: NewMessage) -> Sent:
        """Answered when the message is durable. Repeat it with the same nonce when no answer came."""
        return await self._perform(call, Send(_room(call), given.text, given.nonce), Sent)

    async def read(self, call: Call, given: NewReadMark) -> ReadMark:
        """It only moves forward."""
        return await self._perform(call, Read(_room(call), given.seq), ReadMark)

    async def _perform(self, call: Call, command: Command, wanted: type[Answer]) -> Answer:
        reply = await self._chat.perform(call.actor, command)
        if not isinstance(reply, wanted):
            raise Internal(f"{type(command).__name__} was answered by {type(reply).__name__}")
        return reply


def _room(call: Call) -> RoomId:
    return RoomId(call.path("room"))
