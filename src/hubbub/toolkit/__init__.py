"""The toolkit: an application's events, rooms and answers over Socket.IO and raw WebSocket."""

from .answers import NoAnswer
from .broadcast import Broadcast
from .engine_server import EngineServer, EngineSocket
from .handlers import ConnectionRefused
from .namespace import Namespace
from .raw import RawSocket
from .recovery import RecoverySettings
from .server import Server
from .serving import Beside, run, serve, serving
from .socket import Socket

__all__ = [
    "Beside",
    "Broadcast",
    "ConnectionRefused",
    "EngineServer",
    "EngineSocket",
    "Namespace",
    "NoAnswer",
    "RawSocket",
    "RecoverySettings",
    "Server",
    "Socket",
    "run",
    "serve",
    "serving",
]
