"""The native wire on real sockets: the handshake, the conversation, every way to break RFC 6455, and the end."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import httpx
import msgspec
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory as SmallWindow
from websockets.typing import Subprotocol

from hubbub.errors import Forbidden
from hubbub.realtime import GatewaySettings, Handshake
from hubbub.realtime.transports import websocket as link
from hubbub.wire.websocket import CLOSE, PING, PONG, TEXT, Decoder, masked_frame
from tests.realtime.conftest import Stand, running

HELLO = (
    b"GET /ws HTTP/1.1\r\nHost: here\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
SEND = b'{"type":"send","ref":1,"room":"everyone","text":"hi","nonce":"n1"}'


def masked(opcode: int, payload: bytes, *, final: bool = True) -> bytes:
    return masked_frame(opcode, payload, os.urandom(4), final=final)


class Raw:
    """A client that can say anything."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self.decoder = Decoder(1 << 20, masked=False)
        self.messages: list[tuple[int, bytes]] = []

    async def head(self) -> bytes:
        async with asyncio.timeout(5):
            return await self.reader.readuntil(b"\r\n\r\n")

    async def message(self) -> tuple[int, bytes]:
        async with asyncio.timeout(5):
            while not self.messages:
                data = await self.reader.read(65536)
                if not data:
                    raise EOFError
                self.messages += self.decoder.feed(data)
        return self.messages.pop(0)

    async def close_code(self) -> int:
        """The code in the close frame that ends the stream; what comes before it is dropped."""
        while True:
            opcode, payload = await self.message()
            if opcode == CLOSE:
                return int.from_bytes(payload[:2], "big")


@asynccontextmanager
async def raw(stand: Stand, *, upgraded: bool = True) -> AsyncIterator[Raw]:
    reader, writer = await asyncio.open_connection("127.0.0.1", stand.port)
    client = Raw(reader, writer)
    try:
        if upgraded:
            writer.write(HELLO)
            assert (await client.head()).startswith(b"HTTP/1.1 101 ")
        yield client
    finally:
        writer.transport.abort()  # whatever it has still to say


async def test_a_message_reaches_every_member_and_its_sender_gets_the_reply_first(stand: Stand) -> None:
    async with (
        connect(stand.ws + "/ws") as ada,
        connect(stand.ws + "/ws", subprotocols=[Subprotocol("hubbub.v1.json")]) as bob,
    ):
        await stand.handler.until(lambda: len(stand.handler.connections) == 2)
        await ada.send(SEND.decode())
        assert json.loads(await ada.recv()) == {"type": "reply", "ref": 1, "ok": {"seq": 1, "ts": 0}}
        event = {"type": "message", "room": "everyone", "seq": 1, "sender": "ada", "ts": 0, "text": "hi"}
        assert json.loads(await ada.recv()) == event
        assert json.loads(await bob.recv()) == event
        assert bob.subprotocol == "hubbub.v1.json"
        assert ada.subprotocol is None
        assert stand.gateway.census() == {("native.json", "websocket"): 2}
    await stand.handler.until(lambda: len(stand.handler.gone) == 2)
    assert stand.gateway.census() == {("native.json", "websocket"): 0}
    assert len(stand.handler.room) == 0


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        (b"nonsense", "bad_json"),
        (b"[]", "bad_json"),
        (b'{"type":"fly"}', "unknown_command"),
        (b'{"type":"send","room":"everyone"}', "bad_field"),
        (b'{"type":"send","room":7,"text":"x","nonce":"n"}', "bad_field"),
        (b'{"type":"join","room":"nowhere","ref":null}', "unknown_room"),
    ],
)
async def test_a_bad_command_is_answered_and_the_connection_stays(stand: Stand, payload: bytes, code: str) -> None:
    async with connect(stand.ws + "/ws") as client:
        await client.send(payload.decode())
        assert json.loads(await client.recv())["error"]["code"] == code
        await client.send(b"\x00\x01")
        assert json.loads(await client.recv())["error"]["code"] == "bad_json"
        await client.send(SEND.decode())
        assert json.loads(await client.recv())["ok"]["seq"] == 1


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"\x81\x02hi", 1002),  # not masked
        (b"\xc1\x80\x00\x00\x00\x00", 1002),  # a reserved bit
        (b"\x83\x80\x00\x00\x00\x00", 1002),  # a reserved opcode
        (b"\x09\x80\x00\x00\x00\x00", 1002),  # a ping in fragments
        (b"\x80\x80\x00\x00\x00\x00", 1002),  # a continuation of nothing
        (masked(TEXT, b"\xff"), 1007),
        (masked(TEXT, b"x" * 4097), 1009),
        (masked(TEXT, b"x" * 4000, final=False) + masked(0, b"x" * 97), 1009),
        (masked(CLOSE, b"\x03"), 1002),
        (masked(CLOSE, b"\x03\xe8bye"), 1000),
    ],
)
async def test_each_violation_has_its_close_code_and_the_server_goes_on(stand: Stand, data: bytes, code: int) -> None:
    async with raw(stand) as client:
        client.writer.write(masked(TEXT, SEND) + data + masked(TEXT, SEND))
        assert await client.close_code() == code
    await stand.handler.until(lambda: len(stand.handler.gone) == 1)
    async with connect(stand.ws + "/ws") as other:
        await other.send(SEND.decode())
        assert json.loads(await other.recv())["ok"]["seq"] == 2


