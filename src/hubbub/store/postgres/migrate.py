"""Brings a database to the newest schema: numbered SQL files, each in one transaction.

A new step is a new file `migrations/NNNN_what.sql`, with a function in `conversions.py` when SQL can't say all of it;
what was released never changes. Nodes that start at once
take turns: each step is made under a lock, after another look at the version.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from importlib import resources

from msgspec import Struct

from hubbub.errors import StoreUnavailable

from .conversions import CONVERSIONS
from .session import Connection

_FILE = re.compile(r"(\d{4})_(\w+)\.sql")
_LOCK = "SELECT pg_advisory_xact_lock($1, hashtext(current_schema()))"
_LOCK_KEY = 0x48756201

_TABLES = """
SELECT c.relname::text FROM pg_class AS c
WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p')
"""


class Migration(Struct, frozen=True):
    """`version` counts 1, 2, 3, … without holes."""

    version: int
    name: str
    sql: str


def released() -> list[Migration]:
    """The migrations that belong to this code, in order."""
    found = []
    for file in resources.files(__package__).joinpath("migrations").iterdir():
        match = _FILE.fullmatch(file.name)
        if match is not None:
            found.append(Migration(int(match[1]), match[2], file.read_text(encoding="utf-8")))
    return sorted(found, key=lambda migration: migration.version)


async def migrate(connection: Connection, migrations: Sequence[Migration]) -> tuple[int, int]:
    """Apply what the database does not have yet: the versions before and after. 0: it was empty.

    Raises:
        StoreUnavailable: the database was written by newer code, or is not one of ours. Nothing was changed.
    """
    before: int | None = None
    while True:
        async with connection.transaction():
            await connection.fetchval(_LOCK, _LOCK_KEY)
            current = await _version(connection)
            before = current if before is None else before
            if current > len(migrations):
                raise StoreUnavailable(
                    f"A newer version wrote this database (schema {current}, this version knows {len(migrations)}). "
                    "Start that version."
                )
            if current == len(migrations):
                return before, current
            migration = migrations[current]
            if (convert := CONVERSIONS.get(migration.name)) is not None:
                await convert(connection)
            await connection.execute(migration.sql)
            await connection.execute(
                "INSERT INTO schema_versions (version, name) VALUES ($1, $2)", migration.version, migration.name
            )


async def _version(connection: Connection) -> int:
    """The last applied migration; makes the table of versions in an empty schema."""
    tables = {row[0] for row in await connection.fetch(_TABLES)}
    if not tables:
        await connection.execute("CREATE TABLE schema_versions (version integer PRIMARY KEY, name text NOT NULL)")
        return 0
    if "schema_versions" not in tables:
        raise StoreUnavailable("This database belongs to another program.")
    version: int = await connection.fetchval("SELECT coalesce(max(version), 0) FROM schema_versions")
    return version
