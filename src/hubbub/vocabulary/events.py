"""The entries of a room's log. Each is durable before anybody sees it, and each has the next `seq` of its room."""

from __future__ import annotations

from .messages import Message
from .rooms import MemberJoined, MemberLeft, RoomCreated
from .unknown import UnknownEvent

Event = RoomCreated | MemberJoined | MemberLeft | Message | UnknownEvent
