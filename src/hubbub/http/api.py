"""The whole REST API: which operations there are. OpenAPI and the routes are made from this list."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hubbub.identity import Identity
from hubbub.vocabulary import Limits

from .accounts import Accounts
from .operation import Operation
from .rooms import Performer, Rooms
from .server import Server
from .sessions import Sessions


def api_operations(
    identity: Identity, chat: Performer, limits: Limits, now_ms: Callable[[], int]
) -> list[Operation[Any]]:
    """In the order of the documentation."""
    sessions = Sessions(identity, now_ms)
    return [
        *Server(identity, limits).operations(),
        *Accounts(identity, sessions).operations(),
        *sessions.operations(),
        *Rooms(chat).operations(),
    ]
