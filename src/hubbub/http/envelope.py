"""Around every HTTP request: its id, its line in the log, its metrics, and the security headers of the answer."""

from __future__ import annotations

import asyncio
import logging
import re
import secrets
import time
from collections.abc import Callable
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hubbub.errors import ShuttingDown
from hubbub.logs import peer, request_id

from .errors import error_response
from .metrics import HttpMetrics
from .security import DATA_HEADERS, PAGE_HEADERS, POLLING_HEADERS

logger = logging.getLogger("hubbub.http.access")

_GIVEN_ID: Final = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

_HUNG_UP: Final = 499
"""Noted, never sent: the client left before it was answered. The number is nginx's."""

_CLOSE: Final = {"connection": "close"}  # the rest of the request is not read

ROUTE: Final = "hubbub.route"
"""Key of the ASGI scope under which a route leaves its template for log and metrics."""


class Envelope:
    """ASGI middleware, the outermost. A request that outlasts the server's grace, and is cancelled, is answered 503.

    Args:
        realtime: whether a path is one of the transports over HTTP: its requests wait, and its end is a secret.
        new_id: makes ids of requests that bring none; 16 characters are enough to find one in a log.
        clock: seconds, for durations only.
    """

    def __init__(
        self,
        app: ASGIApp,
        metrics: HttpMetrics,
        *,
        realtime: Callable[[str], bool] = lambda _: False,
        new_id: Callable[[], str] = lambda: secrets.token_hex(8),
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._app = app
        self._metrics = metrics
        self._realtime = realtime
        self._new_id = new_id
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = self._clock()
        current = _given_id(scope) or self._new_id()
        headers = [*self._headers_of(scope["path"]), (b"x-request-id", current.encode())]
        status: int | None = None

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                own = message.get("headers", [])
                present = {name.lower() for name, _ in own}
                message["headers"] = [*own, *(header for header in headers if header[0] not in present)]
            await send(message)

        mark = request_id.set(current)
        client = scope.get("client")
        peer_mark = peer.set(client[0] if client else None)
        try:
            await self._app(scope, receive, answer)
        except asyncio.CancelledError:  # the server stops, and this took too long
            if status is None:
                await error_response(ShuttingDown(), _CLOSE)(scope, receive, answer)
        except BaseException:
            status = status or 500  # what uvicorn answers then
            raise
        finally:
            self._note(scope, status or _HUNG_UP, self._clock() - began)
            request_id.reset(mark)
            peer.reset(peer_mark)

    def _headers_of(self, path: str) -> list[tuple[bytes, bytes]]:
        if self._realtime(path):
            return POLLING_HEADERS
        return DATA_HEADERS if path.startswith("/api/") else PAGE_HEADERS

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        path: str = scope["path"]
        method: str = scope["method"] if scope["method"] in _METHODS else "other"
        realtime = self._realtime(path)
        if realtime:  # what follows the first part is the connection's secret
            path = f"/{path.split('/', 2)[1]}/"
        route: str = scope.get(ROUTE) or (path if realtime else "other")
        # how long a poll waits says nothing about the server
        self._metrics.observe(method, route, status, None if realtime else seconds)
        level = logging.INFO if path.startswith("/api/") or status >= 500 else logging.DEBUG
        if logger.isEnabledFor(level):
            # the path without its query: people put secrets there
            fields = {"method": method, "path": path, "status": status, "ms": round(seconds * 1000, 1)}
            logger.log(level, "request", extra=fields)


def _given_id(scope: Scope) -> str | None:
    """The X-Request-Id that a proxy or client made, if it is a harmless word."""
    for name, value in scope["headers"]:
        if name == b"x-request-id" and _GIVEN_ID.fullmatch(value):
            return str(value.decode())
    return None
