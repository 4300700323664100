"""The Python client: reconnects, resumes, resends, over whatever gets through (docs/python-client.md)."""

from .backoff import Backoff
from .client import Client, ClientSignal
from .failures import BadAnswer, Closed, ConnectionLost, NoAnswer, Rejected
from .fold import fold_events, fold_message, fold_room
from .outbox import OutboxStorage, Outgoing
from .rest import Api, Credentials, ServerInfo
from .state import Phase, State
from .stream import EventStream, Reset, RoomLost
from .transport import Obstacle, TransportName
from .transport_choice import Setback, TransportChoice, WireChoice

__all__ = [
    "Api",
    "Backoff",
    "BadAnswer",
    "Client",
    "ClientSignal",
    "Closed",
    "ConnectionLost",
    "Credentials",
    "EventStream",
    "NoAnswer",
    "Obstacle",
    "OutboxStorage",
    "Outgoing",
    "Phase",
    "Rejected",
    "Reset",
    "RoomLost",
    "ServerInfo",
    "Setback",
    "State",
    "TransportChoice",
    "TransportName",
    "WireChoice",
    "fold_events",
    "fold_message",
    "fold_room",
]
