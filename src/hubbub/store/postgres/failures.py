"""How PostgreSQL's failures are told to the layers above."""

from __future__ import annotations

import logging

import asyncpg

from hubbub.errors import NOT_UNICODE, BadField, HubbubError, StoreUnavailable

_log = logging.getLogger(__name__)

ENGINE_FAILED = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError)
"""What the engine raises when it can't do what it should. TimeoutError is an OSError.

The library raises InternalClientError when a connection is used between the server's word that it ends it and the end.
"""

_CONNECTION_UNUSABLE = (
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.ReadOnlySQLTransactionError,  # a former primary: a new connection may find the new one
)


def translate(error: Exception) -> Exception:
    """What the caller of the store is told. The details go to the log, without values, and not to a user."""
    if isinstance(error, asyncpg.DataError) and isinstance(error.__cause__, UnicodeEncodeError):
        return BadField(NOT_UNICODE)
    if isinstance(error, ENGINE_FAILED):
        if not isinstance(error, Unreachable):
            _log.error("PostgreSQL failed: %s", described(error))
        return StoreUnavailable()
    return error


def described(error: BaseException) -> str:
    """One line without values: PostgreSQL's primary message holds none (but for bad data), its detail does."""
    if isinstance(error, asyncpg.DataError):
        return f"{type(error).__name__} ({error.sqlstate})"  # its message quotes the value
    if isinstance(error, asyncpg.PostgresError):
        return f"{type(error).__name__} ({error.sqlstate}): {error.args[0] if error.args else ''}"
    if isinstance(error, asyncpg.InterfaceError | asyncpg.InternalClientError):
        return type(error).__name__  # its text may quote an argument
    if isinstance(error, TimeoutError):
        return "no answer in time"
    return str(error)


def spoils(error: BaseException) -> bool:
    """Whether the connection that raised this can't be used again. A plain refusal of a statement leaves it fit."""
    if isinstance(error, asyncpg.PostgresError):
        return isinstance(error, _CONNECTION_UNUSABLE)
    return not isinstance(error, HubbubError)


class Unreachable(OSError):
    """There is no connection to be had. The message is for the operator."""
