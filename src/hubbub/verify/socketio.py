"""A lean Socket.IO client, no more than the checker needs: over WebSocket, and over long-polling without an upgrade.

It is made of the project's own codecs, so that a reconnect, a lost packet or a repeat is seen as it comes: the usual
clients put things right by themselves.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Final, Self

import msgspec
from msgspec import Raw, Struct
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidMessage

from hubbub.client.frames import Inbound, Unknown, decode
from hubbub.client.http import BadHttp, Http
from hubbub.client.transport import ABNORMAL, MESSAGE_BYTES, Ending, Place, Refused, TransportName, closed, unreachable
from hubbub.client.wires import Wire
from hubbub.wire import engineio, socketio
from hubbub.wire.engineio import PacketError, PacketType
from hubbub.wire.rejection import UNDECODABLE

_BROKEN: Final = (OSError, BadHttp, PacketError, ConnectionClosed, InvalidHandshake, InvalidMessage, *UNDECODABLE)
_PATH: Final = "/socket.io/?EIO=4&transport="

_event: Final = msgspec.json.Decoder(tuple[str, Raw]).decode
_answer: Final = msgspec.json.Decoder(tuple[Raw]).decode


class _Open(Struct):
    sid: str


class SocketIoWire:
    """Commands as events with an acknowledgement's id, what comes as the native wire's objects."""

    subprotocol = ""
    binary = False

    def encode(self, command: Struct) -> bytes:
        """An EVENT packet."""
        body = msgspec.to_builtins(command)
        name, ref = body.pop("type"), body.pop("ref", None)
        return socketio.encode_event(msgspec.json.encode([name, body]), ref)

    def decode(self, frame: bytes) -> Inbound:
        """A packet; one without a meaning for a chat is an `Unknown` without a type."""
        try:
            packet = socketio.decode(frame)
            if packet.data is None:
                return Unknown()
            if packet.type is socketio.PacketType.EVENT:
                name, body = _event(packet.data)
                return decode(b'{"type":"%b",%b' % (name.encode(), bytes(body)[1:]))
            if packet.type is socketio.PacketType.ACK:
                (answer,) = _answer(packet.data)
                return decode(b'{"type":"reply","ref":%d,%b' % (packet.id or 0, bytes(answer)[1:]))
        except (PacketError, *UNDECODABLE):
            pass
        return Unknown()


WIRE: Final[Wire] = SocketIoWire()


class EngineTransport(ABC):
    """An Engine.IO session with a Socket.IO connection to the main namespace. A `Transport` of the client."""

    name: TransportName

    def __init__(self) -> None:
        self.wire = WIRE
        self.first: bytes | None = None
        self._outgoing: deque[bytes] = deque()
        self._wake = asyncio.Event()
        self._early: list[bytes] = []

    # for subclasses

    @abstractmethod
    async def _receive(self) -> list[bytes]:
        """The next packets; none at the end of a session is an error. Raises what is `_BROKEN`."""

    @abstractmethod
    async def _transmit(self, packets: list[bytes]) -> None:
        """Raises what is `_BROKEN`."""

    async def _connect(self, token: str) -> None:
        """CONNECT to the main namespace. What comes with or after the answer stays for `run`."""
        await self._transmit([engineio.MESSAGE + b"0" + msgspec.json.encode({"token": token})])
        while not self._early:
            self._early = await self._receive()
            if self._early[0] == engineio.PING:  # a server that has much to do
                del self._early[0]
                await self._transmit([engineio.PONG])
        answer = self._early.pop(0)
        if not answer.startswith(b"40"):
            raise PacketError(answer[:200].decode(errors="replace"))

    # Transport

    def post(self, frame: bytes) -> None:
        self._post(engineio.MESSAGE + frame)

    def expect(self, heartbeat_seconds: float, frame_bytes: int) -> None:  # noqa: B027
        """Who uses it watches the time."""

    @abstractmethod
    def sockets(self) -> list[asyncio.BaseTransport]: ...

    async def run(self, receive: Callable[[bytes], None]) -> Ending:
        writer = asyncio.create_task(self._write())
        reader = asyncio.create_task(self._read(receive))
        try:
            await asyncio.wait((reader, writer), return_when=asyncio.FIRST_COMPLETED)
            return (reader if reader.done() else writer).result()
        finally:
            for task in (reader, writer):
                task.cancel()
            await asyncio.gather(reader, writer, return_exceptions=True)

    @abstractmethod
    async def close(self) -> None: ...

    # inside

    def _post(self, packet: bytes) -> None:
        self._outgoing.append(packet)
        self._wake.set()

    async def _read(self, receive: Callable[[bytes], None]) -> Ending:
        packets, self._early = self._early, []
        try:
            while True:
                for packet in packets:
                    if self._hear(engineio.decode(packet), receive):
                        return closed(ABNORMAL, "")
                packets = await self._receive()
        except _BROKEN as failure:
            return Ending(unreachable(failure), again=True)

    def _hear(self, packet: engineio.Packet, receive: Callable[[bytes], None]) -> bool:
        """Whether it was the last one."""
        if packet.type is PacketType.PING:
            self._post(engineio.PONG)
        elif packet.type is PacketType.CLOSE or (packet.type is PacketType.MESSAGE and packet.data == b"1"):
            return True
        elif packet.type is PacketType.MESSAGE:
            receive(packet.data)
        return False

    async def _write(self) -> Ending:
        try:
            while True:
                while not self._outgoing:
                    self._wake.clear()
                    await self._wake.wait()
                packets = list(self._outgoing)
                self._outgoing.clear()
                await self._transmit(packets)
        except _BROKEN as failure:
            return Ending(unreachable(failure), again=True)


class SocketIoWebSocket(EngineTransport):
    """Over WebSocket from the beginning."""

    name = TransportName.WEBSOCKET

    def __init__(self, socket: ClientConnection) -> None:
        super().__init__()
        self._socket = socket

    @classmethod
    async def open(cls, place: Place, token: str, *, patience_seconds: float) -> Self:
        """Raises Refused: whatever went wrong."""
        address = place.socket.partition("?")[0].removesuffix("/ws") + _PATH + "websocket"
        try:
            async with asyncio.timeout(patience_seconds):
                socket = await connect(
                    address,
                    compression=None,
                    open_timeout=None,
                    ping_interval=None,
                    close_timeout=1,
                    max_size=MESSAGE_BYTES,
                    process_exception=lambda failure: failure,
                    ssl=place.tls,
                )
                transport = cls(socket)
                try:
                    await transport._receive()
                    await transport._connect(token)
                except BaseException:
                    socket.transport.abort()
                    raise
                return transport
        except _BROKEN as failure:
            raise Refused(unreachable(failure)) from failure

    async def _receive(self) -> list[bytes]:
        return [await self._socket.recv(decode=False)]

    async def _transmit(self, packets: list[bytes]) -> None:
        for packet in packets:
            await self._socket.send(packet, text=True)

    def sockets(self) -> list[asyncio.BaseTransport]:
        return [self._socket.transport]

    async def close(self) -> None:
        await self._socket.close()


class SocketIoPolling(EngineTransport):
    """Over long-polling, without ever asking for a WebSocket."""

    name = TransportName.POLLING

    def __init__(self, http: Http) -> None:
        super().__init__()
        self._http = http
        self._address = _PATH + "polling"

    @classmethod
    async def open(cls, place: Place, token: str, *, patience_seconds: float) -> Self:
        """Raises Refused: whatever went wrong."""
        transport = cls(Http(place.http, tls=place.tls))
        try:
            async with asyncio.timeout(patience_seconds):
                (opened,) = await transport._receive()
                transport._address += "&sid=" + msgspec.json.decode(opened[1:], type=_Open).sid
                await transport._connect(token)
                return transport
        except (*_BROKEN, ValueError) as failure:
            transport._http.close()
            raise Refused(unreachable(failure)) from failure
        except BaseException:
            transport._http.close()
            raise

    async def _receive(self) -> list[bytes]:
        return (await self._request("GET", None)).split(engineio.SEPARATOR)

    async def _transmit(self, packets: list[bytes]) -> None:
        await self._request("POST", engineio.encode_payload(packets))

    async def _request(self, method: str, body: bytes | None) -> bytes:
        headers = {} if body is None else {"Content-Type": "text/plain;charset=UTF-8"}
        with await self._http.request(method, self._address, headers, body) as answer:
            data = await answer.read(MESSAGE_BYTES)
        if answer.status != 200:
            raise PacketError(f"HTTP {answer.status}: {data[:200].decode(errors='replace')}")
        return data

    def sockets(self) -> list[asyncio.BaseTransport]:
        return self._http.sockets()

    async def close(self) -> None:
        with suppress(*_BROKEN):
            async with asyncio.timeout(1):
                await self._transmit([engineio.CLOSE])
        self._http.close()
