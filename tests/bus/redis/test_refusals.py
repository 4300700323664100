"""A server that refuses a subscription, as a cluster that has lost a majority does for a moment (CLUSTERDOWN)."""

from __future__ import annotations

import asyncio
from typing import Any

import hiredis

from hubbub.bus.redis import Address, RedisBus
from hubbub.vocabulary import RoomId
from tests.contracts.bus import GENERAL, Inbox


class RefusingServer:
    """Does as it is told, but refuses the first subscription of a room, and only after it has got a ping behind it.

    Attributes:
        channels: that are subscribed.
        connections: that it has had.
    """

    def __init__(self) -> None:
        self.channels: set[bytes] = set()
        self.connections = 0
        self._refused = False

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.channels.clear()
        requests = hiredis.Reader()
        held = b""
        while data := await reader.read(65_536):
            requests.feed(data)
            while (request := requests.gets()) is not False:
                answer = self._answer(request)
                if answer.startswith(b"-"):
                    held = answer
                elif held and answer != b"+PONG\r\n":
                    held += answer
                else:
                    writer.write(held + answer)
                    held = b""
        writer.close()

    def _answer(self, request: list[Any]) -> bytes:
        name, *arguments = request
        if name == b"HELLO":
            return b"%2\r\n+mode\r\n+standalone\r\n+version\r\n+7.2.0\r\n"
        if name == b"PING":
            return b"+PONG\r\n"
        if name == b"SUBSCRIBE":
            if not self._refused and any(b"general" in channel for channel in arguments):
                self._refused = True
                return b"-CLUSTERDOWN The cluster is down\r\n"
            self.channels.update(arguments)
            return b"".join(b">3\r\n+subscribe\r\n$%d\r\n%b\r\n:1\r\n" % (len(one), one) for one in arguments)
        return b":0\r\n"


async def test_a_room_whose_subscription_is_refused_is_subscribed_all_the_same() -> None:
    refusing = RefusingServer()
    server = await asyncio.start_server(refusing.serve, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    bus, inbox = RedisBus(Address.parse(f"redis://{host}:{port}")), Inbox()
    await bus.open(inbox)
    try:
        bus.subscribe(RoomId("other"))
        bus.subscribe(GENERAL)
        await inbox.until(lambda: inbox.gaps == 1)
        assert refusing.connections == 2
        assert {channel for channel in refusing.channels if b"general" in channel}
    finally:
        await bus.close()
        server.close()
        await server.wait_closed()
