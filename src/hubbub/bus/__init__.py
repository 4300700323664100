"""Carries committed events, signals and notes between nodes (docs/architecture.md)."""

from .errors import BusError
from .local import LocalBus
from .notes import (
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
from .protocols import Bus, Receiver

__all__ = [
    "Bus",
    "BusError",
    "Chirp",
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
