"""Socket.IO sessions by hand, for what no client library would send: raw frames, raw long-polling requests."""

from __future__ import annotations

import asyncio
import base64
from collections import deque
from contextlib import AsyncExitStack
from typing import Final, Protocol

import httpx
from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as websocket
from websockets.exceptions import ConnectionClosed

SECONDS: Final = 10
SEPARATOR: Final = "\x1e"
PING: Final = "2"


class Session(Protocol):
    """One Engine.IO session. Packets are written with their Engine.IO type; bytes are a binary message."""

    async def send(self, packet: str | bytes) -> None: ...

    async def heard(self) -> str:
        """The next packet that is no ping."""
        ...

    async def ended(self) -> bool:
        """Wait until the server has ended the session, as the transport's clients understand it."""
        ...

    async def close(self) -> None: ...


class SocketSession:
    """Over a WebSocket."""

    def __init__(self, link: ClientConnection) -> None:
        self._link = link

    async def send(self, packet: str | bytes) -> None:
        await self._link.send(packet)

    async def heard(self) -> str:
        async with asyncio.timeout(SECONDS):
            while (packet := str(await self._link.recv())) == PING:
                pass
            return packet

    async def ended(self) -> bool:
        try:
            async with asyncio.timeout(SECONDS):
                while True:
                    await self._link.recv()
        except ConnectionClosed:
            return True

    async def close(self) -> None:
        await self._link.close()


class PollingSession:
    """Over long-polling: each packet is a POST of its own, and a GET follows when somebody wants to hear.

    Attributes:
        statuses: of the POSTs, in their order.
    """

    def __init__(self, http: httpx.AsyncClient, sid: str) -> None:
        self._http = http
        self._params = {"EIO": "4", "transport": "polling", "sid": sid}
        self._heard: deque[str] = deque()
        self.statuses: list[int] = []

    async def send(self, packet: str | bytes) -> None:
        await self.post(self.text(packet).encode())

    @staticmethod
    def text(packet: str | bytes) -> str:
        """The packet as it stands in a body: bytes are base64."""
        return packet if isinstance(packet, str) else "b" + base64.b64encode(packet).decode()

    async def post(self, body: bytes) -> httpx.Response:
        answer = await self._http.post("", params=self._params, content=body)
        self.statuses.append(answer.status_code)
        return answer

    async def heard(self) -> str:
        while True:
            while not self._heard:
                answer = await self._http.get("", params=self._params)
                assert answer.status_code == 200, answer.text
                self._heard.extend(answer.text.split(SEPARATOR))
            if (packet := self._heard.popleft()) != PING:
                return packet

    async def ended(self) -> bool:
        """A poll answers CLOSE, or that there is no such session."""
        while (answer := await self._http.get("", params=self._params)).status_code == 200:
            if answer.text.split(SEPARATOR)[-1] == "1":
                return True
        return bool(answer.json() == {"code": 1, "message": "Session ID unknown"})

    async def close(self) -> None:
        await self.send("1")


async def opened(port: int, way: str, stack: AsyncExitStack) -> Session:
    """An Engine.IO session, `way` "websocket" or "polling"; nothing of Socket.IO has been said on it."""
    if way == "websocket":
        url = f"ws://127.0.0.1:{port}/socket.io/?EIO=4&transport=websocket"
        session: Session = SocketSession(await stack.enter_async_context(websocket(url, max_size=None)))
        assert (await session.heard())[0] == "0"
        return session
    url = f"http://127.0.0.1:{port}/socket.io/"
    http = await stack.enter_async_context(httpx.AsyncClient(base_url=url, timeout=SECONDS))
    answer = await http.get("", params={"EIO": "4", "transport": "polling"})
    return PollingSession(http, answer.text.partition('"sid":"')[2].partition('"')[0])


async def joined(port: int, way: str, stack: AsyncExitStack) -> Session:
    """The same, connected to the main namespace."""
    session = await opened(port, way, stack)
    await session.send("40")
    assert (await session.heard()).startswith("40")
    return session
