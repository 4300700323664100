"""The two ends of a copy."""

from __future__ import annotations

from pathlib import Path
from typing import Final, Protocol

from .tables import Progress, Row, Summary, Table

BATCH_ROWS: Final = 2_000
BATCH_CHARACTERS: Final = 4_000_000
"""A batch ends when its texts have as many, so that long texts do not fill the memory."""


class CopyError(Exception):
    """The copy can't be made. The message is one line for the operator, without secrets."""


class Source(Protocol):
    """A store that nobody else uses from `open` to `close`."""

    async def open(self) -> None:
        """Raises CopyError, also when a server uses it or its schema is not the newest."""
        ...

    async def close(self) -> None: ...

    async def state(self) -> str:
        """A text that is another one after the store was used."""
        ...

    async def size(self) -> int:
        """Rows in all, about."""
        ...

    async def summary(self) -> Summary: ...

    async def rows(self, table: Table, after: tuple[int | str, ...]) -> list[Row]:
        """The next batch in the order of the key; () for `after`: the first. Empty: there are no more."""
        ...


class Target(Protocol):
    """An empty store, or one into which a copy was begun."""

    async def open(self) -> None:
        """Makes the tables. Raises CopyError, also when it holds something that is no begun copy."""
        ...

    async def close(self) -> None: ...

    async def begin(self, source: str) -> Progress:
        """How far the copy is; begins one that has not been. Until it is finished no server uses the store."""
        ...

    async def put(self, table: Table, rows: list[Row], progress: Progress) -> None:
        """Add rows and remember how far the copy is, in one durable transaction."""
        ...

    async def complete(self) -> None:
        """Derive what is not copied. May be called again."""
        ...

    async def summary(self) -> Summary: ...

    async def finish(self) -> None:
        """All is there: servers may use the store."""
        ...


def source_at(address: str) -> Source:
    """`postgresql://…`, `sqlite:///path` or a path. Raises CopyError."""
    from .postgres_side import PostgresSide
    from .sqlite_side import SqliteSource

    return PostgresSide(address) if is_postgres(address) else SqliteSource(path_of(address))


def target_at(address: str) -> Target:
    """The same for the other end."""
    from .postgres_side import PostgresSide
    from .sqlite_side import SqliteTarget

    return PostgresSide(address) if is_postgres(address) else SqliteTarget(path_of(address))


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
