"""The vocabulary: every command, event, signal and reply, the same on every wire (docs/protocol.md)."""

from .access import Action, Role
from .declaration import CommandBase
from .messages import Message, Send, Sent
from .presence import Presence, Typing, TypingChanged, Watch, Watching
from .reading import EventPage, History, Read, ReadChanged, ReadMark
from .rooms import (
    CreateRoom,
    Directory,
    DirectoryPage,
    Join,
    Joined,
    Leave,
    Member,
    MemberJoined,
    MemberLeft,
    MemberPage,
    Members,
    Membership,
    RoomCreated,
    RoomEntry,
    RoomList,
    Rooms,
    RoomState,
)
from .sessions import Auth, Done, Limits, ProfileChanged, User, Welcome
from .types import Ref, RoomId, Seq, UserId, UserName
from .unions import Command, Event, Reply, Signal
from .unknown import UnknownEvent

__all__ = [
    "Action",
    "Auth",
    "Command",
    "CommandBase",
    "CreateRoom",
    "Directory",
    "DirectoryPage",
    "Done",
    "Event",
    "EventPage",
    "History",
    "Join",
    "Joined",
    "Leave",
    "Limits",
    "Member",
    "MemberJoined",
    "MemberLeft",
    "MemberPage",
    "Members",
    "Membership",
    "Message",
    "Presence",
    "ProfileChanged",
    "Read",
    "ReadChanged",
    "ReadMark",
    "Ref",
    "Reply",
    "Role",
    "RoomCreated",
    "RoomEntry",
    "RoomId",
    "RoomList",
    "RoomState",
    "Rooms",
    "Send",
    "Sent",
    "Seq",
    "Signal",
    "Typing",
    "TypingChanged",
    "UnknownEvent",
    "User",
    "UserId",
    "UserName",
    "Watch",
    "Watching",
    "Welcome",
]
