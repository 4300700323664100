"""One client that asks for more than its share, on each transport, beside one that does not."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import httpx
import pytest

from hubbub.realtime import GatewaySettings
from hubbub.realtime.core import meter
from hubbub.wire.websocket import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, masked_frame
from tests.realtime.protocols.test_native import SEND, Raw, masked, raw

from .conftest import Stand, running, spin

MASK = b"\0\0\0\0"
FLOODS = {
    "pings": masked_frame(PING, b"", MASK) * 20_000,
    "pongs": masked_frame(PONG, b"", MASK) * 20_000,
    "bad JSON": masked_frame(TEXT, b"{", MASK) * 5_000,
    "binary on a text wire": masked_frame(BINARY, b"", MASK) * 5_000,
    "refused commands": masked_frame(TEXT, b'{"type":"join","ref":1,"room":"x"}', MASK) * 5_000,
    "empty fragments": masked_frame(TEXT, b"", MASK, final=False)
    + masked_frame(CONTINUATION, b"", MASK, final=False) * 20_000,
    "single bytes": masked_frame(TEXT, b"{", MASK, final=False)
    + masked_frame(CONTINUATION, b" ", MASK, final=False) * 4_000,
}


async def drain(client: Raw) -> None:
    while await client.reader.read(1 << 20):
        pass


@asynccontextmanager
async def flooding(stand: Stand, flood: bytes) -> AsyncIterator[Raw]:
    """A client that has said all of this, and reads what it is answered."""
    async with raw(stand) as client:
        reading = asyncio.ensure_future(drain(client))
        client.writer.write(flood)
        try:
            yield client
        finally:
            reading.cancel()


@pytest.mark.parametrize("name", FLOODS)
async def test_others_are_served_while_a_flood_is_worked_off(stand: Stand, name: str) -> None:
    """Somebody's send is answered before the flood that came earlier is."""
    context = stand.gateway._context
    async with raw(stand) as other, flooding(stand, FLOODS[name]):
        await spin(lambda: len(context.turns) > 0)
        other.writer.write(masked(TEXT, SEND))
        assert json.loads((await other.message())[1])["type"] == "reply"
        assert context.turns.deferred


@pytest.mark.parametrize("name", ["pings", "bad JSON", "empty fragments"])
async def test_noise_is_slowed_down_and_then_ended_with_a_reason(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(meter, "_PATIENCE_SECONDS", 0.1)
    monkeypatch.setattr(meter, "_PAUSE_SECONDS", 30)  # of a machine that has much else to do
    async with running(GatewaySettings(work_per_second=3_000)) as stand, raw(stand) as client:
        sending = asyncio.ensure_future(_say_for_ever(client, FLOODS[name]))
        said: list[tuple[int, bytes]] = []
        while not said or said[-1][0] != CLOSE:
            said.append(await client.message())
        sending.cancel()
        assert int.from_bytes(said[-1][1][:2], "big") == 4003
        last = json.loads(said[-2][1])
        assert (last["ref"], last["error"]["code"]) == (None, "rate_limited")
        assert last["error"]["retry_after_seconds"] > 0
        assert stand.gateway.limits()["slowed"] > 0
        assert stand.gateway.limits()["limited"] == 1


async def _say_for_ever(client: Raw, flood: bytes) -> None:
    begin = flood[:-6] + masked_frame(CONTINUATION, b"", MASK) if flood[0] == TEXT else flood
    with suppress(ConnectionError, RuntimeError):
        while True:
            client.writer.write(begin)
            await client.writer.drain()


async def test_who_speaks_fast_is_slowed_down_and_loses_nothing() -> None:
    async with running(GatewaySettings(work_per_second=500)) as stand, raw(stand) as client:
        count = 2_000
        client.writer.write(masked(TEXT, SEND) * count)
        replies = 0
        while replies < count:
            opcode, payload = await client.message()
            assert opcode == TEXT
            replies += b'"reply"' in payload
        assert stand.gateway.limits()["slowed"] > 0
        assert stand.gateway.limits()["limited"] == 0


async def test_what_was_read_before_a_hold_is_delivered_in_order_after_it(stand: Stand) -> None:
    heard: list[str] = []
    async with raw(stand) as client:
        await stand.handler.until(lambda: len(stand.handler.connections) == 1)
        (connection,) = stand.handler.connections
        changed = asyncio.Event()

        def hear(sender: object, command: object) -> None:
            heard.append(command.text)  # type: ignore[attr-defined]
            connection.pause_reading()
            changed.set()

        stand.handler.received = hear  # type: ignore[method-assign,assignment]
        said = [f"message {number}" for number in range(100)]
        client.writer.write(
            b"".join(
                masked(TEXT, json.dumps({"type": "send", "room": "everyone", "text": text, "nonce": text}).encode())
                for text in said
            )
        )
        for count in range(1, len(said) + 1):
            async with asyncio.timeout(5):
                while len(heard) < count:
                    changed.clear()
                    await changed.wait()
            for _ in range(5):
                await asyncio.sleep(0)
            assert len(heard) == count
            connection.resume_reading()
    assert heard == said


async def test_who_goes_in_the_middle_of_a_flood_leaves_nothing_behind(stand: Stand) -> None:
    context = stand.gateway._context
    async with raw(stand) as client:
        client.writer.write(FLOODS["bad JSON"])
        await spin(lambda: len(context.turns) > 0)
        client.writer.transport.abort()
    await stand.handler.until(lambda: len(stand.handler.gone) == 1)
    await spin(lambda: not len(context.turns) and not context.links)


def bodies() -> dict[str, tuple[str, Callable[[str], str], bytes]]:
    bad = b"\n".join([b"{"] * 100)
    return {
        "poll": ("/poll", lambda opened: f"/poll/{json.loads(opened)['key']}", bad),
        "engine": (
            "/socket.io/?EIO=4&transport=polling",
            lambda opened: f"/socket.io/?EIO=4&transport=polling&sid={json.loads(opened[1:])['sid']}",
            b"\x1e".join([b"3"] * 1_000),
        ),
    }


@pytest.mark.parametrize("name", bodies())
async def test_a_body_full_of_noise_is_worked_off_in_turns_and_answered_late(name: str) -> None:
    opening, path, body = bodies()[name]
    settings = GatewaySettings(work_per_second=20_000)
    async with running(settings) as stand, raw(stand) as other, httpx.AsyncClient(base_url=stand.http) as http:
        context = stand.gateway._context
        where = path((await http.get(opening)).text)
        posting = asyncio.ensure_future(http.post(where, content=body))
        await spin(lambda: len(context.turns) > 0)
        other.writer.write(masked(TEXT, SEND))
        assert json.loads((await other.message())[1])["type"] == "reply"
        posting.cancel()
        await asyncio.gather(posting, return_exceptions=True)


@pytest.mark.parametrize("name", bodies())
async def test_a_client_that_posts_nothing_but_noise_is_ended(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(meter, "_PATIENCE_SECONDS", 0.1)
    monkeypatch.setattr(meter, "_PAUSE_SECONDS", 30)  # of a machine that has much else to do
    opening, path, body = bodies()[name]
    async with (
        running(GatewaySettings(work_per_second=20_000)) as stand,
        httpx.AsyncClient(base_url=stand.http, timeout=30) as client,
    ):
        where = path((await client.get(opening)).text)
        if name == "engine":
            await client.post(where, content=b"40")
        statuses: list[int] = []
        while not statuses or statuses[-1] < 400:
            statuses.append((await client.post(where, content=body)).status_code)
        assert stand.gateway.limits()["limited"] == 1
        assert len(statuses) > 1
