"""The embedded store: one SQLite file, one writer thread, a few reader threads."""

from .store import SqliteStore

__all__ = ["SqliteStore"]
