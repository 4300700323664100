"""Carries committed events, signals and node messages between nodes (docs/architecture.md)."""

from .local import LocalBus
from .node_messages import (
    ALONE,
    ForUser,
    NodeAlive,
    NodeGone,
    NodeId,
    NodeMessage,
    Ping,
    PresenceHere,
    PresenceWanted,
    RoomNodeMessage,
    UserChanged,
)
from .protocols import Bus, BusCounters, BusError, CountingBus, Receiver

__all__ = [
    "ALONE",
    "Bus",
    "BusCounters",
    "BusError",
    "CountingBus",
    "ForUser",
    "LocalBus",
    "NodeAlive",
    "NodeGone",
    "NodeId",
    "NodeMessage",
    "Ping",
    "PresenceHere",
    "PresenceWanted",
    "Receiver",
    "RoomNodeMessage",
    "UserChanged",
]
