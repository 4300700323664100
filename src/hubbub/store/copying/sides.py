"""The two ends of a copy."""

from __future__ import annotations

from pathlib import Path
from typing import Final, Protocol

from .tables import Place, Progress, Row, Table

BATCH_ROWS: Final = 2_000
BATCH_CHARACTERS: Final = 4_000_000
"""A batch ends when its texts have as many, so that long texts do not fill the memory."""


class CopyError(Exception):
    """The copy can't be made. The message is one line for the operator, without secrets."""


class Side(Protocol):
    """A store that nobody else uses from `open` to `close`. Every method raises CopyError when the engine fails."""

    async def open(self) -> None: ...

    async def close(self) -> None:
        """Also after an `open` that failed."""
        ...

    async def size(self) -> int:
        """Rows in all."""
        ...

    async def heads(self) -> dict[int, int]:
        """A room's key -> its head, as a server reads it."""
        ...

    async def rows(self, table: Table, after: Place) -> list[Row]:
        """The next batch in the order of the key; () for `after`: the first. Empty: there are no more."""
        ...


class Source(Side, Protocol):
    """What is copied. `open` refuses one that a server uses, whose schema is not the newest, or that is half a copy."""


class Target(Side, Protocol):
    """An empty store, or one into which a copy was begun.

    `open` makes the tables. It refuses one that a server uses, and one that holds something that is no begun copy.
    """

    async def begin(self, source: str) -> Progress:
        """How far the copy of this source is; begins one that has not been. Raises CopyError when another was begun.

        Until it is finished no server uses the store.
        """
        ...

    async def put(self, table: Table, rows: list[Row], progress: Progress) -> None:
        """Add rows and remember how far the copy is, in one durable transaction."""
        ...

    async def complete(self) -> None:
        """Derive what is not copied. May be called again."""
        ...

    async def finish(self) -> None:
        """All is there: servers may use the store."""
        ...


def source_at(address: str) -> Source:
    """`postgresql://…`, `sqlite:///path` or a path. Raises CopyError."""
    from .postgres_side import PostgresSource
    from .sqlite_side import SqliteSource

    return PostgresSource(address) if is_postgres(address) else SqliteSource(path_of(address))


def target_at(address: str) -> Target:
    """The same for the other end."""
    from .postgres_side import PostgresTarget
    from .sqlite_side import SqliteTarget

    return PostgresTarget(address) if is_postgres(address) else SqliteTarget(path_of(address))


def is_postgres(address: str) -> bool:
    return address.startswith(("postgresql://", "postgres://"))


def path_of(address: str) -> Path:
    """`sqlite:///var/lib/hubbub.db` is /var/lib/hubbub.db, `sqlite:hubbub.db` and `hubbub.db` the file here."""
    scheme, separator, rest = address.partition(":")
    if not separator or "/" in scheme:
        return Path(address)
    if scheme != "sqlite" or not rest.strip("/"):
        raise CopyError("An address begins with sqlite:// or postgresql://, or is the path of an SQLite file.")
    return Path(rest.removeprefix("//"))


def continued(progress: Progress, source: str, target: str) -> Progress:
    """The progress of an earlier run, when it was of the same source. Raises CopyError."""
    if progress.source != source:
        raise CopyError(
            f"{target} holds the beginning of another copy, or the source was used since then. Empty it first."
        )
    return progress
