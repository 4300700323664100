"""The store in one SQLite file.

    store = SqliteStore("hubbub.db")
    await store.open()
    ...
    await store.close()

Opening it makes the file, or brings one of an older version up to date.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from pathlib import Path

import apsw

from hubbub.errors import StoreUnavailable
from hubbub.store.protocols import AccountStore, EventStore, LoginStore, RoomStore
from hubbub.store.records import Records

from .accounts import SqliteAccounts
from .database import connect, create_private, translate
from .events import SqliteEvents
from .gil_yield import Turns
from .lock import FileLock
from .logins import SqliteLogins
from .migrate import migrate, released
from .readers import Readers
from .records import SqliteRecords
from .rooms import SqliteRooms
from .witness import witness_beside
from .writer import Writer

READERS = 3

_log = logging.getLogger(__name__)


class _Parts:
    """What exists while the store is open."""

    def __init__(self, readers: Readers, writer: Writer) -> None:
        self.lineage = secrets.randbits(53)
        self.readers = readers
        self.writer = writer
        self.records = Records(SqliteRecords(readers, writer))
        self.accounts = SqliteAccounts(readers, writer)
        self.logins = SqliteLogins(readers, writer)
        self.rooms = SqliteRooms(readers, writer)
        self.events = SqliteEvents(readers, writer)


class SqliteStore:
    """See `Store`. One process uses a database at a time; a second one gets DataInUse.

    Beside `path` it keeps `path`-wal, `path`-shm (SQLite's), `path`.lock and `path`.witness.
    """

    def __init__(self, path: Path | str) -> None:
        self._path = Path(path)
        self._lock = FileLock(self._path.with_name(self._path.name + ".lock"))
        self._parts: _Parts | None = None

    @property
    def accounts(self) -> AccountStore:
        return self._open_parts().accounts

    @property
    def logins(self) -> LoginStore:
        return self._open_parts().logins

    @property
    def records(self) -> Records:
        return self._open_parts().records

    @property
    def rooms(self) -> RoomStore:
        return self._open_parts().rooms

    @property
    def events(self) -> EventStore:
        return self._open_parts().events

    async def open(self) -> None:
        self._parts = await asyncio.to_thread(self._start)

    async def close(self) -> None:
        parts, self._parts = self._parts, None
        if parts is not None:
            await parts.records.close()
            await asyncio.to_thread(self._stop, parts)

    async def ping(self) -> None:
        parts = self._open_parts()
        beat = await parts.writer.write(_beat)
        if await parts.readers.read(_last_beat) < beat:
            raise StoreUnavailable

    async def lineage(self) -> int:
        """It is looked at when the file is opened, and nobody else has it until it is closed."""
        return self._open_parts().lineage

    def _open_parts(self) -> _Parts:
        if self._parts is None:
            raise StoreUnavailable
        return self._parts

    def _start(self) -> _Parts:
        try:
            self._lock.acquire()
        except OSError as error:
            raise StoreUnavailable("The database's folder can't be written to.") from error
        try:
            create_private(self._path)
            database = connect(self._path)
            migrate(database, released())
            witness = witness_beside(self._path)
            if not witness.check(database):
                _log.info("this database was not used here before, or was restored: clients read its rooms anew")
            turns = Turns()
            return _Parts(Readers(self._path, READERS, turns), Writer(database, witness, turns))
        except OSError as error:
            self._lock.release()
            raise StoreUnavailable("The database can't be opened.") from error
        except Exception as error:
            self._lock.release()
            raise translate(error) from error

    def _stop(self, parts: _Parts) -> None:
        try:
            parts.readers.close()
            parts.writer.close()
        finally:
            self._lock.release()


def _beat(database: apsw.Connection) -> int:
    beat: int = database.execute("UPDATE pulse SET beat = beat + 1 RETURNING beat").get
    return beat


def _last_beat(database: apsw.Connection) -> int:
    beat: int = database.execute("SELECT beat FROM pulse").get
    return beat
