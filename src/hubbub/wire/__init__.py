"""Sans-I/O codecs: bytes in, values out. No asyncio, no clock, no logging (docs/protocol.md).

`websocket` and `upgrade` are RFC 6455, `native` is the JSON wire, `engineio` and the `socketio*` modules are the
Engine.IO and Socket.IO protocols, `rejection` says why a command was not understood.
"""

from .native import SUBPROTOCOL, NativeJson
from .rejection import CommandError
from .socketio_events import EventDecoder

__all__ = ["SUBPROTOCOL", "CommandError", "EventDecoder", "NativeJson"]
