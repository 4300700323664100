"""From bytes and packets to the commands that a handler takes, and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, Protocol

from msgspec import Struct

from hubbub.errors import BadField, HubbubError
from hubbub.realtime.fanout.group import Outgoing
from hubbub.wire import compact, native
from hubbub.wire.compact import NativeMessagePack
from hubbub.wire.engineio import MESSAGE
from hubbub.wire.native import NativeJson
from hubbub.wire.rejection import CommandError
from hubbub.wire.socketio import Packet
from hubbub.wire.socketio_binary import Assembled
from hubbub.wire.socketio_events import EventDecoder, event_packet
from hubbub.wire.websocket import BINARY, TEXT


class NativeWire(Protocol):
    """One encoding of the native wire. Holds no state of a connection."""

    @property
    def name(self) -> str:
        """For metrics and `welcome`: "native.json"."""
        ...

    @property
    def subprotocol(self) -> str:
        """What a client asks for in Sec-WebSocket-Protocol."""
        ...

    @property
    def opcode(self) -> int:
        """Of the frames that carry it: TEXT or BINARY."""
        ...

    def decode(self, payload: bytes) -> Any:
        """The command in a frame. Raises CommandError to answer with an error and go on."""
        ...

    def encode(self, outgoing: Outgoing) -> bytes: ...

    def encode_reply(self, ref: int | str, ok: Struct) -> bytes: ...

    def encode_error(self, ref: int | str | None, error: HubbubError) -> bytes: ...


class Codec(Protocol):
    """Gives meaning to what arrives on either wire. Holds no state of a connection.

    All methods raise CommandError to answer with an error and go on.
    """

    @property
    def natives(self) -> Sequence[NativeWire]:
        """The encodings of the native wire; the first is for clients that ask for none."""
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

    def packet(self, outgoing: Outgoing) -> bytes:
        """The text message of an Engine.IO session that carries it. Called once for each lane and connection."""
        ...

    def attachments(self, outgoing: Outgoing) -> Sequence[bytes]:
        """The binary messages that follow it."""
        ...


class JsonWire(NativeJson):
    """Native JSON, one object per text frame."""

    name: Final = "native.json"
    subprotocol: Final = native.SUBPROTOCOL
    opcode: Final = TEXT

    def encode(self, outgoing: Outgoing) -> bytes:  # type: ignore[override]
        return outgoing.json


class MessagePackWire(NativeMessagePack):
    """MessagePack with short integer keys, one map per binary frame."""

    name: Final = "native.msgpack"
    subprotocol: Final = compact.SUBPROTOCOL
    opcode: Final = BINARY

    def encode(self, outgoing: Outgoing) -> bytes:  # type: ignore[override]
        return super().encode(outgoing.body)


class VocabularyCodec:
    """For a fixed vocabulary: a union of Structs tagged by `type`, each with a field `ref`.

    Args:
        commands: the union.
        field_keys, type_keys: the numbers of the compact wire; it is not spoken without them.
    """

    def __init__(
        self,
        commands: Any,
        field_keys: Mapping[str, int] | None = None,
        type_keys: Mapping[str, int] | None = None,
    ) -> None:
        self._events = EventDecoder(commands)
        self.natives: tuple[NativeWire, ...] = (JsonWire(commands),)
        if field_keys is not None and type_keys is not None:
            self.natives += (MessagePackWire(commands, field_keys, type_keys),)

    def event(self, packet: Packet) -> Any:
        return self._events.decode(packet.data or b"", packet.id)

    def ack(self, packet: Packet) -> None:
        """This server asks its clients nothing."""
        return

    def packet(self, outgoing: Outgoing) -> bytes:
        return outgoing.encoded(_packet_of)

    def attachments(self, outgoing: Outgoing) -> Sequence[bytes]:
        """This server sends none."""
        return ()

    def assembled(self, packet: Assembled) -> Any:
        raise CommandError(BadField("This server takes no binary arguments."), packet.id)


def _packet_of(outgoing: Outgoing) -> bytes:
    return MESSAGE + event_packet(outgoing.json)
