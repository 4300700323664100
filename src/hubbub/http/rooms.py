"""Rooms, members, history, messages and read marks. Each operation is a command of the vocabulary."""

from __future__ import annotations

from typing import Any, Final, TypeVar

from msgspec import Struct

from hubbub.errors import CursorAhead, Internal, RoomExists, RoomForbidden, TextEmpty, TextTooLong, UnknownRoom
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
    RoomEntry,
    RoomId,
    RoomList,
    Rooms,
    Send,
    Sent,
)

from .call import Call
from .operation import Nothing, Operation
from .views import DirectoryQuery, EventsQuery, MembersQuery, NewMessage, NewReadMark, NewRoom, RoomsQuery

Answer = TypeVar("Answer", bound=Struct)

_TAG: Final = "rooms"
_ROOM: Final = "/api/v1/rooms/{room}"
_MEMBERS_ONLY: Final = (UnknownRoom, RoomForbidden)


async def my_rooms(call: Call, given: RoomsQuery) -> RoomList:
    """The oldest room first, in pages. `after`: the last room id of the page before."""
    return await _perform(call, Rooms(given.after, given.limit), RoomList)


async def create_room(call: Call, given: NewRoom) -> RoomEntry:
    """I become its first member."""
    return await _perform(call, CreateRoom(given.room, given.title, given.topic), RoomEntry)


async def directory(call: Call, given: DirectoryQuery) -> DirectoryPage:
    """By room id, in pages. `after`: the last room id of the page before."""
    return await _perform(call, Directory(given.after, given.limit), DirectoryPage)


async def join_room(call: Call, given: Nothing) -> Joined:
    """Does nothing when I am one. To receive the room's events, join it on a connection."""
    return await _perform(call, Join(_room(call)), Joined)


async def room_members(call: Call, given: MembersQuery) -> MemberPage:
    """By name, in pages. `after`: the last name of the page before."""
    return await _perform(call, Members(_room(call), given.after, given.limit), MemberPage)


async def leave_room(call: Call, given: Nothing) -> None:
    """All my connections stop receiving the room."""
    await _perform(call, Leave(_room(call)), Done)


async def room_events(call: Call, given: EventsQuery) -> EventPage:
    """Ascending by `seq`, whichever way was asked.

    `before`: the nearest events with a smaller `seq`. `after`: with a greater one. Neither: the newest. Both: refused.
    """
    return await _perform(call, History(_room(call), given.before, given.after, given.limit), EventPage)


async def send(call: Call, given: NewMessage) -> Sent:
    """Answered when the message is durable. When no answer comes, repeat it with the same nonce."""
    return await _perform(call, Send(_room(call), given.text, given.nonce), Sent)


async def mark_read(call: Call, given: NewReadMark) -> ReadMark:
    """It only moves forward."""
    return await _perform(call, Read(_room(call), given.seq), ReadMark)


async def _perform(call: Call, command: Command, wanted: type[Answer]) -> Answer:
    reply = await call.services.chat.perform(call.actor, command)
    if not isinstance(reply, wanted):
        raise Internal(f"{type(command).__name__} was answered by {type(reply).__name__}")
    return reply


def _room(call: Call) -> RoomId:
    return RoomId(call.path("room"))


OPERATIONS: Final[tuple[Operation[Any], ...]] = (
    Operation(
        "GET", "/api/v1/rooms", "rooms", "My rooms, with unread counts", _TAG,
        my_rooms, RoomsQuery, RoomList, errors=(UnknownRoom,),
    ),
    Operation(
        "POST", "/api/v1/rooms", "createRoom", "Create a public room", _TAG,
        create_room, NewRoom, RoomEntry, status=201, errors=(RoomExists,),
    ),
    Operation(
        "GET", "/api/v1/directory", "directory", "The public rooms", _TAG, directory, DirectoryQuery, DirectoryPage
    ),
    Operation(
        "POST", f"{_ROOM}/members", "joinRoom", "Become a member", _TAG,
        join_room, Nothing, Joined, errors=(UnknownRoom,),
    ),
    Operation(
        "GET", f"{_ROOM}/members", "members", "Who is in a room", _TAG,
        room_members, MembersQuery, MemberPage, errors=_MEMBERS_ONLY,
    ),
    Operation(
        "DELETE", f"{_ROOM}/members/me", "leaveRoom", "Stop being a member", _TAG,
        leave_room, Nothing, None, status=204, errors=(UnknownRoom,),
    ),
    Operation(
        "GET", f"{_ROOM}/events", "events", "A page of a room's log", _TAG,
        room_events, EventsQuery, EventPage, errors=_MEMBERS_ONLY,
    ),
    Operation(
        "POST", f"{_ROOM}/messages", "send", "Say something", _TAG,
        send, NewMessage, Sent, status=201, errors=(*_MEMBERS_ONLY, TextEmpty, TextTooLong),
    ),
    Operation(
        "PUT", f"{_ROOM}/read", "markRead", "Set my read mark", _TAG,
        mark_read, NewReadMark, ReadMark, errors=(*_MEMBERS_ONLY, CursorAhead),
    ),
)  # fmt: skip
