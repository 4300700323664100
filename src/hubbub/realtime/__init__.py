"""Connections, rooms and fan-out for raw WebSocket and Socket.IO clients alike. Knows nothing about chat."""

from .addresses import Strangers
from .codec import Codec, VocabularyCodec
from .connection import Connection, Handler, Handshake
from .gateway import Gateway
from .meter import Meter, Rate
from .room import Hub, Lane, Outgoing, Room
from .settings import GatewaySettings
from .small_set import SmallSet, with_member, without_member
from .toolkit import (
    Beside,
    Broadcast,
    ConnectionRefused,
    EngineServer,
    EngineSocket,
    Namespace,
    NoAnswer,
    RawSocket,
    RecoverySettings,
    Server,
    Socket,
    run,
    serve,
    serving,
)

__all__ = [
    "Beside",
    "Broadcast",
    "Codec",
    "Connection",
    "ConnectionRefused",
    "EngineServer",
    "EngineSocket",
    "Gateway",
    "GatewaySettings",
    "Handler",
    "Handshake",
    "Hub",
    "Lane",
    "Meter",
    "Namespace",
    "NoAnswer",
    "Outgoing",
    "Rate",
    "RawSocket",
    "RecoverySettings",
    "Room",
    "Server",
    "SmallSet",
    "Socket",
    "Strangers",
    "VocabularyCodec",
    "run",
    "serve",
    "serving",
    "with_member",
    "without_member",
]
