"""What a migration does beside its SQL, in the same transaction, before it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import apsw

from hubbub.store import conversions

from .records import write


def _settings_and_attempts(database: apsw.Connection) -> None:
    for batch in conversions.settings(database.execute(conversions.SETTINGS_ROWS)):
        write(database, [batch])
    for batch in conversions.attempts(database.execute(conversions.ATTEMPTS_ROWS)):
        write(database, [batch])


CONVERSIONS: Final[Mapping[str, Callable[[apsw.Connection], None]]] = {
    "settings_and_attempts": _settings_and_attempts,
}
"""The name of a migration → what it does beside its SQL."""
