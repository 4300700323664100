"""The whole REST API: which operations there are. OpenAPI and the routes are made from this list."""

from __future__ import annotations

from typing import Any, Final

from . import accounts, commands, server, sessions
from .operation import Operation

OPERATIONS: Final[tuple[Operation[Any], ...]] = (
    *server.OPERATIONS,
    *accounts.OPERATIONS,
    *sessions.OPERATIONS,
    *commands.OPERATIONS,
)
"""In the order of the documentation."""
