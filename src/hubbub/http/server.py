"""The server itself: what a client should know before it signs in, and what its administrator may change."""

from __future__ import annotations

from typing import Any, Final

from hubbub import __version__
from hubbub.vocabulary import Action

from .call import Call
from .operation import Nothing, Operation
from .views import ServerChange, ServerInfo

_TAG: Final = "server"


async def show_server(call: Call, given: Nothing) -> ServerInfo:
    """For clients that have not signed in yet."""
    state = await call.services.identity.server_state()
    return ServerInfo("Hubbub", __version__, state.signup, state.needs_setup, call.services.limits)


async def change_server(call: Call, given: ServerChange) -> ServerInfo:
    """For administrators. What they choose goes before the configuration."""
    await call.services.identity.set_signup(given.signup)
    return await show_server(call, Nothing())


OPERATIONS: Final[tuple[Operation[Any], ...]] = (
    Operation(
        "GET", "/api/v1/server", "server", "What this server is", _TAG,
        show_server, Nothing, ServerInfo, Action.SEE_SERVER,
    ),
    Operation(
        "PATCH", "/api/v1/server", "changeServer", "Open or close sign-up", _TAG,
        change_server, ServerChange, ServerInfo, Action.CHANGE_SERVER,
    ),
)  # fmt: skip
