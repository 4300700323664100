"""Clients of the native wire on a WebSocket."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from hubbub.errors import BadJson, CloseCode, Disconnect, HubbubError
from hubbub.wire.native import NativeJson
from hubbub.wire.rejection import CommandError
from hubbub.wire.websocket import TEXT, frame

from .connection import Connection
from .context import Context
from .link import WebSocketLink
from .peer import Peer
from .room import Outgoing

logger = logging.getLogger(__name__)


class NativeSocketLane:
    """Native JSON, one object per text frame."""

    wire: Final = "native.json"
    transport: Final = "websocket"

    def encode(self, outgoing: Outgoing) -> bytes:
        return frame(TEXT, outgoing.json)

    def join(self, parts: Sequence[bytes]) -> bytes:
        return b"".join(parts)

    def reply(self, ref: int | str, ok: Struct) -> bytes:
        return frame(TEXT, NativeJson.encode_reply(ref, ok))

    def failure(self, ref: int | str | None, error: HubbubError) -> bytes:
        return frame(TEXT, NativeJson.encode_error(ref, error))

    def write(self, members: Sequence[Connection], data: bytes) -> None:
        for member in members:
            member.link.transport.write(data)  # type: ignore[attr-defined]  # only NativeConnections are in this lane


NATIVE_SOCKET: Final = NativeSocketLane()


class NativeConnection(Peer):
    """One client of the native wire (docs/protocol.md). Its link's endpoint."""

    __slots__ = ("link",)

    def __init__(self, context: Context, link: WebSocketLink) -> None:
        super().__init__(context, NATIVE_SOCKET)
        self.link = link

    @property
    def peer(self) -> str:
        return self.link.peer

    # Connection

    def emit(self, outgoing: Outgoing) -> None:
        self._write(frame(TEXT, outgoing.json))

    def emit_many(self, outgoing: list[Outgoing]) -> None:
        self._write(b"".join([frame(TEXT, one.json) for one in outgoing]))

    def reply(self, ref: int | str, ok: Struct) -> None:
        self._write(NATIVE_SOCKET.reply(ref, ok))

    def fail(self, ref: int | str | None, error: HubbubError) -> None:
        self._write(NATIVE_SOCKET.failure(ref, error))

    def disconnect(self, why: Disconnect) -> None:
        self.link.close(why.code, why.reason)

    def dismiss(self) -> None:
        self.link.close(CloseCode.SESSION_ENDED, "disconnected by the server")

    def refuse(self, error: HubbubError) -> None:
        self.fail(None, error)
        self.link.close(CloseCode.AUTH_TIMEOUT, error.code)

    def _write(self, data: bytes) -> None:
        if not self.closed:
            self.link.transport.write(data)

    # Endpoint

    def text(self, payload: bytes) -> None:
        try:
            command = self.context.codec.native(payload)
        except CommandError as rejected:
            self.fail(rejected.ref, rejected.error)
        else:
            self.deliver(command)

    def binary(self, payload: bytes) -> None:
        self.fail(None, BadJson("This wire takes text frames."))

    def ping(self) -> None:
        self.link.ping_frame()

    def lost(self, reason: str) -> None:
        self.gone(reason)
