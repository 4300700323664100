"""All that passes between a client and a server: one union for each direction and kind.

A command with a `ref` gets exactly one reply. Without a `ref` only an error is reported, as a reply whose `ref` is
null. Commands of one connection take effect in the order in which they arrived.
"""

from __future__ import annotations

from .events import Event
from .messages import Delete, Edit, ReadVersions, Send, Versions
from .presence import Presence, Typing, TypingChanged, Watch, Watching
from .reactions import React, ReactionPage, ReadReactions, Unreact
from .reading import EventPage, History, Read, ReadChanged, ReadMark
from .rooms import (
    ChangeRoom,
    CreateRoom,
    Directory,
    DirectoryPage,
    Join,
    Joined,
    Leave,
    MemberPage,
    Members,
    Membership,
    RoomEntry,
    RoomList,
    Rooms,
)
from .sent import Sent
from .sessions import Auth, Done, ProfileChanged, Welcome
from .subscriptions import Subscribe, Subscribed, SubscribedAtOnce

Command = (
    Auth
    | Rooms
    | Directory
    | CreateRoom
    | ChangeRoom
    | Join
    | Subscribe
    | Leave
    | Send
    | Edit
    | Delete
    | React
    | Unreact
    | History
    | ReadVersions
    | ReadReactions
    | Members
    | Read
    | Typing
    | Watch
)

Reply = (
    Done
    | Joined
    | Subscribed
    | Sent
    | EventPage
    | Versions
    | ReactionPage
    | RoomEntry
    | DirectoryPage
    | RoomList
    | MemberPage
    | ReadMark
    | Watching
)

Signal = Welcome | SubscribedAtOnce | TypingChanged | Presence | ReadChanged | Membership | ProfileChanged

__all__ = ["Command", "Event", "Reply", "Signal"]
