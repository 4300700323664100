"""What all connections of one address have together."""

from __future__ import annotations

import asyncio
import json

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from hubbub.errors import RateLimited
from hubbub.realtime import GatewaySettings, Strangers
from hubbub.realtime.core.addresses import Waiting, address_key
from hubbub.realtime.transports import context
from hubbub.wire.websocket import TEXT, masked_frame
from tests.realtime.conftest import Stand, running, spin
from tests.realtime.protocols.test_native import raw


@pytest.mark.parametrize(
    ("peer", "key"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:db8:1:2::", "2001:db8:1:2::"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("fe80::1%eth0", "fe80::"),
        ("a:b", "a:b"),
        ("", ""),
    ],
)
def test_an_ipv6_address_counts_with_its_network(peer: str, key: str) -> None:
    assert address_key(peer) == key


def test_strangers_are_counted_by_address_until_they_say_who_they_are() -> None:
    strangers = Strangers(2, retry_after_seconds=10)
    a, b, c = object(), object(), object()
    strangers.enter(a, "2001:db8::1")
    strangers.enter(b, "2001:db8::2")
    with pytest.raises(RateLimited) as refused:
        strangers.enter(c, "2001:db8::3")
    assert refused.value.retry_after_seconds == 10
    strangers.enter(c, "2001:db8:1::1")
    strangers.leave(a)
    strangers.leave(a)
    strangers.enter(object(), "2001:db8::3")
    assert (len(strangers), strangers.refused) == (3, 1)


def test_waiting_bytes_are_counted_by_address() -> None:
    waiting = Waiting(100)
    a, b, c = object(), object(), object()
    assert not waiting.enter(a, "192.0.2.1", 100)
    assert not waiting.enter(b, "192.0.2.2", 100)
    assert waiting.enter(c, "192.0.2.1", 50)
    assert waiting.full(a)
    assert waiting.full(c)
    assert not waiting.full(b)
    waiting.leave(a)
    waiting.leave(a)
    assert not waiting.full(a)
    assert not waiting.full(c)
    assert len(waiting) == 2


async def test_sessions_that_never_connect_are_refused_above_a_number() -> None:
    settings = GatewaySettings(strangers_per_address=2)
    async with running(settings) as stand, httpx.AsyncClient(base_url=stand.http) as client:
        opening = "/socket.io/?EIO=4&transport=polling"
        first, _, third = [await client.get(opening) for _ in range(3)]
        assert third.status_code == 429
        assert int(third.headers["retry-after"]) > 0
        with pytest.raises(InvalidStatus) as refused:
            await connect(stand.ws + "/socket.io/?EIO=4&transport=websocket")
        assert refused.value.response.status_code == 429
        assert stand.gateway.limits()["refused"] == 2
        sid = json.loads(first.text[1:])["sid"]
        await client.post(f"{opening}&sid={sid}", content=b"40")  # this one says who it is
        assert (await client.get(opening)).status_code == 200


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who does not read has no time."""
    monkeypatch.setattr(context, "STUCK_SECONDS", 0.05)


def talk(stand: Stand, *, megabytes: int) -> None:
    for number in range(16 * megabytes):
        stand.handler.publish("x" * 65_536, number + 1)


@pytest.mark.usefixtures("at_once")
async def test_a_socket_that_does_not_read_is_cut_when_too_much_waits_for_its_address() -> None:
    settings = GatewaySettings(write_buffer_bytes=65_536, waiting_bytes_per_address=100_000)
    async with running(settings) as stand, raw(stand) as one, raw(stand) as two:
        for client in (one, two):
            client.writer.transport.pause_reading()  # type: ignore[attr-defined]  # a socket's
        await stand.handler.until(lambda: len(stand.handler.connections) == 2)
        shared = stand.gateway._context
        talk(stand, megabytes=16)
        await spin(lambda: stand.gateway.limits()["limited"] >= 1)
        assert stand.handler.gone
        await asyncio.sleep(0)
        one.writer.transport.abort()
        two.writer.transport.abort()
        await spin(lambda: not shared.links)
        assert len(shared.waiting) == 0


@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize("opening", ["/poll", "/socket.io/?EIO=4&transport=polling"])
async def test_so_is_one_without_a_socket(opening: str) -> None:
    settings = GatewaySettings(write_buffer_bytes=65_536, waiting_bytes_per_address=100_000)
    async with running(settings) as stand, httpx.AsyncClient(base_url=stand.http) as client:
        for count in (1, 2):
            body = (await client.get(opening)).content
            if body[:1] == b"0":
                await client.post(f"{opening}&sid={json.loads(body[1:])['sid']}", content=b"40")
            await stand.handler.until(lambda: len(stand.handler.connections) == count)  # noqa: B023  at once
        talk(stand, megabytes=1)
        await spin(lambda: stand.gateway.limits()["limited"] == 1)
        assert len(stand.gateway._context.waiting) <= 1


@pytest.mark.usefixtures("at_once")
async def test_alone_it_may_wait_as_long_as_the_chat_allows() -> None:
    async with running(GatewaySettings(write_buffer_bytes=65_536)) as stand, raw(stand) as client:
        client.writer.transport.pause_reading()  # type: ignore[attr-defined]  # a socket's
        await stand.handler.until(lambda: len(stand.handler.connections) == 1)
        talk(stand, megabytes=16)
        await spin(lambda: bool(stand.handler.lagged))
        assert len(stand.gateway._context.waiting) == 1
        await asyncio.sleep(0.1)
        assert stand.gateway.limits()["limited"] == 0
        assert not stand.handler.gone


@pytest.mark.usefixtures("at_once")
async def test_unfinished_messages_are_cut_when_too_much_waits_for_their_address() -> None:
    settings = GatewaySettings(waiting_bytes_per_address=100_000)
    begin = masked_frame(TEXT, b"x" * 60_000, b"abcd")[:50_000]
    async with running(settings) as stand, raw(stand) as one, raw(stand) as two:
        for client in (one, two):
            client.writer.write(begin)
        codes = [asyncio.ensure_future(client.close_code()) for client in (one, two)]
        done, still = await asyncio.wait(codes, timeout=10, return_when=asyncio.FIRST_COMPLETED)
        assert [task.result() for task in done] == [4003]
        assert len(still) == 1  # alone it may take its time
        for task in still:
            task.cancel()
        await spin(lambda: len(stand.gateway._context.waiting) == 1)


async def test_a_message_that_ends_no_longer_counts() -> None:
    async with running(GatewaySettings()) as stand, raw(stand) as client:
        shared = stand.gateway._context
        frame = masked_frame(
            TEXT, b'{"type":"send","ref":1,"room":"everyone","text":"' + b"x" * 50_000 + b'","nonce":"n"}', b"abcd"
        )
        client.writer.write(frame[:40_000])
        await spin(lambda: len(shared.waiting) == 1)
        client.writer.write(frame[40_000:])
        await client.message()
        assert len(shared.waiting) == 0
