"""What is known of who is in a room: on this node, on others, and what was said of it.

One object per room, kept by the room's `Feed` and changed by the parts of this folder only.
"""

from __future__ import annotations

from hubbub.bus import NodeId
from hubbub.chat.connection_state import ConnectionState
from hubbub.chat.multimap import Multimap
from hubbub.realtime import Group
from hubbub.vocabulary import UserName


class TypingState:
    """A user who types in this room, or stopped a moment ago.

    Attributes:
        typing: what it said last, at `seen_at` (clock's seconds).
        said: what the watchers were told last, at `sent_at`.
    """

    __slots__ = ("said", "seen_at", "sent_at", "typing")

    def __init__(self, now: float) -> None:
        self.sent_at = now
        self.seen_at = now
        self.typing = True
        self.said = True


class Announced:
    """What others have to be told of a room.

    Attributes:
        until: when the last lease of those who want it ends (clock's seconds).
        number: of the last message; 0: nothing was said yet, or that nobody is here.
        said: whether something was said since the last tick.
        repeat_at: when the lease of what was said is to be renewed.
        whole: whether all names have to be said, not only the changes.
        listed: whether the last message had names.
        changes: users who came (True) or went since the last message.
    """

    __slots__ = ("changes", "listed", "number", "repeat_at", "said", "until", "whole")

    def __init__(self) -> None:
        self.until = 0.0
        self.number = 0
        self.said = False
        self.repeat_at = 0.0
        self.whole = True
        self.listed = False
        self.changes: dict[UserName, bool] = {}


class NodePresence:
    """One node's word about a room.

    Attributes:
        number: of its last message that was understood.
        names: the users that it named.
        unnamed: how many it has if it has too many to name them, else 0.
        until: when its lease ends (clock's seconds).
        stale: a message was lost; what stands here is outdated until it has said all anew.
    """

    __slots__ = ("names", "number", "stale", "unnamed", "until")

    def __init__(self) -> None:
        self.number = 0
        self.names: set[UserName] = set()
        self.unnamed = 0
        self.until = 0.0
        self.stale = False


class RemotePresence:
    """The word of all other nodes about a room.

    Attributes:
        nodes: each one's.
        users: users by name → who names them.
        unnamed: the sum of all nodes' `unnamed`; a user on two of them counts twice.
        lingering: users who are nowhere any more → until when they still count (clock's seconds).
        fresh: whether all has to be asked for, not only what changes.
        ask_at: when to ask again.
        until: when the others stop telling.
    """

    __slots__ = ("ask_at", "fresh", "lingering", "nodes", "unnamed", "until", "users")

    def __init__(self) -> None:
        self.nodes: dict[NodeId, NodePresence] = {}
        self.users: Multimap[UserName, NodePresence] = Multimap()
        self.unnamed = 0
        self.lingering: dict[UserName, float] = {}
        self.fresh = True
        self.ask_at = 0.0
        self.until = 0.0


class RoomPresence:
    """Who is online in a room, and who is told.

    Attributes:
        here: users → connections of theirs that joined, live or behind. The feed's.
        away: users whose last connection went a moment ago → when they count as offline (clock's seconds).
        watchers: the connections that watch the room, to be addressed one by one.
        screen: the same connections, which get its presence signals together; None: nobody ever did.
        changes: users who came (True) or went since the last presence signal; kept only while somebody watches.
        listed: whether the watchers have been given names, not only a count.
        due: before this time (clock's seconds) no further presence signal is sent.
        typing: users who type.
        remote: who is connected to other nodes; None: nobody here has watched for a while, or there are no others.
        announced: what other nodes have to be told of this one; None: none of them wants to know.
    """

    __slots__ = (
        "announced",
        "away",
        "changes",
        "due",
        "here",
        "listed",
        "remote",
        "screen",
        "typing",
        "watchers",
    )

    def __init__(self, here: Multimap[UserName, ConnectionState]) -> None:
        self.here = here
        self.away: dict[UserName, float] = {}
        self.watchers: dict[ConnectionState, None] = {}
        self.screen: Group | None = None
        self.changes: dict[UserName, bool] = {}
        self.listed = True
        self.due = 0.0
        self.typing: dict[UserName, TypingState] = {}
        self.remote: RemotePresence | None = None
        self.announced: Announced | None = None

    @property
    def count(self) -> int:
        """How many users are online in the room on this node."""
        return len(self.here) + len(self.away)

    def has(self, user: UserName) -> bool:
        """Whether the user is online in the room on this node."""
        return user in self.here or user in self.away

    def has_elsewhere(self, user: UserName) -> bool:
        """Whether the user is online in the room on another node, as far as that is known."""
        return self.remote is not None and user in self.remote.users

    def total(self) -> int:
        """Users who are online anywhere. One on several nodes counts once, except those of a crowd elsewhere."""
        remote = self.remote
        if remote is None:
            return self.count
        return self.count + remote.unnamed + sum(not self.has(user) for user in remote.users)

    def names(self, limit: int) -> list[UserName]:
        """Who is online anywhere, by name; nobody when they are more than `limit`."""
        if self.total() > limit:
            return []
        return sorted({*self.here, *self.away, *(() if self.remote is None else self.remote.users)})
