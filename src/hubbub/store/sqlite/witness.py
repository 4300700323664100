"""A file beside the database that names its newest entry: a database without that entry is not the one that it was.

A backup that was put back lacks what was written since; then every room gets another epoch, and clients that come back
with cursors of the log that is gone are told so. Who puts back the whole folder puts back an older witness, too: it
says which file it is and when it was written, and the file system knows when the file was changed last. What is not
noticed is a snapshot of the whole file system, and what was written in the last second.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

import apsw
import msgspec
from msgspec import Struct

from hubbub.vocabulary import Seq

_NEWEST = """
SELECT room_key, seq, ts FROM (
    SELECT key AS room_key, (SELECT max(seq) FROM events WHERE room_key = key) AS head FROM rooms)
JOIN events USING (room_key) WHERE seq = head ORDER BY ts DESC LIMIT 1
"""

_NEW_EPOCHS = "UPDATE rooms SET epoch = random() & 9007199254740991"

_BYTES = 256

_WRITING_NS = 5_000_000_000
"""Writing it takes less. Whatever changes the file later is not us."""


class Entry(Struct, frozen=True, gc=False):
    """An entry of a log. `ts` tells it from one that took its place."""

    room_key: int
    seq: Seq
    ts: int


class _Seen(Struct, frozen=True):
    """What the file holds. `written_ns`: Unix time of writing it."""

    inode: int
    written_ns: int
    entry: Entry


class Witness:
    """Used by one thread at a time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._written: Entry | None = None

    def check(self, database: apsw.Connection) -> bool:
        """Whether the database is the one that it was; if not, every room gets another epoch. Raises OSError."""
        seen = self._read()
        if seen is not None and _holds(database, seen):
            self._written = seen
            return True
        if not self.adopt(database):
            return True
        database.execute(_NEW_EPOCHS)
        return False

    def adopt(self, database: apsw.Connection) -> bool:
        """Take this database as the one that it is from now on; False: there is nothing in it. Raises OSError."""
        newest: tuple[int, Seq, int] | None = database.execute(_NEWEST).get
        if newest is None:
            return False
        self.keep(Entry(*newest))
        return True

    def keep(self, entry: Entry) -> None:
        """The newest entry is durable. Raises OSError. A torn write counts as no witness."""
        if entry == self._written:
            return
        fd = os.open(self._path, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o600)
        try:
            seen = _Seen(os.fstat(fd).st_ino, time.time_ns(), entry)
            os.pwrite(fd, msgspec.json.encode(seen).ljust(_BYTES), 0)
        finally:
            os.close(fd)
        self._written = entry

    def _read(self) -> Entry | None:
        try:
            seen = msgspec.json.decode(self._path.read_bytes(), type=_Seen)
        except (FileNotFoundError, msgspec.DecodeError):
            return None
        file = self._path.stat()
        is_original = seen.inode == file.st_ino and abs(file.st_ctime_ns - seen.written_ns) < _WRITING_NS
        return seen.entry if is_original else None


def _holds(database: apsw.Connection, entry: Entry) -> bool:
    found: int | None = database.execute(
        "SELECT ts FROM events WHERE room_key = ? AND seq = ?", (entry.room_key, entry.seq)
    ).get
    return found == entry.ts


def witness_beside(database: Path) -> Witness:
    """That of the database in this file."""
    return Witness(database.with_name(database.name + ".witness"))
