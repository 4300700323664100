"""The Python client: reconnects, resumes by cursor, resends by nonce (docs/protocol.md)."""

from .backoff import Backoff
from .client import Client, ClientSignal
from .failures import BadAnswer, Closed, ConnectionLost, NoAnswer, Rejected
from .outbox import OutboxStorage, Outgoing
from .rest import Api, Credentials, ServerInfo
from .state import Phase, State
from .stream import EventStream, Reset, RoomLost

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
    "OutboxStorage",
    "Outgoing",
    "Phase",
    "Rejected",
    "Reset",
    "RoomLost",
    "ServerInfo",
    "State",
]
