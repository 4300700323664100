"""Events with a name and arguments on their way out, for every wire."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from hubbub.errors import ErrorBody, HubbubError
from hubbub.realtime.fanout.group import Outgoing
from hubbub.wire.engineio import MESSAGE
from hubbub.wire.native import NativeJson
from hubbub.wire.rejection import error_json
from hubbub.wire.socketio import MAIN, PacketType, encode_ack, encode_event
from hubbub.wire.socketio_binary import encode_binary, fill

RESERVED: Final = frozenset(
    {"connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"}
)
"""Names that Socket.IO clients raise by themselves; nobody may send them."""

REPLY: Final = "reply"
"""The native wire's word for an answer; no event can have this name."""

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(list[Any]).decode


class Arguments:
    """The arguments of an event or an answer as they were when it was made: later changes are not sent.

    Encoded at once, so that what can't be sent is an error where it was said, and no member's fault. Without bytes,
    which is nearly always, that is the only encoding that any wire needs.

    Args:
        values: what JSON can carry, and bytes anywhere in it.

    Raises:
        TypeError, ValueError, RecursionError: a value that can't be sent, or nested too deep.
    """

    __slots__ = ("attachments", "packed")

    def __init__(self, values: Sequence[Any]) -> None:
        self.attachments: list[bytes] = []
        if any(map(_holds_bytes, values)):
            text, *self.attachments = encode_binary(PacketType.BINARY_EVENT, list(values))
            self.packed = text[text.index(b"[") :]
        else:
            self.packed = _encode(values)

    def values(self) -> list[Any]:
        """The arguments anew, as a Socket.IO client sees them, bytes included."""
        values = _decode(self.packed)
        return fill(values, self.attachments) if self.attachments else values

    def json(self) -> bytes:
        """A JSON array in which bytes are base64 text."""
        return _encode(self.values()) if self.attachments else self.packed


class Emission(Outgoing):
    """An event of ours.

    Args:
        name: of the event.
        args: see `Arguments`.
        namespace: where it happens.
        ack: the id under which an answer is wanted.
        offset: added as the last argument for Socket.IO clients, which keep it for connection state recovery.

    Raises:
        ValueError: a reserved name, or arguments that are nested too deep.
        TypeError: an argument that can't be sent.
    """

    __slots__ = ("_args", "_packet", "ack", "name", "namespace", "offset")

    def __init__(
        self,
        name: str,
        args: Sequence[Any],
        *,
        namespace: str = MAIN,
        ack: int | None = None,
        offset: str | None = None,
    ) -> None:
        if name in RESERVED or name == REPLY:
            raise ValueError(f"{name!r} is a reserved event name")
        self.name = name
        self.namespace = namespace
        self.ack = ack
        self.offset = offset
        self._args = Arguments(args)
        self._json = None
        self._packet: bytes | None = None

    @property
    def json(self) -> bytes:
        """The native wire's form: `{"type":name,"args":[…],"ref":…}`. Bytes become base64 text."""
        if self._json is None:
            ref = b"" if self.ack is None else b',"ref":%d' % self.ack
            self._json = b'{"type":%b,"args":%b%b}' % (_encode(self.name), self._args.json(), ref)
        return self._json

    def map(self) -> dict[str, Any]:
        """The same for MessagePack."""
        body: dict[str, Any] = {"type": self.name, "args": self._args.values()}
        return body if self.ack is None else {**body, "ref": self.ack}

    @property
    def packet(self) -> bytes:
        """The text message of an Engine.IO session that carries it, once made."""
        if self._packet is None:
            array = self._array()
            if self._args.attachments:
                head = _binary_head(PacketType.BINARY_EVENT, self._args, self.ack, self.namespace)
                self._packet = MESSAGE + head + array
            else:
                self._packet = MESSAGE + encode_event(array, self.ack, self.namespace)
        return self._packet

    @property
    def attachments(self) -> Sequence[bytes]:
        """The binary messages that follow the packet."""
        return self._args.attachments

    def _array(self) -> bytes:
        """Name, arguments and offset in one JSON array."""
        inner = [_encode(self.name)]
        if self._args.packed != b"[]":
            inner.append(self._args.packed[1:-1])
        if self.offset is not None:
            inner.append(_encode(self.offset))
        return b"[%b]" % b",".join(inner)


class AnswerOut(Outgoing):
    """Our answer to a client's event.

    Raises:
        TypeError, ValueError: as `Arguments`.
    """

    __slots__ = ("_args", "_namespace", "_ref")

    def __init__(self, ref: int | str, args: list[Any], namespace: str) -> None:
        self._ref = ref
        self._args = Arguments(args)
        self._namespace = namespace

    @property
    def json(self) -> bytes:
        return b'{"type":"reply","ref":%b,"args":%b}' % (_encode(self._ref), self._args.json())

    def map(self) -> dict[str, Any]:
        """The same for MessagePack."""
        return {"type": REPLY, "ref": self._ref, "args": self._args.values()}

    @property
    def packet(self) -> bytes:
        ref = int(self._ref)
        if self._args.attachments:
            return MESSAGE + _binary_head(PacketType.BINARY_ACK, self._args, ref, self._namespace) + self._args.packed
        return MESSAGE + encode_ack(ref, self._args.packed, self._namespace)

    @property
    def attachments(self) -> Sequence[bytes]:
        """The binary messages that follow the packet."""
        return self._args.attachments


class Failure(Outgoing):
    """Our answer to a client's event that failed."""

    attachments: Sequence[bytes] = ()

    __slots__ = ("_error", "_namespace", "_ref")

    def __init__(self, ref: int | str, error: HubbubError, namespace: str) -> None:
        self._ref = ref
        self._error = error
        self._namespace = namespace

    @property
    def json(self) -> bytes:
        return NativeJson.encode_error(self._ref, self._error)

    def map(self) -> dict[str, Any]:
        """The same for MessagePack."""
        return error_map(self._ref, self._error)

    @property
    def packet(self) -> bytes:
        body = b'[{"error":%b}]' % error_json(self._error)
        return MESSAGE + encode_ack(int(self._ref), body, self._namespace)


def error_map(ref: int | str | None, error: HubbubError) -> dict[str, Any]:
    """An error reply for MessagePack."""
    return {"type": REPLY, "ref": ref, "error": ErrorBody.of(error)}


def _binary_head(kind: PacketType, args: Arguments, ack: int | None, namespace: str) -> bytes:
    where = b"" if namespace == MAIN else namespace.encode() + b","
    return b"%d%d-%b%b" % (kind, len(args.attachments), where, b"" if ack is None else b"%d" % ack)


def _holds_bytes(value: Any) -> bool:
    if isinstance(value, str):
        return False
    if isinstance(value, dict):
        return any(map(_holds_bytes, value.values()))
    if isinstance(value, list | tuple):
        return any(map(_holds_bytes, value))
    return isinstance(value, bytes | bytearray | memoryview)
