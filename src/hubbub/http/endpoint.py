"""Runs operations: authenticate, decode, do, encode. Every error becomes its coded answer."""

from __future__ import annotations

import logging
from typing import Any

import msgspec
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from hubbub.auth.credentials import Credentials, credentials_of_request
from hubbub.chat.access import check_outside_rooms
from hubbub.errors import HubbubError, Internal, Unauthenticated
from hubbub.store import Login
from hubbub.vocabulary.describe.rest import QUERY_METHODS

from .body import check_content_type, decode_body, decode_query, read_body
from .call import Call, Services
from .errors import error_response
from .operation import Operation

logger = logging.getLogger(__name__)

_encode = msgspec.json.Encoder().encode


class _Unsent(Response):
    """For a client that has gone: not sent, and so noted as what it is (`Envelope`)."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        return


class Endpoint:
    """The way of every API request.

    Args:
        allowed_origins: whose pages may use the cookie, besides our own. `*` names nobody.
        body_bytes: the longest body.
    """

    def __init__(self, services: Services, allowed_origins: tuple[str, ...], body_bytes: int) -> None:
        self._services = services
        self._allowed_origins = allowed_origins
        self._body_bytes = body_bytes

    async def run(self, operation: Operation[Any], request: Request) -> Response:
        """Never raises: what nobody expected is logged and becomes `internal`."""
        try:
            return await self._run(operation, request)
        except ClientDisconnect:
            return _Unsent()
        except Internal:
            logger.exception("%s failed", operation.name)
            return error_response(Internal())
        except HubbubError as error:
            return error_response(error)
        except Exception:
            logger.exception("%s failed", operation.name)
            return error_response(Internal())

    async def _run(self, operation: Operation[Any], request: Request) -> Response:
        login = credentials = None
        if not operation.public:
            login, credentials = await self.authenticate(request)
            check_outside_rooms(operation.action, login.user)
        if request.method in QUERY_METHODS or request.method == "HEAD":
            given = decode_query(request, operation.input)
        else:
            body = await read_body(request, self._body_bytes)
            if body or operation.has_body:
                check_content_type(request)
            given = decode_body(body, operation.input)
        call = Call(self._services, request, login, credentials)
        answer = await operation.handler(call, given)
        if answer is None:
            response = Response(status_code=204)
        else:
            response = Response(_encode(answer), operation.status, media_type="application/json")
        for name, value in call.headers:
            response.headers.append(name, value)
        return response

    async def authenticate(self, request: Request) -> tuple[Login, Credentials]:
        """Who asks, and by what.

        Raises:
            Unauthenticated: no valid token.
            Forbidden: a cookie on a request that changes something, from a page of another origin.
        """
        secure = request.url.scheme == "https"
        credentials = credentials_of_request(request.method, request.headers, self._allowed_origins, secure=secure)
        if credentials is None:
            raise Unauthenticated
        return await self._services.identity.authenticate(credentials.token), credentials
