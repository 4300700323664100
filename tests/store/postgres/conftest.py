"""Every test of this folder has a real PostgreSQL."""

from tests.support.postgres import postgres, postgres_dsn, postgres_server

__all__ = ["postgres", "postgres_dsn", "postgres_server"]
