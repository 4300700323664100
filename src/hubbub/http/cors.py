"""Pages of other origins that may call the API, by the rule of the transports (auth/origins.py)."""

from __future__ import annotations

from collections.abc import Collection
from http import HTTPStatus
from typing import Final

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hubbub.auth.origins import cors_headers, preflight_headers

_METHODS: Final = b"GET, POST, PUT, PATCH, DELETE"
_EXPOSED: Final = b"x-request-id, retry-after"


class Cors:
    """ASGI middleware around the site.

    Args:
        allowed: origins; "*": any, without cookies.
    """

    def __init__(self, app: ASGIApp, allowed: Collection[str]) -> None:
        self._app = app
        self._allowed = allowed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        added = cors_headers(headers, self._allowed, exposed=_EXPOSED)
        if not added:
            await self._app(scope, receive, send)
            return

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", []), *added]
            await send(message)

        if scope["method"] == "OPTIONS" and "access-control-request-method" in headers:
            response = Response(status_code=HTTPStatus.NO_CONTENT)
            response.raw_headers = preflight_headers(headers, _METHODS)
            await response(scope, receive, answer)
        else:
            await self._app(scope, receive, answer)
