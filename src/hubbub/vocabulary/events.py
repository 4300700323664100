"""The entries of a room's log. Each is durable before anybody sees it, and each has the next `seq` of its room."""

from __future__ import annotations

from .messages import Message, MessageDeleted, MessageEdited
from .reactions import ReactionAdded, ReactionRemoved
from .rooms import MemberJoined, MemberLeft, RoomChanged, RoomCreated
from .unknown import UnknownEvent

Event = (
    RoomCreated
    | MemberJoined
    | MemberLeft
    | Message
    | MessageEdited
    | MessageDeleted
    | ReactionAdded
    | ReactionRemoved
    | RoomChanged
    | UnknownEvent
)
