"""Connections to the server, with the settings that the store's promises rest on."""

from __future__ import annotations

import asyncio
import logging
import re
from typing import TypeAlias

import asyncpg

from hubbub.errors import StoreUnavailable

from .failures import ENGINE_FAILED, Unreachable, described
from .limits import PostgresLimits
from .texts import decode, encode

_log = logging.getLogger(__name__)

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

OLDEST_VERSION = 13

_PLANS = {"enable_seqscan": "off", "enable_hashjoin": "off", "enable_mergejoin": "off", "jit": "off"}
"""Every query of the store finds its rows by an index. Without these a plan that was made while the tables were small
would be kept while they grow, until the server's statistics catch up."""

_IN_USE = "SELECT pg_try_advisory_lock_shared($1, hashtext(current_schema()))"
_ALONE = "SELECT pg_try_advisory_lock($1, hashtext(current_schema()))"
_IN_USE_KEY = 0x48756200
"""With the schema's name: held shared by every node that uses the database, and alone by a copy."""


_HOST = r"(?:[\w.-]+|\[[\w:.]+\])(?::\d+)?"
_AFTER_SECRETS = re.compile(rf"(?:.*@)?({_HOST}(?:,{_HOST})*)?(/\w*)?(?:\?.*)?", re.DOTALL)


class Address:
    """Where the database is. Prints hosts and database only, and nothing of an address that is not well-formed."""

    def __init__(self, dsn: str) -> None:
        self.dsn = dsn

    def __str__(self) -> str:
        scheme, _, rest = self.dsn.partition("://")
        found = _AFTER_SECRETS.fullmatch(rest)
        if found is None or scheme not in {"postgresql", "postgres"}:
            return "the given address"
        return f"{found[1] or 'the local server'}{found[2] or ''}"

    __repr__ = __str__


async def connect(address: Address, limits: PostgresLimits, *, patient: bool = False) -> Connection:
    """A connection. `patient`: its statements may take as long as they need.

    The store's functions need READ COMMITTED, whatever the server's default is; a server with synchronous_commit=off
    by default keeps that for others: our commits wait for the disk.

    Raises Unreachable, with a message that holds no secret.
    """
    timeouts = {
        "statement_timeout": "0" if patient else _ms(limits.statement_seconds),
        "lock_timeout": "0" if patient else _ms(limits.lock_seconds),
        "idle_in_transaction_session_timeout": "0" if patient else _ms(limits.answer_seconds),
    }
    settings = {
        "application_name": "hubbub",
        "default_transaction_isolation": "read committed",
        "plan_cache_mode": "auto" if patient else "force_generic_plan",
        **timeouts,
        **_PLANS,
    }
    try:
        connection = await asyncpg.connect(
            address.dsn,
            timeout=limits.connect_seconds,
            command_timeout=None if patient else limits.answer_seconds,
            server_settings=settings,
        )
    except (ValueError, asyncpg.ClientConfigurationError):
        # the library's messages quote parts of the address, and of the password
        raise Unreachable(
            "its address can't be read. One looks like postgresql://user:password@host:5432/name"
        ) from None
    except ENGINE_FAILED as error:
        raise Unreachable(described(error)) from None
    try:
        async with asyncio.timeout(limits.connect_seconds):
            await connection.set_type_codec(
                "text", schema="pg_catalog", encoder=encode, decoder=decode, format="binary"
            )
            await connection.execute(
                "SELECT set_config('synchronous_commit', 'on', false) "
                "WHERE current_setting('synchronous_commit') = 'off'"
            )
    except BaseException as error:
        connection.terminate()
        if isinstance(error, ENGINE_FAILED):
            raise Unreachable(described(error)) from None
        raise
    return connection


def _ms(seconds: float) -> str:
    return str(max(1, round(seconds * 1000)))


async def check_server(connection: Connection) -> None:
    """Whether the server can keep the store's promises. Raises StoreUnavailable with a line for the operator."""
    row = await connection.fetchrow(
        "SELECT current_setting('server_version_num')::int AS version, current_setting('server_encoding') AS encoding, "
        "current_schema()::text AS schema, pg_is_in_recovery() AS standby, current_setting('fsync') AS fsync"
    )
    assert row is not None  # noqa: S101  a SELECT without FROM has one row
    if row["version"] < OLDEST_VERSION * 10_000:
        raise StoreUnavailable(f"PostgreSQL {OLDEST_VERSION} or newer is needed.")
    if row["encoding"] != "UTF8":
        raise StoreUnavailable(f"The database has the encoding {row['encoding']}; it must be UTF8.")
    if row["schema"] is None:
        raise StoreUnavailable("The database's search_path names no schema that exists.")
    if row["standby"]:
        raise StoreUnavailable(
            "This server is a read-only standby; with target_session_attrs=read-write the primary is found."
        )
    if row["fsync"] == "off":
        _log.warning("PostgreSQL runs with fsync=off: when its machine crashes, acknowledged messages are lost")


async def has_table(connection: Connection, name: str) -> bool:
    """Whether the schema that we use has this table."""
    found: bool = await connection.fetchval(
        "SELECT to_regclass(format('%I.%I', current_schema(), $1::text)) IS NOT NULL", name
    )
    return found


async def share(connection: Connection) -> None:
    """Declare that a node uses the database, as long as the connection lives. Raises StoreUnavailable during a copy."""
    if not await connection.fetchval(_IN_USE, _IN_USE_KEY):
        raise StoreUnavailable("This database is being copied. Wait until `hubbub copy` has ended.")


async def use_alone(connection: Connection) -> bool:
    """Keep nodes away as long as the connection lives; False: at least one uses the database."""
    alone: bool = await connection.fetchval(_ALONE, _IN_USE_KEY)
    return alone
