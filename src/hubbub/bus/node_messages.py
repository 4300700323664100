"""What nodes tell each other beside a room's events and signals. Clients never see it.

A `NodeMessage` goes to every node, a `RoomNodeMessage` to those that subscribed the room. Like everything on the bus
they may be lost, repeated or late, so none of them says anything that is not said again, or that the store does not
know better.
"""

from __future__ import annotations

from typing import Final, NewType

from msgspec import Struct

from hubbub.vocabulary import Signal, UserId, UserName

NodeId = NewType("NodeId", str)
"""A node's name for as long as it runs; made up anew at each start."""

ALONE: Final = NodeId("")
"""The name of a node that shares its bus with no other."""


class _Message(Struct, frozen=True, tag_field="note", omit_defaults=True, gc=False):
    pass


class ForUser(_Message, frozen=True, tag="for_user"):
    """A signal for all connections of one user but `origin` (a connection's id, may be empty)."""

    user: UserId
    signal: Signal
    origin: str = ""


class UserChanged(_Message, frozen=True, tag="user_changed"):
    """What nodes remember about this user is outdated; the connections of the logins that `ended` end.

    `renamed`: the store has another display name.
    """

    user: UserId
    ended: list[str] = []
    renamed: bool = False


class Ping(_Message, frozen=True, tag="ping"):
    """A canary's: `node` asks whether the bus carries anything. It hears itself, and the others hear it."""

    node: NodeId
    number: int


class NodeAlive(_Message, frozen=True, tag="node_alive"):
    """`node` is there, and will say so again before `lease_seconds` are over; else it counts as dead.

    A node hears its own word only through the bus: while it does not, it is the bus that is away, not the others.

    `address`: where other nodes reach it for what only it can answer; empty: nowhere.
    """

    node: NodeId
    lease_seconds: float
    address: str = ""


class NodeGone(_Message, frozen=True, tag="node_gone"):
    """`node` is going down in good order: nothing it holds is left to wait for."""

    node: NodeId


class PresenceWanted(_Message, frozen=True, tag="presence_wanted"):
    """Somebody on `node` watches the room, and wants to know for `lease_seconds` who is there on other nodes.

    `fresh`: it knows nothing, or no longer enough, so that the whole state is wanted and not only what changes; of
    the node `of` if one is named, else of all.
    """

    node: NodeId
    lease_seconds: float
    fresh: bool = False
    of: NodeId = ALONE


class PresenceHere(_Message, frozen=True, tag="presence_here"):
    """Who of the room is connected to `node`: `count` users, for `lease_seconds` if nothing else is said meanwhile.

    `whole`: `online` are all of them, or nobody when they are more than clients are told by name. Else `online` came
    and `offline` went since the node's message `after`, which must have been received for this one to make sense.
    `number`: greater than in all messages of this node before.
    """

    node: NodeId
    number: int
    count: int
    lease_seconds: float
    after: int = 0
    online: list[UserName] = []
    offline: list[UserName] = []
    whole: bool = False


NodeMessage = ForUser | UserChanged | Ping | NodeAlive | NodeGone
RoomNodeMessage = PresenceWanted | PresenceHere
