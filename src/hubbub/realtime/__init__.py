"""Connections, rooms and fan-out for raw WebSocket and Socket.IO clients alike. Knows nothing about chat."""

from .connection import Connection, Handler, Handshake
from .room import Hub, Lane, Outgoing, Room

__all__ = ["Connection", "Handler", "Handshake", "Hub", "Lane", "Outgoing", "Room"]
