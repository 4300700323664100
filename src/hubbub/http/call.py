"""One request on its way through an operation, and what operations work with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from msgspec import Struct
from starlette.requests import Request

from hubbub.auth.cookies import DEVICE_COOKIE, only_cookie
from hubbub.auth.credentials import Credentials
from hubbub.chat import Actor
from hubbub.errors import Unauthenticated
from hubbub.identity import Identity
from hubbub.store import Login
from hubbub.vocabulary import CommandBase, Limits

R = TypeVar("R", bound=Struct)


class Performer(Protocol):
    """The chat, as far as REST uses it."""

    async def perform(self, actor: Actor, command: CommandBase[R]) -> R:
        """Do what a connection's command would do. Raises the same errors."""
        ...


@dataclass(frozen=True, slots=True)
class Services:
    """The layers below. `now_ms`: Unix milliseconds."""

    identity: Identity
    chat: Performer
    limits: Limits
    now_ms: Callable[[], int]


class Call:
    """One request, authenticated.

    Attributes:
        services: the layers below.
        peer: the client's address as text, empty when unknown.
        secure: the client came by https.
        device_token: from the browser's cookie that says who has signed in on it before; empty when there is none.
        cookie: the token, when it came in the browser's cookie; else None.
        parameters: of the path, percent-decoded.
        headers: for the answer; a handler may add to them.
    """

    def __init__(
        self, services: Services, request: Request, login: Login | None, credentials: Credentials | None
    ) -> None:
        self.services = services
        self.peer = request.client.host if request.client else ""
        self.secure = request.url.scheme == "https"
        self.cookie = credentials.token if credentials is not None and credentials.ambient else None
        self.device_token = only_cookie(request.headers.get("cookie", ""), DEVICE_COOKIE)
        self.headers: list[tuple[str, str]] = []
        self._login = login
        self.parameters: dict[str, str] = request.path_params

    @property
    def login(self) -> Login:
        """Raises Unauthenticated."""
        if self._login is None:
            raise Unauthenticated
        return self._login

    @property
    def actor(self) -> Actor:
        """Raises Unauthenticated."""
        login = self.login
        return Actor(login.user_id, login.user, login.id)

    def path(self, name: str) -> str:
        """A parameter of the path."""
        return self.parameters[name]
