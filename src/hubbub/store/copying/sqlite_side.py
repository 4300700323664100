"""An SQLite file as an end of a copy."""

from __future__ import annotations

import asyncio
from pathlib import Path

import apsw
import msgspec

from hubbub.errors import DataInUse
from hubbub.store.sqlite.database import connect, create_private
from hubbub.store.sqlite.lock import FileLock
from hubbub.store.sqlite.migrate import migrate, released

from .sides import BATCH_CHARACTERS, BATCH_ROWS, CopyError
from .tables import TABLES, Progress, Row, Summary, Table

_PROGRESS = "CREATE TABLE copy_progress (key INTEGER PRIMARY KEY CHECK (key = 1), progress BLOB NOT NULL) STRICT"


class _Side:
    """One connection, used by one thread at a time."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = FileLock(path.with_name(path.name + ".lock"))
        self._database: apsw.Connection | None = None

    async def close(self) -> None:
        database, self._database = self._database, None
        if database is not None:
            await asyncio.to_thread(database.close)
        self._lock.release()

    async def summary(self) -> Summary:
        return await asyncio.to_thread(self._summary)

    @property
    def database(self) -> apsw.Connection:
        if self._database is None:
            raise CopyError(f"{self.path} is not open.")
        return self._database

    def _take(self, file: Path) -> None:
        """Open `file` while nobody else uses the database."""
        try:
            self._lock.acquire()
            self._database = connect(file)
        except DataInUse:
            raise CopyError(f"A server is using {self.path}. Stop it first.") from None
        except (OSError, apsw.Error) as error:
            self._lock.release()
            reason = error.strerror if isinstance(error, OSError) else str(error)
            raise CopyError(f"{file} can't be opened: {reason}") from None

    def _summary(self) -> Summary:
        heads: dict[int, tuple[int, int]] = {}
        for room, events, head in self.database.execute("SELECT room_key, count(*), max(seq) FROM events GROUP BY 1"):
            heads[room] = (events, head)
        return Summary(
            counts={
                table.name: self.database.execute(f"SELECT count(*) FROM {table.name}").get  # noqa: S608  constants
                for table in TABLES
            },
            heads=heads,
            marks=self.database.execute("SELECT coalesce(sum(read_seq), 0) FROM members").get,
        )


class SqliteSource(_Side):
    """See `Source`. The file is not changed."""

    async def open(self) -> None:
        await asyncio.to_thread(self._open)

    def _open(self) -> None:
        if not self.path.is_file():
            raise CopyError(f"There is no file {self.path}.")
        self._take(self.path)
        try:
            version = self.database.execute("SELECT max(version) FROM schema_versions").get
        except apsw.Error:
            raise CopyError(f"{self.path} is no database of Hubbub.") from None
        if version != len(released()):
            raise CopyError(f"{self.path} has schema {version}, this version needs {len(released())}: hubbub migrate.")

    async def state(self) -> str:
        return await asyncio.to_thread(self._state)

    async def size(self) -> int:
        return await asyncio.to_thread(self._size)

    async def rows(self, table: Table, after: tuple[int | str, ...]) -> list[Row]:
        return await asyncio.to_thread(self._rows, table, after)

    def _state(self) -> str:
        facts = self.database.execute(
            "SELECT json_array((SELECT beat FROM pulse), (SELECT count(*) FROM users), (SELECT count(*) FROM logins), "
            "(SELECT sum(seen_ms) FROM logins), (SELECT count(*) FROM rooms), (SELECT count(*) FROM members), "
            "(SELECT sum(read_seq) FROM members), "
            "(SELECT sum((SELECT max(seq) FROM events WHERE room_key = rooms.key)) FROM rooms))"
        ).get
        return f"sqlite {self.path.resolve()} {facts}"

    def _size(self) -> int:
        # a log has no holes: its events need not be counted
        rows: int = self.database.execute(
            "SELECT (SELECT count(*) FROM users) + (SELECT count(*) FROM settings) + (SELECT count(*) FROM logins) "
            "+ (SELECT count(*) FROM rooms) + (SELECT count(*) FROM members) "
            "+ coalesce((SELECT sum((SELECT max(seq) FROM events WHERE room_key = rooms.key)) FROM rooms), 0)"
        ).get
        return rows

    def _rows(self, table: Table, after: tuple[int | str, ...]) -> list[Row]:
        keys = ", ".join(table.key)
        where = f"WHERE ({keys}) > ({', '.join('?' * len(after))})" if after else ""
        found: list[Row] = []
        characters = 0
        for row in self.database.execute(
            f"SELECT {', '.join(table.columns)} FROM {table.name} {where} ORDER BY {keys} LIMIT {BATCH_ROWS}",  # noqa: S608
            after,
        ):
            found.append(row)
            characters += len(row[-1]) if isinstance(row[-1], str) else 0
            if characters >= BATCH_CHARACTERS:
                break
        return found


class SqliteTarget(_Side):
    """See `Target`. Rows go to `path`.copying, which becomes `path` at the end."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._unfinished = path.with_name(path.name + ".copying")

    async def open(self) -> None:
        await asyncio.to_thread(self._open)

    async def begin(self, source: str) -> Progress:
        return await asyncio.to_thread(self._begin, source)

    async def put(self, table: Table, rows: list[Row], progress: Progress) -> None:
        await asyncio.to_thread(self._put, table, rows, progress)

    async def complete(self) -> None:
        """Everything in SQLite's tables is copied."""

    async def finish(self) -> None:
        await asyncio.to_thread(self._finish)

    def _open(self) -> None:
        if self.path.exists():
            raise CopyError(f"{self.path} is there already: a copy goes into a new file.")
        try:
            create_private(self._unfinished)
        except OSError as error:
            raise CopyError(f"{self._unfinished} can't be made: {error.strerror}") from None
        self._take(self._unfinished)
        migrate(self.database, released())

    def _begin(self, source: str) -> Progress:
        if self.database.table_exists(None, "copy_progress"):
            stored: bytes | None = self.database.execute("SELECT progress FROM copy_progress").get
            if stored is not None:
                return continued(msgspec.json.decode(stored, type=Progress), source, str(self._unfinished))
        progress = Progress(source)
        with self.database:
            self.database.execute(_PROGRESS)
            self._remember(progress)
        return progress

    def _put(self, table: Table, rows: list[Row], progress: Progress) -> None:
        places = ", ".join("?" * len(table.columns))
        with self.database:
            self.database.executemany(
                f"INSERT INTO {table.name} ({', '.join(table.columns)}) VALUES ({places})",  # noqa: S608  constants
                rows,
            )
            self._remember(progress)

    def _remember(self, progress: Progress) -> None:
        self.database.execute(
            "INSERT OR REPLACE INTO copy_progress (key, progress) VALUES (1, ?)", (msgspec.json.encode(progress),)
        )

    def _finish(self) -> None:
        self.database.execute("DROP TABLE copy_progress")
        self.database.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
        self.database.close()  # removes -wal and -shm
        self._database = None
        self._unfinished.rename(self.path)


def continued(progress: Progress, source: str, target: str) -> Progress:
    """The progress of an earlier run, when it had the same source in the same state. Raises CopyError."""
    if progress.source != source:
        raise CopyError(
            f"A copy into {target} was begun from another source, or the source was used since. Empty the target first."
        )
    return progress
