"""A real PostgreSQL."""

from tests.support.postgres import postgres, postgres_dsn

__all__ = ["postgres", "postgres_dsn"]
