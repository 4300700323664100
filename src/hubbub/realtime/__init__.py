"""Connections, rooms and fan-out for raw WebSocket and Socket.IO clients alike. Knows nothing about chat."""

from .codec import Codec, VocabularyCodec
from .connection import Connection, Handler, Handshake
from .gateway import Gateway
from .room import Hub, Lane, Outgoing, Room
from .settings import GatewaySettings

__all__ = [
    "Codec",
    "Connection",
    "Gateway",
    "GatewaySettings",
    "Handler",
    "Handshake",
    "Hub",
    "Lane",
    "Outgoing",
    "Room",
    "VocabularyCodec",
]
