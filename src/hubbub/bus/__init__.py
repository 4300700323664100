"""Carries committed events, signals and notes between nodes (docs/architecture.md)."""

from .counters import BusCounters
from .errors import BusError
from .local import LocalBus
from .node_messages import (
    ALONE,
    Chirp,
    ForUser,
    NodeAlive,
    NodeGone,
    NodeId,
    Note,
    PresenceHere,
    PresenceWanted,
    RoomNote,
    UserChanged,
)
from .protocols import Bus, CountingBus, Receiver

__all__ = [
    "ALONE",
    "Bus",
    "BusCounters",
    "BusError",
    "Chirp",
    "CountingBus",
    "ForUser",
    "LocalBus",
    "NodeAlive",
    "NodeGone",
    "NodeId",
    "Note",
    "PresenceHere",
    "PresenceWanted",
    "Receiver",
    "RoomNote",
    "UserChanged",
]
