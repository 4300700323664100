"""How commands and frames are written: JSON, or MessagePack with short keys (docs/protocol.md)."""

from __future__ import annotations

from typing import Any, Final, Protocol, get_args

import msgspec
from msgspec import Raw, Struct

from hubbub.errors import BadJson, ErrorBody
from hubbub.vocabulary import Command, Event, Signal
from hubbub.vocabulary.keys import FIELD_KEYS, TYPE_KEYS
from hubbub.wire import compact, native
from hubbub.wire.compact import NativeMessagePack, Unpacker

from .frames import Inbound, ReplyFrame, Unknown, decode, unknown

_KINDS: Final[dict[str, type[Event | Signal]]] = {kind.__struct_config__.tag: kind for kind in get_args(Event | Signal)}
"""What has a `type` of its own, by it."""


class Wire(Protocol):
    """Holds no state of a connection.

    Attributes:
        subprotocol: its name in Sec-WebSocket-Protocol.
        binary: whether its frames are binary.
    """

    subprotocol: str
    binary: bool

    def encode(self, command: Struct) -> bytes: ...

    def decode(self, frame: bytes) -> Inbound:
        """One frame's meaning. What is no object at all is an `Unknown` without a type."""
        ...


class _Json:
    subprotocol = native.SUBPROTOCOL
    binary = False

    def __init__(self) -> None:
        self._encode = msgspec.json.Encoder().encode

    def encode(self, command: Struct) -> bytes:
        return self._encode(command)

    def decode(self, frame: bytes) -> Inbound:
        return decode(frame)


class _Compact:
    subprotocol = compact.SUBPROTOCOL
    binary = True

    def __init__(self) -> None:
        self._writer = NativeMessagePack(Command, FIELD_KEYS, TYPE_KEYS)
        self._unpack = Unpacker(FIELD_KEYS, TYPE_KEYS).unpack

    def encode(self, command: Struct) -> bytes:
        return self._writer.encode(command)

    def decode(self, frame: bytes) -> Inbound:
        try:
            named = self._unpack(frame)
        except BadJson:
            return Unknown()
        kind = named.get("type", "")
        try:
            if kind == "reply":
                return _reply(named)
            # not to the union: that builds a description of all its types each time, which takes 15 µs
            known = _KINDS.get(kind) if isinstance(kind, str) else None
            return unknown(named) if known is None else msgspec.convert(named, known)
        except msgspec.MsgspecError:
            return unknown(named)


def _reply(named: dict[str, Any]) -> ReplyFrame:
    """`ok` stays undecoded until it is known what was asked."""
    ok = Raw(msgspec.json.encode(named["ok"])) if "ok" in named else msgspec.UNSET
    error = msgspec.convert(named["error"], ErrorBody) if "error" in named else None
    ref = named.get("ref")
    return ReplyFrame(ref if isinstance(ref, int | str) else None, ok, error)


JSON: Final[Wire] = _Json()
COMPACT: Final[Wire] = _Compact()
