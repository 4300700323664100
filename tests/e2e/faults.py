"""What breaks in an installation of three nodes, a PostgreSQL and a Redis, and how: one function for each fault.

A fault that lasts ends with the function.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from typing import Final

import asyncpg
from msgspec import Struct

from tests.support.nodes import Node
from tests.support.postgres import PostgresServer
from tests.support.redis import RedisServer

POSTGRES_SETTINGS: Final = ("max_connections=40", "superuser_reserved_connections=3")


class Installation(Struct):
    """What a fault can break. `seconds`: how long a fault lasts."""

    nodes: list[Node]
    postgres: PostgresServer
    redis: RedisServer
    seconds: float


Strike = Callable[[Installation], Awaitable[None]]


async def nothing(at: Installation) -> None:
    """All is well, or the clients themselves do what is to be done."""


async def freeze_node(at: Installation) -> None:
    """It answers nothing, and its connections stay open; then it goes on as if nothing had been."""
    at.nodes[0].freeze()
    await asyncio.sleep(at.seconds)
    at.nodes[0].thaw()


async def kill_node(at: Installation) -> None:
    """It ends by SIGKILL, and is started again after a while."""
    await at.nodes[0].kill()
    await asyncio.sleep(at.seconds)
    await at.nodes[0].start()


async def restart_nodes(at: Installation) -> None:
    """One after the other, as when a new version is rolled out."""
    for node in at.nodes:
        await node.stop()
        await node.start()


async def restart_postgres(at: Installation) -> None:
    """It crashes, and is started again."""
    await asyncio.to_thread(at.postgres.stop, crash=True)
    await asyncio.to_thread(at.postgres.start, *POSTGRES_SETTINGS)


async def pause_postgres(at: Installation) -> None:
    """It answers nothing, and its connections stay open."""
    with at.postgres.paused():
        await asyncio.sleep(at.seconds)


async def exhaust_postgres(at: Installation) -> None:
    """Somebody else takes every connection, the nodes' own ones included."""
    until = asyncio.get_running_loop().time() + at.seconds
    async with AsyncExitStack() as held:
        admin = await asyncpg.connect(at.postgres.dsn)
        held.push_async_callback(admin.close)
        own = [admin.get_server_pid()]
        while asyncio.get_running_loop().time() < until:
            await admin.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE backend_type = 'client backend' AND pid <> ALL($1::int[])",
                own,
            )
            with suppress(asyncpg.TooManyConnectionsError):
                while True:
                    connection = await asyncpg.connect(at.postgres.dsn)
                    held.push_async_callback(connection.close)
                    own.append(connection.get_server_pid())
            await asyncio.sleep(0.05)


async def restart_redis(at: Installation) -> None:
    """It is gone, and is started again after a while. It keeps nothing."""
    at.redis.kill()
    await asyncio.sleep(at.seconds)
    await asyncio.to_thread(at.redis.start)


async def pause_redis(at: Installation) -> None:
    """It carries nothing, and its connections stay open."""
    at.redis.pause()
    await asyncio.sleep(at.seconds)
    at.redis.resume()
