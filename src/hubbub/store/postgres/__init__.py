"""The store in a PostgreSQL database, for several nodes."""

from .limits import PostgresLimits
from .store import PostgresStore

__all__ = ["PostgresLimits", "PostgresStore"]
