"""Connections to the file, and how SQLite's failures are told to the layers above."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import apsw

from hubbub.errors import NOT_UNICODE, BadField, StoreUnavailable

_log = logging.getLogger(__name__)

BUSY_TIMEOUT_MS = 5_000
CACHE_KIB = 8_192
"""Of each connection. What was read or written stays in the system's cache of files, too, which is nobody's memory."""


def create_private(path: Path) -> None:
    """Make an empty file that only its owner can read, before SQLite makes one that others can.

    SQLite gives its -wal and -shm files the permissions of the database. The file holds password hashes.
    """
    os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))


def connect(path: Path, *, read_only: bool = False) -> apsw.Connection:
    """A connection with the settings that the store's promises rest on.

    synchronous=FULL: a commit in WAL mode is on the disk before it returns. The writer checkpoints by itself,
    after it has answered (wal_autocheckpoint=0).
    """
    flags = apsw.SQLITE_OPEN_READONLY if read_only else apsw.SQLITE_OPEN_READWRITE
    database = apsw.Connection(str(path), flags=flags)
    database.set_busy_timeout(BUSY_TIMEOUT_MS)
    if not read_only:
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("PRAGMA wal_autocheckpoint=0")
    database.execute("PRAGMA synchronous=FULL")
    database.execute("PRAGMA foreign_keys=ON")
    database.execute(f"PRAGMA cache_size=-{CACHE_KIB}")
    return database


def translate(error: Exception) -> Exception:
    """What the caller of the store is told. The details go to the log, not to a user."""
    if isinstance(error, apsw.Error):
        _log.error("the database failed: %s: %s", type(error).__name__, error)
        return StoreUnavailable()
    if isinstance(error, UnicodeEncodeError):
        return BadField(NOT_UNICODE)
    return error
