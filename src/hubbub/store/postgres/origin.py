"""Which database this is: whether it was restored from a backup, or a standby took over, since it was used last.

Then what was written last may be missing: every room gets another epoch, and clients that come back with cursors of
the log that is gone are told so. Looked at by each connection of a node. What is not noticed: a snapshot of the
server's files that was put back as it was, without recovery to another timeline.
"""

from __future__ import annotations

import logging

import asyncpg

from .session import Connection

_log = logging.getLogger(__name__)

_LOCK = "SELECT pg_advisory_xact_lock($1, hashtext(current_schema()))"
_LOCK_KEY = 0x48756204

_SYSTEM = "SELECT system_identifier FROM pg_control_system()"

# The first eight digits of a log file's name are the timeline. A new one begins whenever a server becomes the primary.
_PLACE = """
SELECT ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int::bigint,
    'events'::regclass::oid::bigint
"""

_KNOWN = "SELECT system, timeline, tables FROM origin"

_NEW_EPOCHS = "UPDATE rooms SET epoch = floor(random() * 9007199254740991)::bigint"

_PUT = """
INSERT INTO origin (key, system, timeline, tables, lineage)
VALUES (1, $1, $2, $3, floor(random() * 9007199254740991)::bigint)
ON CONFLICT (key) DO UPDATE SET system = $1, timeline = $2, tables = $3, lineage = excluded.lineage
"""


async def check_origin(connection: Connection) -> None:
    """Give every room another epoch unless the database is the one that it was."""
    here = await _here(connection)
    if await _known(connection) == here:
        return
    async with connection.transaction():
        await connection.fetchval(_LOCK, _LOCK_KEY)  # several nodes find it at once
        known = await _known(connection)
        if known == here:
            return
        if known is not None:
            _log.warning("this database is not the one that it was: every room's log counts as another one")
            await connection.execute(_NEW_EPOCHS)
        await connection.execute(_PUT, *here)


async def _known(connection: Connection) -> tuple[int, int, int] | None:
    row = await connection.fetchrow(_KNOWN)
    return None if row is None else (row[0], row[1], row[2])


async def _here(connection: Connection) -> tuple[int, int, int]:
    try:
        system: int = await connection.fetchval(_SYSTEM)
    except asyncpg.InsufficientPrivilegeError:  # a server may keep it from those who are not its administrators
        system = 0
    row = await connection.fetchrow(_PLACE)
    assert row is not None  # noqa: S101  a SELECT without FROM has one row
    return system, row[0], row[1]


async def lineage(connection: Connection) -> int:
    """See `Store.lineage`."""
    found: int = await connection.fetchval("SELECT lineage FROM origin")
    return found
