"""The store in a PostgreSQL database, for any number of nodes.

    store = PostgresStore("postgresql://hubbub@db.example.org/hubbub")
    await store.open()
    ...
    await store.close()

Opening it makes the tables, or brings those of an older version up to date.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from hubbub.errors import HubbubError, StoreUnavailable
from hubbub.store.protocols import AccountStore, EventStore, LoginStore, RoomStore
from hubbub.store.records import Records

from .accounts import PostgresAccounts
from .events import PostgresEvents
from .failures import ENGINE_FAILED, described
from .limits import PostgresLimits
from .logins import PostgresLogins
from .migrate import migrate, released
from .origin import check_origin, lineage
from .own_marks import OwnMarks
from .pool import Pool
from .records import PostgresRecords
from .rooms import PostgresRooms
from .session import Address, Connection, check_server, connect, has_table, share
from .writer import Writer

_T = TypeVar("_T")

_UNFINISHED = "A copy into this database has not been finished. Run `hubbub copy` again."


class _Parts:
    """What exists while the store is open."""

    def __init__(self, readers: Pool, writer: Writer) -> None:
        self.readers = readers
        self.writer = writer
        self.records = Records(PostgresRecords(readers))
        self.accounts = PostgresAccounts(readers, writer)
        self.logins = PostgresLogins(readers, writer)
        self.own_marks = OwnMarks(readers)
        self.rooms = PostgresRooms(readers, writer, self.own_marks)
        self.events = PostgresEvents(readers, writer, self.own_marks)

    async def close(self) -> None:
        await self.logins.close()
        await self.records.close()
        await self.rooms.close()
        await self.writer.close()
        await self.own_marks.close()
        await self.readers.close()


class PostgresStore:
    """See `Store`. Used on one event loop.

    A call that raises StoreUnavailable because the server did not answer may have been done all the same. A message is
    sent again with its nonce, which stores it once. Of other writes, asking again tells: NameTaken, a room that exists,
    a membership that is there.

    Read marks and last-seen times have a way of their own to the server: they take effect after all writes that were
    called before them, but writes that are called later do not wait for them.
    """

    def __init__(self, dsn: str, limits: PostgresLimits | None = None) -> None:
        """`dsn`: postgresql://user:password@host:port/database?option=value, as libpq has it."""
        self._address = Address(dsn)
        self._limits = limits or PostgresLimits()
        self._parts: _Parts | None = None

    def __repr__(self) -> str:
        """Without user and password: this may end up in a log."""
        return f"PostgresStore({self._address})"

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
        """The message of the StoreUnavailable that it raises is for the operator."""
        await self.migrate()
        readers = Pool(self._connect, self._limits.readers, self._limits.answer_seconds)
        only_one = Pool(self._connect, 1, self._limits.answer_seconds)
        parts = _Parts(readers, Writer(only_one))
        try:
            await self._told(lambda: only_one.run(_check_finished))
        except BaseException:
            await parts.close()
            raise
        self._parts = parts

    async def close(self) -> None:
        parts, self._parts = self._parts, None
        if parts is not None:
            await parts.close()

    async def ping(self) -> None:
        parts = self._open_parts()
        beat = await parts.writer.write(_beat)
        if await parts.readers.submit(_last_beat) < beat:
            raise StoreUnavailable

    async def lineage(self) -> int:
        return await self._open_parts().readers.submit(lineage)

    async def migrate(self) -> tuple[int, int]:
        """Bring the database to this code's schema: the versions before and after. Raises StoreUnavailable."""
        return await self._told(self._migrate)

    async def _migrate(self) -> tuple[int, int]:
        connection = await connect(self._address, self._limits, patient=True)
        try:
            await check_server(connection)
            return await migrate(connection, released())
        finally:
            await connection.close(timeout=1)

    async def _told(self, work: Callable[[], Awaitable[_T]]) -> _T:
        """What goes wrong at the start is told with its cause."""
        try:
            return await work()
        except HubbubError as error:
            cause = error.__cause__
            if cause is None:
                raise
            raise StoreUnavailable(f"PostgreSQL at {self._address}: {described(cause)}") from None
        except ENGINE_FAILED as error:
            raise StoreUnavailable(f"PostgreSQL at {self._address}: {described(error)}") from None

    async def _connect(self) -> Connection:
        # each of them is a reason for a copy to wait: the writer's connection alone may be lost for a while
        connection = await connect(self._address, self._limits)
        try:
            await share(connection)
            await check_origin(connection)
        except BaseException:
            connection.terminate()
            raise
        return connection

    def _open_parts(self) -> _Parts:
        if self._parts is None:
            raise StoreUnavailable
        return self._parts


async def _check_finished(connection: Connection) -> None:
    if await has_table(connection, "copy_progress"):
        raise StoreUnavailable(_UNFINISHED)


async def _beat(connection: Connection) -> int:
    beat: int = await connection.fetchval("UPDATE pulse SET beat = beat + 1 RETURNING beat")
    return beat


async def _last_beat(connection: Connection) -> int:
    beat: int = await connection.fetchval("SELECT beat FROM pulse")
    return beat
