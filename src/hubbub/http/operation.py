"""One entry of the REST API: the route, the input, the answer, and what OpenAPI says about it."""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic

import msgspec
from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response

from hubbub.chat import Actor
from hubbub.errors import Forbidden, HubbubError, Internal, Unauthenticated
from hubbub.identity import Identity
from hubbub.store import Login

from .body import Input, check_content_type, decode_body, decode_query, read_body
from .cookie import COOKIE
from .errors import error_response
from .origin import SAFE_METHODS, from_own_page

logger = logging.getLogger(__name__)

_encode = msgspec.json.Encoder().encode
_PARAMETER: Final = re.compile(r"\{(\w+)\}")


class Nothing(Struct, frozen=True, forbid_unknown_fields=True):
    """The input of an operation that has none."""


class Call:
    """One request, authenticated.

    Attributes:
        peer: the client's address as text, empty when unknown.
        secure: the client came by https.
        cookie: the token, when it came in the browser's cookie; else None.
        headers: for the answer; a handler may add to them.
    """

    def __init__(self, request: Request, login: Login | None) -> None:
        self._login = login
        self.cookie = None if "authorization" in request.headers else request.cookies.get(COOKIE)
        self._path: dict[str, str] = request.path_params
        self.peer = request.client.host if request.client else ""
        self.secure = request.url.scheme == "https"
        self.headers: list[tuple[str, str]] = []

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
        """A parameter of the path, percent-decoded."""
        return self._path[name]


@dataclass(frozen=True, slots=True)
class Operation(Generic[Input]):
    """What one method at one path does.

    Attributes:
        handler: its docstring becomes the description in OpenAPI.
        input: decoded from the query of a GET, else from the JSON body. `Nothing`: there is none.
        answer: the Struct under `status`; None: no body, 204.
        public: works without signing in.
        errors: what it refuses with, besides what every operation does.
    """

    method: str
    path: str
    name: str
    summary: str
    tag: str
    handler: Callable[[Call, Input], Awaitable[Struct | None]]
    input: type[Input]
    answer: type[Struct] | None
    status: int = 200
    public: bool = False
    errors: Sequence[type[HubbubError]] = ()

    @property
    def parameters(self) -> list[str]:
        """The names in the path."""
        return _PARAMETER.findall(self.path)

    @property
    def has_body(self) -> bool:
        return self.method not in SAFE_METHODS and self.input is not Nothing


class Endpoint:
    """Runs operations: authenticate, decode, do, encode. Every error becomes its coded answer."""

    def __init__(self, identity: Identity, allowed_origins: Sequence[str], body_bytes: int) -> None:
        self._identity = identity
        self._allowed_origins = tuple(allowed_origins)
        self._body_bytes = body_bytes

    async def run(self, operation: Operation[Any], request: Request) -> Response:
        try:
            return await self._run(operation, request)
        except Internal:
            logger.exception("%s failed", operation.name)
            return error_response(Internal())
        except HubbubError as error:
            return error_response(error)
        except Exception:
            logger.exception("%s failed", operation.name)
            return error_response(Internal())

    async def _run(self, operation: Operation[Any], request: Request) -> Response:
        login = None if operation.public else await self.authenticate(request)
        if request.method in SAFE_METHODS:
            given = decode_query(request, operation.input)
        else:
            body = await read_body(request, self._body_bytes)
            if body or operation.has_body:
                check_content_type(request)
            given = decode_body(body, operation.input)
        call = Call(request, login)
        answer = await operation.handler(call, given)
        if answer is None:
            response = Response(status_code=204)
        else:
            response = Response(_encode(answer), operation.status, media_type="application/json")
        for name, value in call.headers:
            response.headers.append(name, value)
        return response

    async def authenticate(self, request: Request) -> Login:
        """Who asks: by the Authorization header, else by the cookie.

        Raises:
            Unauthenticated: no valid token.
            Forbidden: a cookie on a request that changes something, from a page of another origin.
        """
        given = request.headers.get("authorization")
        if given is not None:
            scheme, _, token = given.partition(" ")
            if scheme.lower() != "bearer" or not token.strip():
                raise Unauthenticated
            return await self._identity.authenticate(token.strip())
        cookie = request.cookies.get(COOKIE)
        if not cookie:
            raise Unauthenticated
        if request.method not in SAFE_METHODS and not from_own_page(request, self._allowed_origins):
            raise Forbidden("This request came from a page of another site.")
        return await self._identity.authenticate(cookie)
