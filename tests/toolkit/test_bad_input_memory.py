"""Bad input in masses: the server's memory stays within what its settings allow each client, and others go on.

The server is a process of its own, so that its memory is only its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final

import pytest

from .sessions import SEPARATOR, PollingSession, joined, opened

MESSAGE_BYTES: Final = 65_536
WRITE_BUFFER_BYTES: Final = 262_144
CLIENTS: Final = 4
"""Bad ones at the same time."""

ATTEMPTS: Final = 2
"""Sessions that a bad client begins, one when the server has ended the other."""

ROUNDS: Final = 100
"""How often at most a bad client sends its packets on one session."""

PATIENCE_SECONDS: Final = 1.0
"""How long a bad client waits for the server to take what it sends."""

LIMIT_BYTES: Final = CLIENTS * (MESSAGE_BYTES + WRITE_BUFFER_BYTES) + 16 * 2**20
"""What the settings allow them, and what the requests that are being answered and the allocator take besides."""

SERVER: Final = f"""
from hubbub.realtime import GatewaySettings, Server, Socket, run

server = Server(GatewaySettings(message_bytes={MESSAGE_BYTES}, write_buffer_bytes={WRITE_BUFFER_BYTES}))

@server.on("x")
def x(socket: Socket, *args: object) -> str:
    return "ok"

@server.on("everybody")
def everybody(socket: Socket) -> None:
    server.emit("news")

run(server, port=0, on_started=lambda port: print(port, flush=True))
"""


class Victim:
    """The server under attack."""

    def __init__(self, pid: int, port: int) -> None:
        self._proc = Path(f"/proc/{pid}")
        self.port = port

    def forget_peak(self) -> None:
        """Measure anew from here on."""
        (self._proc / "clear_refs").write_text("5")

    @property
    def peak_bytes(self) -> int:
        """The most resident memory that it had since `forget_peak`."""
        status = (self._proc / "status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0]) * 1024


@pytest.fixture(scope="module")
def victim() -> Iterator[Victim]:
    with subprocess.Popen([sys.executable, "-c", SERVER], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        try:
            yield Victim(process.pid, int(process.stdout.readline()))
        finally:
            process.terminate()


def placeholders(count: int) -> str:
    return ",".join(f'{{"_placeholder":true,"num":{number}}}' for number in range(count))


Packets = Sequence[str | bytes]

PIECE: Final = b"x" * 700
STRANGERS: Final = "namespaces that are not there"
PACKETS: Final[dict[str, Packets]] = {
    "attachments that never come": [f'4564-["x",{placeholders(64)}]', *[PIECE] * 63],
    "attachments longer than a message": [f'4564-["x",{placeholders(64)}]', *[PIECE * 4] * 30],
    "answers nobody asked for": [f'43{number}["{"x" * 900}"]' for number in range(60)],
    "namespaces never joined": [f'42/no{number},["{"x" * 900}"]' for number in range(60)],
    STRANGERS: [f"40/no{number}," for number in range(4_000)],
    "reserved names": ['42["disconnect",1]'],
    "names of the other wire": ['421["reply"]'] * 4_000,
    "deep JSON": ['42["x",' + "[" * 60_000],
    "placeholders in masses": ['451-["x",' + ",".join([placeholders(1)] * 2_000) + "]", PIECE],
}
"""What is sent again and again, as Engine.IO packets."""


class SocketFlood:
    """A WebSocket client that sends and does not read."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, packets: Packets) -> None:
        self._reader = reader
        self._writer = writer
        self._data = b"".join(masked(packet) for packet in packets)

    @classmethod
    async def open(cls, port: int, packets: Packets, stack: AsyncExitStack, *, connected: bool) -> SocketFlood:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=4_096)
        stack.push_async_callback(cut_off, writer)
        writer.write(
            b"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\n"
            b"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
        )
        await reader.readuntil(b"\r\n\r\n")
        if connected:
            writer.write(masked("40"))
            await reader.readuntil(b'40{"sid"')
        return cls(reader, writer, packets)

    async def send(self) -> bool:
        """Send them all. False: the server has ended the session."""
        try:
            self._writer.write(self._data)
            await self._writer.drain()
        except ConnectionError:
            return False
        return True


class PollingFlood:
    """A long-polling client that posts and does not poll."""

    def __init__(self, session: PollingSession, packets: Packets) -> None:
        self._session = session
        self._body = SEPARATOR.join(PollingSession.text(packet) for packet in packets).encode()

    @classmethod
    async def open(cls, port: int, packets: Packets, stack: AsyncExitStack, *, connected: bool) -> PollingFlood:
        session = await (joined if connected else opened)(port, "polling", stack)
        assert isinstance(session, PollingSession)
        return cls(session, packets)

    async def send(self) -> bool:
        return (await self._session.post(self._body)).status_code == 200


async def cut_off(writer: asyncio.StreamWriter) -> None:
    """End a connection at once, unsent bytes or not."""
    writer.transport.abort()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()


def masked(packet: str | bytes) -> bytes:
    """A client's frame (RFC 6455 section 5.2), with a mask that changes nothing."""
    opcode, payload = (0x81, packet.encode()) if isinstance(packet, str) else (0x82, packet)
    size = len(payload)
    length = bytes((0x80 | size,)) if size < 126 else b"\xfe" + size.to_bytes(2)
    return bytes((opcode,)) + length + bytes(4) + payload


async def flood(port: int, way: str, packets: Packets, stack: AsyncExitStack, *, connected: bool) -> None:
    """Send until the server takes no more; anew when it has ended the session."""
    kind = SocketFlood if way == "websocket" else PollingFlood
    for _ in range(ATTEMPTS):
        client = await kind.open(port, packets, stack, connected=connected)
        for _ in range(ROUNDS):
            try:
                async with asyncio.timeout(PATIENCE_SECONDS):
                    sent = await client.send()
            except TimeoutError:  # the server reads on when the client reads its answers
                return
            if not sent:
                break


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="Linux says how much memory a process has had")
@pytest.mark.parametrize("way", ["websocket", "polling"])
@pytest.mark.parametrize("what", PACKETS)
async def test_memory_stays_within_the_settings(victim: Victim, what: str, way: str) -> None:
    async with AsyncExitStack() as stack:
        sound = await joined(victim.port, "websocket", stack)
        victim.forget_peak()
        before = victim.peak_bytes
        async with asyncio.TaskGroup() as clients:
            for _ in range(CLIENTS):
                clients.create_task(flood(victim.port, way, PACKETS[what], stack, connected=what != STRANGERS))
        grown = victim.peak_bytes - before
        await sound.send('42["everybody"]')
        assert await sound.heard() == '42["news"]'
        assert grown <= LIMIT_BYTES
