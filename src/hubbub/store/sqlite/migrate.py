"""Brings a database to the newest schema: numbered SQL files, each in one transaction.

A new step is a new file `migrations/NNNN_what.sql`, with a function in `conversions.py` when SQL can't say all of it;
what was released never changes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from importlib import resources

import apsw
from msgspec import Struct

from hubbub.errors import StoreUnavailable

from .conversions import CONVERSIONS

_FILE = re.compile(r"(\d{4})_(\w+)\.sql")


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


def migrate(database: apsw.Connection, migrations: Sequence[Migration]) -> None:
    """Apply what the database does not have yet.

    Raises:
        StoreUnavailable: the database was written by newer code, or is not one of ours. Nothing was changed.
    """
    current = _version(database)
    if current > len(migrations):
        raise StoreUnavailable(
            f"A newer version wrote this database (schema {current}, this version knows {len(migrations)}). "
            "Start that version."
        )
    for migration in migrations[current:]:
        with database:
            if (convert := CONVERSIONS.get(migration.name)) is not None:
                convert(database)
            database.execute(migration.sql)
            database.execute(
                "INSERT INTO schema_versions (version, name) VALUES (?, ?)", (migration.version, migration.name)
            )


def _version(database: apsw.Connection) -> int:
    """The last applied migration; makes the table of versions in an empty database."""
    tables = {name for (name,) in database.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    if not tables:
        database.execute("CREATE TABLE schema_versions (version INTEGER PRIMARY KEY, name TEXT NOT NULL) STRICT")
        return 0
    if "schema_versions" not in tables:
        raise StoreUnavailable("This database belongs to another program.")
    version: int = database.execute("SELECT coalesce(max(version), 0) FROM schema_versions").get
    return version
