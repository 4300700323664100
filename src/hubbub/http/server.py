"""The server itself: what a client should know before it signs in, and what its administrator may change."""

from __future__ import annotations

from typing import Any, Final

from hubbub import __version__
from hubbub.errors import Forbidden
from hubbub.identity import Identity
from hubbub.vocabulary import Limits

from .operation import Call, Nothing, Operation
from .views import ServerChange, ServerInfo

_TAG: Final = "server"


class Server:
    """`/api/v1/server`."""

    def __init__(self, identity: Identity, limits: Limits) -> None:
        self._identity = identity
        self._limits = limits

    def operations(self) -> list[Operation[Any]]:
        return [
            Operation(
                "GET", "/api/v1/server", "server", "What this server is", _TAG,
                self.show, Nothing, ServerInfo, public=True,
            ),
            Operation(
                "PATCH", "/api/v1/server", "changeServer", "Open or close sign-up", _TAG,
                self.change, ServerChange, ServerInfo, errors=(Forbidden,),
            ),
        ]  # fmt: skip

    async def show(self, call: Call, given: Nothing) -> ServerInfo:
        return await self._info()

    async def change(self, call: Call, given: ServerChange) -> ServerInfo:
        """For administrators."""
        await self._identity.set_signup(call.login, given.signup)
        return await self._info()

    async def _info(self) -> ServerInfo:
        state = await self._identity.server_state()
        return ServerInfo("Hubbub", __version__, state.signup, state.needs_setup, self._limits)
