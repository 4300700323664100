"""A wire of its own plugs into the gateway: its file is all that knows it."""

from __future__ import annotations

import asyncio
from typing import Any, Final

import pytest
from msgspec import Struct
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from hubbub.errors import HubbubError, UnknownCommand
from hubbub.realtime import GatewaySettings, Outgoing
from hubbub.realtime.protocols.base_connection import GatewayContext
from hubbub.realtime.protocols.native import NativeConnection, NativeSocketLane
from hubbub.realtime.protocols.protocol import WebSocketProtocol
from hubbub.realtime.server import gateway
from hubbub.realtime.transports.opening import Opening
from hubbub.vocabulary import Join, Message, RoomId, Send
from hubbub.wire.rejection import CommandError
from hubbub.wire.websocket import TEXT
from tests.realtime.conftest import Stand, running

EVERYONE: Final = RoomId("everyone")


class Lines:
    """`say hi` and `join ROOM` up, `ada: hi` down."""

    name: Final = "lines"
    subprotocol: Final = "lines"
    opcode: Final = TEXT

    def __init__(self) -> None:
        self.encoded = 0

    def decode(self, payload: bytes) -> Any:
        word, _, rest = payload.decode().partition(" ")
        if word == "say":
            return Send(room=EVERYONE, text=rest, nonce=rest, ref=1)
        if word == "join":
            return Join(room=RoomId(rest), ref=1)
        raise CommandError(UnknownCommand(), None)

    def encode(self, outgoing: Outgoing) -> bytes:
        return outgoing.encoded(self._line)

    def encode_reply(self, ref: int | str, ok: Struct) -> bytes:
        return b"done"

    def encode_error(self, ref: int | str | None, error: HubbubError) -> bytes:
        return f"failed: {error.code}".encode()

    def _line(self, outgoing: Outgoing) -> bytes:
        self.encoded += 1
        assert isinstance(outgoing.body, Message)
        return f"{outgoing.body.sender}: {outgoing.body.text}".encode()


LINES: Final = Lines()


class LinesProtocol(WebSocketProtocol):
    path = "/lines"

    def __init__(self, context: GatewayContext) -> None:
        self._context = context

    def open(self, opening: Opening) -> None:
        agreed = opening.agree()
        link = agreed.open()
        connection = NativeConnection(self._context, link, NativeSocketLane(LINES, agreed.framer))
        link.open(connection)
        connection.begin(opening.handshake)


async def test_a_planted_wire_shares_rooms_with_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gateway, "WEBSOCKETS", (*gateway.WEBSOCKETS, LinesProtocol))
    async with (
        asyncio.timeout(20),
        running(GatewaySettings()) as stand,
        connect(stand.ws + "/lines") as ada,
        connect(stand.ws + "/lines") as bob,
        connect(stand.ws + "/ws") as eve,
    ):
        await stand.handler.until(lambda: len(stand.handler.connections) == 3)
        await ada.send("say hi")
        assert await ada.recv() == "done"
        assert await ada.recv() == await bob.recv() == "ada: hi"
        assert '"text":"hi"' in str(await eve.recv())
        assert LINES.encoded == 1  # two lanes, one encoding
        await bob.send("join nowhere")
        assert await bob.recv() == "failed: unknown_room"
        await bob.send("shout")
        assert await bob.recv() == "failed: unknown_command"
        assert stand.gateway.census() == {("lines", "websocket"): 2, ("native.json", "websocket"): 1}


async def test_a_path_that_nobody_knows_is_told_which_there_are(stand: Stand) -> None:
    with pytest.raises(InvalidStatus) as refused:
        await connect(stand.ws + "/lines").__aenter__()
    assert refused.value.response.status_code == 404
    assert b"WebSockets are at /ws and /socket.io/" in (refused.value.response.body or b"")


def test_bytes_are_made_once_for_each_encoding() -> None:
    made: list[str] = []

    def one(outgoing: Outgoing) -> bytes:
        made.append("one")
        return outgoing.json

    def other(outgoing: Outgoing) -> bytes:
        made.append("other")
        return b""

    outgoing = Outgoing(Join(room=EVERYONE))
    assert outgoing.encoded(one) == outgoing.encoded(one) == b'{"type":"join","room":"everyone"}'
    assert outgoing.encoded(other) == outgoing.encoded(other) == b""
    assert made == ["one", "other"]
