"""From decoded packets to the commands that a handler takes."""

from __future__ import annotations

from typing import Any, Protocol

from hubbub.errors import BadField
from hubbub.wire.native import NativeJson
from hubbub.wire.rejection import CommandError
from hubbub.wire.socketio import Packet
from hubbub.wire.socketio_binary import Assembled
from hubbub.wire.socketio_events import EventDecoder


class Codec(Protocol):
    """Gives meaning to what arrives on either wire. Holds no state of a connection.

    All methods raise CommandError to answer with an error and go on.
    """

    def native(self, payload: bytes) -> Any:
        """A text frame of the native wire."""
        ...

    def event(self, packet: Packet) -> Any:
        """A Socket.IO EVENT. Raises PacketError to end the session."""
        ...

    def ack(self, packet: Packet) -> Any:
        """A Socket.IO ACK; None: nobody asked for it, drop it."""
        ...

    def assembled(self, packet: Assembled) -> Any:
        """A Socket.IO event or acknowledgement with binary attachments; None as for `ack`."""
        ...


class VocabularyCodec:
    """For a fixed vocabulary: a union of Structs tagged by `type`, each with a field `ref`."""

    def __init__(self, commands: Any) -> None:
        self._events = EventDecoder(commands)
        self.native = NativeJson(commands).decode

    def event(self, packet: Packet) -> Any:
        return self._events.decode(packet.data or b"", packet.id)

    def ack(self, packet: Packet) -> None:
        """This server asks its clients nothing."""
        return

    def assembled(self, packet: Assembled) -> Any:
        raise CommandError(BadField("This server takes no binary arguments."), packet.id)
