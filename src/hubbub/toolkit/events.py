"""What clients of an application with named events say, on every wire."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from typing import Any, Final, cast

import msgspec
from msgspec import Struct

from hubbub.errors import BadField, HubbubError
from hubbub.realtime.fanout.group import Outgoing
from hubbub.wire import compact, native
from hubbub.wire.engineio import PacketError
from hubbub.wire.native import NativeJson
from hubbub.wire.rejection import UNDECODABLE, CommandError, Ref, ref_in
from hubbub.wire.socketio import Packet, PacketType
from hubbub.wire.socketio_binary import Assembled
from hubbub.wire.surrogates import decode_json, repair_json, repair_msgpack
from hubbub.wire.websocket import BINARY, TEXT

from .emission import REPLY, RESERVED, AnswerOut, Emission, Failure, error_map

_pack = msgspec.msgpack.Encoder().encode
_arguments = msgspec.json.Decoder(list[Any])


class Event(Struct, frozen=True):
    """An event from a client. `ref`: it waits for an answer under this id."""

    name: str
    args: list[Any]
    ref: int | str | None = None


class Answer(Struct, frozen=True):
    """A client's answer to an event of ours that asked for one."""

    id: int
    args: list[Any]


class _Said(Struct):
    type: str
    args: list[Any] = []
    ref: int | str | None = None


class JsonEvents:
    """`{"type":name,"args":[…],"ref":…}` in a text frame; an answer is `{"type":"reply","ref":…,"args":[…]}`."""

    name: Final = "native.json"
    subprotocol: Final = native.SUBPROTOCOL
    opcode: Final = TEXT

    def __init__(self) -> None:
        self._decoder = msgspec.json.Decoder(_Said)

    def decode(self, payload: bytes) -> Event | Answer:
        try:
            said = self._decoder.decode(payload)
        except UNDECODABLE:
            repaired = repair_json(payload)
            said = _decode_again(self._decoder.decode, repaired, ref_in(repaired or payload))
        return _meaning(said)

    def encode(self, outgoing: Outgoing) -> bytes:
        return outgoing.json

    def encode_reply(self, ref: int | str, ok: Struct) -> bytes:
        return NativeJson.encode_reply(ref, ok)

    def encode_error(self, ref: int | str | None, error: HubbubError) -> bytes:
        return NativeJson.encode_error(ref, error)


class MessagePackEvents:
    """The same maps in binary frames. Bytes travel as bytes."""

    name: Final = "native.msgpack"
    subprotocol: Final = compact.SUBPROTOCOL
    opcode: Final = BINARY

    def __init__(self) -> None:
        self._decoder = msgspec.msgpack.Decoder(_Said)

    def decode(self, payload: bytes) -> Event | Answer:
        try:
            said = self._decoder.decode(payload)
        except UNDECODABLE:
            said = _decode_again(self._decoder.decode, repair_msgpack(payload))
        return _meaning(said)

    def encode(self, outgoing: Outgoing) -> bytes:
        return _pack(cast("Emission | AnswerOut | Failure", outgoing).map())

    def encode_reply(self, ref: int | str, ok: Struct) -> bytes:
        return _pack({"type": REPLY, "ref": ref, "ok": ok})

    def encode_error(self, ref: int | str | None, error: HubbubError) -> bytes:
        return _pack(error_map(ref, error))


class EventCodec:
    """Of an application whose events are names with arguments. Holds no state of a connection."""

    def __init__(self) -> None:
        self.natives = (JsonEvents(), MessagePackEvents())

    def event(self, packet: Packet) -> Event:
        """Raises PacketError for a name that the protocol reserves: the session ends, as with the reference server."""
        name, *args = _list(packet)
        return _event(name, args, packet.id)

    def ack(self, packet: Packet) -> Answer | None:
        return None if packet.id is None else Answer(packet.id, _list(packet))

    def packet(self, outgoing: Outgoing) -> bytes:
        return cast("Emission | AnswerOut | Failure", outgoing).packet

    def attachments(self, outgoing: Outgoing) -> Sequence[bytes]:
        return cast("Emission | AnswerOut | Failure", outgoing).attachments

    def assembled(self, packet: Assembled) -> Event | Answer | None:
        if packet.type is PacketType.ACK:
            return None if packet.id is None else Answer(packet.id, packet.args)
        return _event(packet.args[0], packet.args[1:], packet.id)


def _decode_again(decode: Callable[[bytes], _Said], repaired: bytes | None, ref: Ref = None) -> _Said:
    """What was refused because of lone surrogates, once they are repaired; None: there were none.

    Raises:
        CommandError: it is no event all the same.
    """
    if repaired is not None:
        with contextlib.suppress(*UNDECODABLE):
            return decode(repaired)
    raise CommandError(_misspelt(), ref)


def _meaning(said: _Said) -> Event | Answer:
    if said.type == REPLY and isinstance(said.ref, int):
        return Answer(said.ref, said.args)
    if said.type in RESERVED or said.type == REPLY:
        raise CommandError(_reserved(), said.ref)
    return Event(said.type, said.args, said.ref)


def _list(packet: Packet) -> list[Any]:
    try:
        found: list[Any] = _arguments.decode(packet.data or b"")
    except UNDECODABLE:
        found = _repaired_list(packet.data or b"")
    if packet.type is PacketType.EVENT and not found:
        raise PacketError("event without a name")
    return found


def _repaired_list(data: bytes) -> list[Any]:
    try:
        return decode_json(_arguments.decode, data)
    except UNDECODABLE:
        raise PacketError("illegal payload") from None


def _event(name: Any, args: list[Any], ref: int | None) -> Event:
    if isinstance(name, int | float) and not isinstance(name, bool):
        name = str(name)
    if not isinstance(name, str) or name in RESERVED:
        raise PacketError("illegal event name")
    if name == REPLY:  # Socket.IO knows nothing of our other wire: refuse the event, keep the session
        raise CommandError(_reserved(), ref)
    return Event(name, args, ref)


def _reserved() -> BadField:
    return BadField("This event name is reserved.")


def _misspelt() -> BadField:
    return BadField('An event is {"type": its name, "args": [its arguments]}.')
