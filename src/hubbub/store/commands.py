"""`hubbub copy`, and what `hubbub migrate` does."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import apsw
import click
from msgspec import Struct

from hubbub.store.copying import copy

from .copying import CopyError, reported, source_at, target_at


class Migrated(Struct, frozen=True):
    """The schema's versions. `before` is 0 for a new database."""

    before: int
    after: int

    def __str__(self) -> str:
        if self.before == self.after:
            return f"The database has schema {self.after}: nothing to do."
        return f"The database had schema {self.before} and has schema {self.after} now."


async def migrate_sqlite(path: Path) -> Migrated:
    """Raises DataInUse, StoreUnavailable."""
    from .sqlite import SqliteStore

    before = _version(path)
    store = SqliteStore(path)
    await store.open()
    await store.close()
    return Migrated(before, _version(path))


async def migrate_postgres(address: str) -> Migrated:
    """Raises StoreUnavailable."""
    from .postgres import PostgresStore

    before, after = await PostgresStore(address).migrate()
    return Migrated(before, after)


def _version(path: Path) -> int:
    try:
        database = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    except apsw.CantOpenError:
        return 0
    try:
        version: int = database.execute("SELECT coalesce(max(version), 0) FROM schema_versions").get
    except apsw.Error:  # it has no such table, or is no database: opening the store says which
        return 0
    finally:
        database.close()
    return version


def register(group: click.Group) -> None:
    """Add the commands to the command line."""
    group.add_command(copy_command)


@click.command("copy")
@click.option("--from", "source", required=True, metavar="URL", envvar="HUBBUB_COPY_FROM", help="What is copied.")
@click.option("--to", "target", required=True, metavar="URL", envvar="HUBBUB_COPY_TO", help="An empty database.")
def copy_command(source: str, target: str) -> None:
    """Copy a database into another engine's, with every id and position unchanged.

    URL is sqlite:///PATH or postgresql://USER@HOST/NAME. An address with a password is better put into the variables
    HUBBUB_COPY_FROM and HUBBUB_COPY_TO. No server may use either. A copy that was cut off goes on where it was when it
    is started again.
    """
    try:
        with reported(sys.stderr) as advance:
            copied = asyncio.run(copy(source_at(source), target_at(target), advance))
    except CopyError as error:
        click.echo(f"hubbub: {error}", err=True)
        sys.exit(1)
    if copied.resumed:
        click.echo(f"An earlier run had copied {copied.resumed} rows.")
    counts = ", ".join(f"{count} {name}" for name, count in copied.counts.items())
    click.echo(f"Copied and compared: {counts}.")
