"""A vocabulary of Structs over Socket.IO: the event's name is the `type`, its one argument the rest.

    socket.emit("join", {room: "general"}, reply => …)      21["join",{"room":"general"}]
    reply = {ok: {…}}                                       31[{"ok":{…}}]
    socket.on("message", event => …)                        2["message",{"room":"general",…}]

The bodies are those of the native wire, so an event's JSON is made once and its bytes are only framed anew here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import msgspec
from msgspec import Raw, Struct
from msgspec.structs import force_setattr

from hubbub.errors import BadField, HubbubError, UnknownCommand

from .engineio import PacketError
from .rejection import UNDECODABLE, CommandError, command_types, error_json, explain
from .surrogates import decode_json

_encode = msgspec.json.Encoder().encode
_arguments = msgspec.json.Decoder(list[Raw])
_name = msgspec.json.Decoder(str | int | float)

_TYPE_FIELD: Final = b'{"type":"'
_NAME_AT: Final = len(_TYPE_FIELD)


class EventDecoder:
    """Decodes the arguments of events into the commands of a tagged union. Holds no state of a connection.

    Raises:
        TypeError: `commands` is no union of Structs tagged by `type`, or one of them has no field `ref`.
    """

    __slots__ = ("_bodies", "_events")

    def __init__(self, commands: Any) -> None:
        self._bodies: dict[bytes, Callable[[bytes | Raw], Any]] = {}
        self._events: dict[bytes, Callable[[bytes], tuple[str, Any]]] = {}
        for tag, struct in command_types(commands).items():
            if "ref" not in struct.__struct_fields__:
                raise TypeError(f"{struct.__name__} has no field 'ref'")
            self._bodies[tag.encode()] = msgspec.json.Decoder(struct).decode
            self._events[tag.encode()] = msgspec.json.Decoder(tuple[str, struct]).decode  # type: ignore[valid-type]

    def decode(self, args: bytes, ack: int | None = None) -> Any:
        """The command in an EVENT packet's data. Its `ref` is the acknowledgement's id, whatever the body says.

        One pass over the bytes, 0.6 µs for a short message, when they are spelled as every client spells them.

        Raises:
            CommandError: an unknown event, or a body that does not fit. Answer it; the connection stays.
            PacketError: no JSON array with a name in front. The specification wants the connection closed.
        """
        if fast := self._events.get(args[2 : args.find(b'"', 2)]):
            try:
                command = fast(args)[1]
            except UNDECODABLE:
                pass  # another spelling, or wrong: what follows knows
            else:
                force_setattr(command, "ref", ack)
                return command
        return self._decode(args, ack)

    def _decode(self, args: bytes, ack: int | None) -> Any:
        try:
            name, *rest = decode_json(_arguments.decode, args)
            event = _name.decode(name)
        except UNDECODABLE:
            raise PacketError("event is not a JSON array with a name in front") from None
        decode = self._bodies.get(event.encode()) if isinstance(event, str) else None
        if decode is None:
            raise CommandError(UnknownCommand(), ack)
        if len(rest) > 1:
            raise CommandError(BadField("An event of this server has one object as its argument."), ack)
        body: bytes | Raw = rest[0] if rest and bytes(rest[0]) != b"null" else b"{}"
        try:
            command = decode(body)
        except UNDECODABLE as failure:
            raise CommandError(explain(failure), ack) from None
        force_setattr(command, "ref", ack)
        return command


def event_packet(body: bytes) -> bytes:
    """An event or signal from its native JSON, whose first member is `type`. No JSON is made or parsed.

    `{"type":"message","room":"general"}` becomes `2["message",{"room":"general"}]`.
    """
    end = body.index(b'"', _NAME_AT)
    rest = body[end + 2 :] if body[end + 1] == 0x2C else body[end + 1 :]  # 0x2C: a comma
    return b'2["%b",{%b]' % (body[_NAME_AT:end], rest)


def ack_packet(ack: int, body: bytes) -> bytes:
    """The answer to a command whose JSON is `body`: a packet that calls the client's callback with it."""
    return b"3%d[%b]" % (ack, body)


def encode_ok(ack: int, ok: Struct) -> bytes:
    """The command that carried `ack` was carried out: `3<ack>[{"ok":…}]`."""
    return b'3%d[{"ok":%b}]' % (ack, _encode(ok))


def encode_refusal(ack: int | None, error: HubbubError) -> bytes:
    """The command was refused: `3<ack>[{"error":…}]`.

    Without an acknowledgement, an event `reply` tells: `2["reply",{"ref":null,"error":…}]`.
    """
    if ack is None:
        return b'2["reply",{"ref":null,"error":%b}]' % error_json(error)
    return b'3%d[{"error":%b}]' % (ack, error_json(error))
