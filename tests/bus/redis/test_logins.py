"""Passwords, users with rights, TLS, and what is not a Redis."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from hubbub.bus import BusError
from hubbub.bus.redis import Address, RedisBus
from tests.contracts.bus import GENERAL, Inbox, hears
from tests.support.redis import RedisServer, running_redis

CERTIFICATE = Path(__file__).parents[2] / "support" / "localhost.pem"
RIGHTS = "resetchannels &hubbub:* -@all +hello +ping +publish +subscribe +unsubscribe +client|setname"


@pytest.fixture(scope="module")
def guarded() -> Iterator[RedisServer]:
    """A server with a password, and a user who may do what docs/operations.md says."""
    with running_redis("requirepass hunter2", f"user chat on >word {RIGHTS}") as server:
        yield server


async def works(address: str) -> None:
    one, other, inbox = RedisBus(Address.parse(address)), RedisBus(Address.parse(address)), Inbox()
    await one.open(Inbox())
    await other.open(inbox)
    other.subscribe(GENERAL)
    await hears(one, GENERAL, inbox)
    other.unsubscribe(GENERAL)
    await one.close()
    await other.close()


async def refusal(address: str) -> str:
    with pytest.raises(BusError) as raised:
        await RedisBus(Address.parse(address)).open(Inbox())
    return str(raised.value)


async def test_a_password_alone(guarded: RedisServer) -> None:
    await works(f"redis://:hunter2@127.0.0.1:{guarded.port}")


async def test_a_user_with_the_rights_that_the_page_names(guarded: RedisServer) -> None:
    page = (Path(__file__).parents[3] / "docs" / "operations.md").read_text(encoding="utf-8")
    named = [right for right in RIGHTS.split() if right.startswith("+")]
    assert " ".join(named) in page.replace("\n", " ")
    await works(f"redis://chat:word@127.0.0.1:{guarded.port}")


async def test_a_wrong_password_is_said_and_not_shown(guarded: RedisServer) -> None:
    said = await refusal(f"redis://chat:s3cret@127.0.0.1:{guarded.port}")
    assert "WRONGPASS" in said
    assert "s3cret" not in said


async def test_a_missing_password_is_said(guarded: RedisServer) -> None:
    assert "NOAUTH" in await refusal(f"redis://127.0.0.1:{guarded.port}")


async def test_tls(redis: RedisServer) -> None:
    async with encrypted(redis) as port:
        await works(f"rediss://localhost:{port}?ca={CERTIFICATE}")
        assert "certificate" in await refusal(f"rediss://localhost:{port}")


async def test_something_else_than_a_redis() -> None:
    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1") as server:
        port = server.sockets[0].getsockname()[1]
        assert "does not speak RESP" in await refusal(f"redis://127.0.0.1:{port}")


async def test_a_server_that_is_no_cluster_is_none(redis: RedisServer) -> None:
    assert "is not part of a cluster" in await refusal(f"redis+cluster://127.0.0.1:{redis.port}")


@asynccontextmanager
async def encrypted(server: RedisServer) -> AsyncIterator[int]:
    """A port at which the server speaks TLS. Not every build of a server can do it by itself."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(CERTIFICATE)
    pumps: set[asyncio.Task[None]] = set()

    async def pump(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        try:
            while data := await source.read(65_536):
                target.write(data)
                await target.drain()
        except OSError:
            pass
        finally:
            target.close()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        back, forth = await asyncio.open_unix_connection(str(server.socket))
        pumps.update({asyncio.create_task(pump(reader, forth)), asyncio.create_task(pump(back, writer))})

    async with await asyncio.start_server(accept, "localhost", ssl=context) as listener:
        yield listener.sockets[0].getsockname()[1]
        await asyncio.gather(*pumps)
