"""Connections and fan-out for raw WebSocket and Socket.IO clients alike. Knows nothing about chat.

The names of the toolkit (`hubbub.toolkit`) are found here, too: `from hubbub.realtime import Server`.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from .core.addresses import Strangers
from .core.connection import Connection, Handler, Handshake, SmallSet, with_member, without_member
from .core.meter import Meter, Rate
from .core.settings import GatewaySettings
from .fanout.group import Group, Hub, Lane, Outgoing
from .protocols.codec import Codec, VocabularyCodec
from .server.gateway import Gateway

if TYPE_CHECKING:
    from hubbub.toolkit import (
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
    "Group",
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


def __getattr__(name: str) -> object:
    """A name of the toolkit. It stands above this package, so it is imported when it is asked for."""
    if name in __all__:
        return getattr(import_module("hubbub.toolkit"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