@pytest.mark.parametrize("answers", [True, False])
@pytest.mark.parametrize("cut", [1, 40, 1 << 20])
@pytest.mark.parametrize(
    "broken", [masked(TEXT, b"x" * 4097), b"\x81\x02hi", masked(TEXT, b"\xff"), masked(PONG, b"") + b"\xff"]
)
async def test_after_a_violation_nobody_waits_for_a_time_limit(
    stand: Stand, broken: bytes, cut: int, answers: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever stands behind it, and whether the client answers the close frame or hangs up."""
    monkeypatch.setattr(link, "_CLOSE_SECONDS", 1000)
    stream = masked(TEXT, SEND) + broken + masked(TEXT, SEND) * 3
    async with raw(stand) as client:
        for at in range(0, len(stream), cut):
            client.writer.write(stream[at : at + cut])
        await client.close_code()
        if answers:
            client.writer.write(masked(TEXT, SEND) + masked(CLOSE, b"\x03\xe9"))
        async with asyncio.timeout(10):
            assert await client.reader.read() == b""
        if not answers:
            client.writer.close()
        await stand.until_links(0)


async def test_frames_behind_an_end_do_not_hide_the_close_frame(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link, "_CLOSE_SECONDS", 1000)
    url = b"GET /socket.io/?EIO=4&transport=websocket "
    async with raw(stand, upgraded=False) as client:
        client.writer.write(HELLO.replace(b"GET /ws ", url))
        await client.head()
        client.writer.write(masked(TEXT, b"7") + masked(TEXT, b"40") * 3 + masked(CLOSE, b"\x03\xea"))
        assert await client.close_code() == 1002
        await stand.until_links(0)


async def test_the_compact_wire_shares_the_room(stand: Stand) -> None:
    small = Subprotocol("hubbub.v1.msgpack")
    async with connect(stand.ws + "/ws", subprotocols=[small]) as ada, connect(stand.ws + "/ws") as bob:
        assert ada.subprotocol == small
        await stand.handler.until(lambda: len(stand.handler.connections) == 2)
        await ada.send(msgspec.msgpack.encode({0: 16, 1: 1, 4: "everyone", 8: "hi", 9: "n1"}))
        assert msgspec.msgpack.decode(await ada.recv(decode=False), type=dict[int, object]) == {
            0: 1,
            1: 1,
            2: {5: 1, 7: 0},
        }
        event = {0: 0, 4: "everyone", 5: 1, 6: "ada", 7: 0, 8: "hi"}
        assert msgspec.msgpack.decode(await ada.recv(decode=False), type=dict[int, object]) == event
        assert json.loads(await bob.recv())["text"] == "hi"
        await ada.send(SEND.decode())
        assert b"bad_json" in await ada.recv(decode=False)
        assert stand.gateway.census() == {("native.msgpack", "websocket"): 1, ("native.json", "websocket"): 1}


async def test_compression_for_those_who_ask_when_the_operator_allows_it() -> None:
    async with (
        running(GatewaySettings(compression=True)) as stand,
        connect(stand.ws + "/ws") as asks,
        connect(stand.ws + "/ws", compression=None, extensions=[SmallWindow(server_max_window_bits=9)]) as is_small,
        connect(stand.ws + "/ws", compression=None) as does_not,
        raw(stand) as bare,
    ):
        await stand.handler.until(lambda: len(stand.handler.connections) == 4)
        assert asks.protocol.extensions
        assert is_small.protocol.extensions
        assert not does_not.protocol.extensions
        await asks.send(json.dumps({"type": "send", "room": "everyone", "text": "z" * 3000, "nonce": "n"}))
        for client in (asks, is_small, does_not):
            assert json.loads(await client.recv())["text"] == "z" * 3000
        assert len((await bare.message())[1]) > 3000


async def test_compression_is_off_by_default(stand: Stand) -> None:
    async with connect(stand.ws + "/ws") as client:
        assert not client.protocol.extensions


async def test_bytes_may_arrive_in_any_pieces(stand: Stand) -> None:
    async with raw(stand, upgraded=False) as client:
        stream = HELLO + masked(TEXT, SEND[:9], final=False) + masked(PING, b"!") + masked(0, SEND[9:])
        for at in range(0, len(stream), 7):
            client.writer.write(stream[at : at + 7])
            await client.writer.drain()
        assert (await client.head()).startswith(b"HTTP/1.1 101 ")
        assert await client.message() == (PONG, b"!")
        assert json.loads((await client.message())[1])["ok"]["seq"] == 1


async def test_frames_in_the_segment_of_the_handshake_are_not_lost(stand: Stand) -> None:
    async with raw(stand, upgraded=False) as client:
        client.writer.write(HELLO + masked(TEXT, SEND))
        await client.head()
        assert json.loads((await client.message())[1])["ok"]["seq"] == 1


@pytest.mark.parametrize(
    ("old", "new", "status"),
    [
        (b"Version: 13", b"Version: 8", b"426"),
        (b"ZQ==\r", b"\r", b"400"),
        (b"Host: here\r\n", b"", b"400"),
        (b"Connection: keep-alive, Upgrade", b"Connection: close", b"426"),
        (b"GET /ws", b"GET /elsewhere", b"404"),
        (b"Host: here", b"Ho st: here", b"400"),
        (b"HTTP/1.1", b"HTTP/1.0", b"400"),
    ],
)
async def test_a_bad_handshake_is_refused_by_http(stand: Stand, old: bytes, new: bytes, status: bytes) -> None:
    async with raw(stand, upgraded=False) as client:
        client.writer.write(HELLO.replace(old, new, 1))
        assert (await client.head()).startswith(b"HTTP/1.1 " + status)
    assert stand.handler.handshakes == []


async def test_http_is_on_the_same_port_and_an_upgrade_may_follow_it(stand: Stand) -> None:
    async with httpx.AsyncClient() as http:
        assert (await http.get(stand.http + "/")).text == "page"
    async with raw(stand, upgraded=False) as client:
        client.writer.write(b"GET / HTTP/1.1\r\nHost: here\r\n\r\n")
        await client.head()
        assert await client.reader.readexactly(4) == b"page"
        client.writer.write(HELLO)
        assert (await client.head()).startswith(b"HTTP/1.1 101 ")
        client.writer.write(masked(TEXT, SEND))
        assert json.loads((await client.message())[1])["ok"]["seq"] == 1


async def test_a_request_that_never_ends_is_dropped() -> None:
    async with running(GatewaySettings(handshake_seconds=0.1)) as stand, raw(stand, upgraded=False) as client:
        client.writer.write(b"GET /ws HTTP/1.1\r\nHost:")
        async with asyncio.timeout(5):
            with suppress(ConnectionResetError):
                assert await client.reader.read() == b""


async def test_a_head_without_end_goes_to_http_and_is_refused(stand: Stand) -> None:
    async with raw(stand, upgraded=False) as client:
        client.writer.write(b"GET /ws HTTP/1.1\r\nX: " + b"y" * 70000 + b"\r\n")
        client.writer.write_eof()
        async with asyncio.timeout(5):
            await client.reader.read()
    assert stand.handler.handshakes == []


async def test_the_handler_sees_the_handshake_and_may_refuse(stand: Stand) -> None:
    async def nobody(handshake: Handshake) -> None:
        assert handshake.path == "/ws"
        assert handshake.query == "a=1"
        assert handshake.headers["x-thing"] == "1, 2"
        assert handshake.peer == "127.0.0.1"
        raise Forbidden

    stand.handler.admit = nobody
    url = stand.ws + "/ws?a=1"
    async with connect(url, additional_headers=[("X-Thing", "1"), ("X-Thing", "2")]) as client:
        assert json.loads(await client.recv())["error"]["code"] == "forbidden"
        with pytest.raises(ConnectionClosed) as closed:
            await client.recv()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4500
    assert stand.handler.gone == []


async def test_commands_wait_until_the_handler_has_accepted(stand: Stand) -> None:
    gate = asyncio.Event()

    async def later(_: Handshake) -> None:
        await gate.wait()

    stand.handler.admit = later
    async with connect(stand.ws + "/ws") as client:
        await client.send(SEND.decode())
        await client.send(SEND.decode())
        pong = await client.ping()
        await pong
        assert stand.handler.connections == []
        gate.set()
        seqs = [json.loads(await client.recv()).get("ok", {}).get("seq") for _ in range(2)]
        assert seqs == [1, 2]


async def test_a_client_that_floods_before_it_is_accepted_is_closed(stand: Stand) -> None:
    gate = asyncio.Event()

    async def later(_: Handshake) -> None:
        await gate.wait()

    stand.handler.admit = later
    async with raw(stand) as client:
        client.writer.write(masked(TEXT, SEND) * 65)
        assert await client.close_code() == 1008
    gate.set()
    await stand.handler.until(lambda: stand.handler.gone == ["transport close"])


async def test_a_bug_in_the_handler_ends_one_connection_with_1011(
    stand: Stand, caplog: pytest.LogCaptureFixture
) -> None:
    async with connect(stand.ws + "/ws") as client, connect(stand.ws + "/ws") as other:
        await client.send('{"type":"send","room":"everyone","text":"crash","nonce":"n"}')
        with pytest.raises(ConnectionClosed) as closed:
            await client.recv()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1011
        await other.send(SEND.decode())
        assert json.loads(await other.recv())["ok"]
    assert "a bug in the application" in caplog.text


async def test_a_silent_client_is_found_and_a_pinging_one_is_kept() -> None:
    settings = GatewaySettings(heartbeat_seconds=0.25, heartbeat_timeout_seconds=0.1)
    async with running(settings) as stand, raw(stand) as silent, connect(stand.ws + "/ws") as alive:
        assert await silent.close_code() == 4001
        await stand.handler.until(lambda: stand.handler.gone == ["ping timeout"])
        await alive.send(SEND.decode())
        assert json.loads(await alive.recv())["ok"]


async def test_a_reader_that_stops_reading_is_reported_and_bounded(stand: Stand) -> None:
    async with raw(stand) as slow:
        await stand.handler.until(lambda: len(stand.handler.connections) == 1)
        transport = stand.handler.connections[0].link.transport  # type: ignore[attr-defined]
        published = 0
        async with asyncio.timeout(20):
            while not stand.handler.lagged:
                stand.handler.publish("x" * 4000)
                published += 1
                await asyncio.sleep(0)
        for _ in range(1000):
            stand.handler.publish("y" * 4000)
        await asyncio.sleep(0)
        assert transport.get_write_buffer_size() < 65536 + 10 * 4100
        assert stand.handler.connections[0].paused
        got = 0
        while got < published:
            await slow.message()
            got += 1
        await stand.handler.until(lambda: len(stand.handler.caught_up) == 1)
        assert not stand.handler.connections[0].paused


async def test_at_the_end_every_client_is_asked_to_come_back(stand: Stand) -> None:
    async with raw(stand) as silent, connect(stand.ws + "/ws") as client:
        await stand.handler.until(lambda: len(stand.handler.connections) == 2)
        closing = asyncio.create_task(stand.gateway.close(20))
        with pytest.raises(ConnectionClosed) as closed:
            await client.recv()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 4000
        async with raw(stand, upgraded=False) as late:
            late.writer.write(HELLO)
            assert (await late.head()).startswith(b"HTTP/1.1 503 ")
        assert await silent.close_code() == 4000  # it does not answer: the server waits for it
        silent.writer.transport.abort()
        await closing
        assert stand.handler.gone == ["server shutting down"] * 2
