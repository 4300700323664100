"""An SQLite file as an end of a copy."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import ParamSpec, TypeVar

import apsw
import msgspec

from hubbub.errors import DataInUse, HubbubError
from hubbub.store.sqlite.database import connect, create_private
from hubbub.store.sqlite.lock import FileLock
from hubbub.store.sqlite.migrate import migrate, released
from hubbub.store.sqlite.witness import witness_beside

from .sides import BATCH_CHARACTERS, BATCH_ROWS, CopyError, continued
from .tables import COUNTED, TABLES, Place, Progress, Row, Table

P = ParamSpec("P")
T = TypeVar("T")

_PROGRESS = "CREATE TABLE copy_progress (key INTEGER PRIMARY KEY CHECK (key = 1), progress BLOB NOT NULL) STRICT"


class _Side:
    """One connection, used by one thread of its own: what was begun ends before it is closed."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = path
        self._lock = FileLock(path.with_name(path.name + ".lock"))
        self._database: apsw.Connection | None = None
        self._thread = ThreadPoolExecutor(1, "hubbub-copy")

    async def open(self) -> None:
        await self._run(self._open)

    async def close(self) -> None:
        try:
            await self._run(self._close)
        finally:
            self._lock.release()
            self._thread.shutdown(wait=False)

    async def size(self) -> int:
        return await self._run(self._size)

    async def heads(self) -> dict[int, int]:
        return await self._run(self._heads)

    async def rows(self, table: Table, after: Place) -> list[Row]:
        return await self._run(self._rows, table, after)

    async def _run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """In the thread, with errors as CopyError."""
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, lambda: work(*args, **kwargs))
        except DataInUse:
            raise CopyError(f"A server or another copy is using {self.path}. Stop it first.") from None
        except HubbubError as error:
            raise CopyError(f"{self._file}: {error.message}") from None
        except OSError as error:
            raise CopyError(f"{self._file}: {error.strerror or type(error).__name__}") from None
        except apsw.Error as error:
            raise CopyError(f"{self._file}: {error}") from None

    @property
    def _connection(self) -> apsw.Connection:
        if self._database is None:
            raise CopyError(f"{self._file} is not open.")
        return self._database

    def _open(self) -> None:
        raise NotImplementedError

    def _close(self) -> None:
        database, self._database = self._database, None
        if database is not None:
            database.close()

    def _size(self) -> int:
        # a log has no holes: its events need not be counted
        rows: int = self._connection.execute(
            f"SELECT {COUNTED} + "  # noqa: S608  constants
            "coalesce((SELECT sum((SELECT max(seq) FROM events WHERE room_key = rooms.key)) FROM rooms), 0)"
        ).get
        return rows

    def _heads(self) -> dict[int, int]:
        return dict(
            self._connection.execute(
                "SELECT key, coalesce((SELECT max(seq) FROM events WHERE room_key = rooms.key), 0) FROM rooms"
            )
        )

    def _rows(self, table: Table, after: Place) -> list[Row]:
        keys = ", ".join(table.key)
        where = f"WHERE ({keys}) > ({', '.join('?' * len(after))})" if after else ""
        kinds = list(table.columns.values())
        boolean = kinds.index("boolean") if "boolean" in kinds else None
        found: list[Row] = []
        characters = 0
        for row in self._connection.execute(
            f"SELECT {', '.join(table.columns)} FROM {table.name} {where} ORDER BY {keys} LIMIT {BATCH_ROWS}",  # noqa: S608
            table.values_of(after),
        ):
            found.append(row if boolean is None else (*row[:boolean], bool(row[boolean]), *row[boolean + 1 :]))
            characters += len(row[-1]) if isinstance(row[-1], str) else 0
            if characters >= BATCH_CHARACTERS:
                break
        return found


class SqliteSource(_Side):
    """See `Source`. Its content is not changed."""

    def _open(self) -> None:
        if self.path.is_dir():
            raise CopyError(f"{self.path} is a directory. Name the file in it, such as {self.path / 'hubbub.db'}.")
        if not self.path.exists():
            raise CopyError(f"There is no file {self.path}.")
        self._lock.acquire()
        self._database = connect(self.path)
        if not self._database.table_exists(None, "schema_versions"):
            raise CopyError(f"{self.path} is no database of Hubbub.")
        if self._database.table_exists(None, "copy_progress"):
            raise CopyError(f"{self.path} is a copy that has not been finished.")
        version = self._database.execute("SELECT max(version) FROM schema_versions").get
        if version != len(released()):
            raise CopyError(f"{self.path} has schema {version}, this version needs {len(released())}: hubbub migrate.")


class SqliteTarget(_Side):
    """See `Target`. Rows go to `path`.copying, which becomes `path` at the end."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._file = path.with_name(path.name + ".copying")

    async def begin(self, source: str) -> Progress:
        return await self._run(self._begin, source)

    async def put(self, table: Table, rows: list[Row], progress: Progress) -> None:
        await self._run(self._put, table, rows, progress)

    async def complete(self) -> None:
        """Everything in SQLite's tables is copied."""

    async def finish(self) -> None:
        await self._run(self._finish)

    def _open(self) -> None:
        self._lock.acquire()
        if self.path.exists():
            raise CopyError(f"{self.path} is there already. A copy goes into a new file.")
        create_private(self._file)
        self._database = connect(self._file)
        migrate(self._database, released())

    def _begin(self, source: str) -> Progress:
        database = self._connection
        if database.table_exists(None, "copy_progress"):
            stored: bytes = database.execute("SELECT progress FROM copy_progress").get
            return continued(msgspec.json.decode(stored, type=Progress), source, str(self._file))
        progress = Progress(source)
        with database:
            # rows without progress: an earlier run was killed in `_finish`, before the file had its name
            for table in reversed(TABLES):
                database.execute(f"DELETE FROM {table.name}")  # noqa: S608  constants
            database.execute(_PROGRESS)
            self._remember(progress)
        return progress

    def _put(self, table: Table, rows: list[Row], progress: Progress) -> None:
        places = ", ".join("?" * len(table.columns))
        with self._connection:
            self._connection.executemany(
                f"INSERT INTO {table.name} ({', '.join(table.columns)}) VALUES ({places})",  # noqa: S608  constants
                rows,
            )
            self._remember(progress)

    def _remember(self, progress: Progress) -> None:
        self._connection.execute(
            "INSERT OR REPLACE INTO copy_progress (key, progress) VALUES (1, ?)", (msgspec.json.encode(progress),)
        )

    def _finish(self) -> None:
        self._connection.execute("DROP TABLE copy_progress")
        witness_beside(self.path).adopt(self._connection)  # its epochs stay
        self._connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
        self._close()  # removes -wal and -shm
        self._file.rename(self.path)
        folder = os.open(self.path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
