"""What a migration does beside its SQL, in the same transaction, before it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, Final

from hubbub.store import conversions
from hubbub.store.records import Batch

from .records import write
from .session import Connection


async def _settings_and_attempts(connection: Connection) -> None:
    await _write(connection, conversions.settings(await _rows(connection, conversions.SETTINGS_ROWS)))
    await _write(connection, conversions.attempts(await _rows(connection, conversions.ATTEMPTS_ROWS)))


async def _rows(connection: Connection, statement: str) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in await connection.fetch(statement)]


async def _write(connection: Connection, batches: Iterable[Batch]) -> None:
    for batch in batches:
        await write(connection, [batch])


CONVERSIONS: Final[Mapping[str, Callable[[Connection], Awaitable[None]]]] = {
    "settings_and_attempts": _settings_and_attempts,
}
"""The name of a migration → what it does beside its SQL."""
