"""Everything that is served over HTTP, as one ASGI application."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final, Literal

import msgspec
from prometheus_client import CollectorRegistry
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from hubbub import __version__
from hubbub.errors import NotFound
from hubbub.identity import Identity
from hubbub.vocabulary import Limits
from hubbub.vocabulary.describe.asyncapi import asyncapi_document

from .api import OPERATIONS
from .call import Performer, Services
from .cors import Cors
from .endpoint import Endpoint
from .envelope import ROUTE, Envelope
from .errors import MethodNotAllowed, error_response
from .health import Check, HealthPages
from .metrics import HttpMetrics, MetricsPage, own_page
from .openapi import openapi_document
from .operation import Operation
from .pages import APP, Pages

_API: Final = "/api/"
_METHODS: Final = ["DELETE", "GET", "OPTIONS", "PATCH", "POST", "PUT"]
Page = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class SiteSettings:
    """What the configuration says about HTTP. Units and meaning as in docs/configuration.md."""

    limits: Limits
    allowed_origins: tuple[str, ...] = ()
    body_bytes: int = 65_536
    metrics: Literal["local", "open"] = "local"
    app: Path = field(default=APP)


def build_site(
    settings: SiteSettings,
    *,
    identity: Identity,
    chat: Performer,
    realtime: ASGIApp,
    serves: Callable[[str], bool],
    registry: CollectorRegistry,
    checks: Mapping[str, Check],
    metrics: Callable[[], Awaitable[bytes]] | None = None,
    remarks: Mapping[str, Callable[[], str]] | None = None,
    closing: Callable[[], bool],
    now_ms: Callable[[], int],
) -> ASGIApp:
    """Wire it.

    Args:
        realtime: the transports over HTTP.
        serves: whether a path is for `realtime`.
        checks: what `/readyz` tries.
        metrics: the page in Prometheus' format, where it is of more than this node.
        remarks: what `/readyz` says beside the checks.
        closing: whether the server is going down.
    """
    services = Services(identity, chat, settings.limits, now_ms)
    endpoint = Endpoint(services, settings.allowed_origins, settings.body_bytes)
    health = HealthPages(checks, closing, remarks)
    api = {(operation.path, operation.method): _operation(endpoint, operation) for operation in OPERATIONS}
    api["/api/v1/openapi.json", "GET"] = _document(openapi_document)
    api["/api/v1/asyncapi.json", "GET"] = _document(asyncapi_document)
    routes = [
        *_api_routes(api),
        _page("/livez", health.live),
        _page("/readyz", health.ready),
        _page("/metrics", MetricsPage(metrics or own_page(registry), settings.metrics, endpoint.authenticate)),
        _page("/ws", _upgrade_required),
        _page("/{rest:path}", Pages(settings.app), name="app"),
    ]
    site: ASGIApp = Starlette(routes=routes, exception_handlers={HTTPException: _http_error})
    if settings.allowed_origins:
        site = Cors(site, settings.allowed_origins)
    return Envelope(_Fork(realtime, serves, site), HttpMetrics(registry), realtime=serves)


class _Fork:
    """Event streams and long-polling go their own way, past the router: they are the busy HTTP paths."""

    def __init__(self, realtime: ASGIApp, serves: Callable[[str], bool], site: ASGIApp) -> None:
        self._realtime = realtime
        self._serves = serves
        self._site = site

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and self._serves(scope["path"]):
            await self._realtime(scope, receive, send)
        else:
            await self._site(scope, receive, send)


def _api_routes(pages: Mapping[tuple[str, str], Page]) -> list[Route]:
    """A route per path that takes every method, so that a wrong one is told the right ones."""
    by_path: dict[str, dict[str, Page]] = {}
    for (path, method), page in pages.items():
        by_path.setdefault(path, {})[method] = page
    found = [Route(path, _named(path, _by_method(methods)), methods=_METHODS) for path, methods in by_path.items()]
    unknown = [Route(path, _named(_API, _unknown), methods=_METHODS) for path in ("/api", "/api/{rest:path}")]
    return found + unknown


def _by_method(pages: dict[str, Page]) -> Page:
    allowed = {"allow": ", ".join(sorted({*pages, *(["HEAD"] if "GET" in pages else [])}))}

    async def run(request: Request) -> Response:
        page = pages.get("GET" if request.method == "HEAD" else request.method)
        return error_response(MethodNotAllowed(), allowed) if page is None else await page(request)

    return run


def _operation(endpoint: Endpoint, operation: Operation[Any]) -> Page:
    async def run(request: Request) -> Response:
        return await endpoint.run(operation, request)

    return run


def _page(path: str, page: Page, *, name: str | None = None) -> Route:
    return Route(path, _named(name or path, page), methods=["GET"])


def _named(route: str, page: Page) -> Page:
    """The same page; log and metrics get to know its route."""

    async def run(request: Request) -> Response:
        request.scope[ROUTE] = route
        return await page(request)

    return run


@functools.cache
def _described(describe: Callable[[str], Mapping[str, object]]) -> bytes:
    """It is the same for every server, and making it takes as long as all else of a start."""
    return msgspec.json.encode(describe(__version__))


def _document(describe: Callable[[str], Mapping[str, object]]) -> Page:
    content = _described(describe)

    async def show(request: Request) -> Response:
        return Response(content, media_type="application/json", headers={"cache-control": "no-cache"})

    return show


async def _unknown(request: Request) -> Response:
    return error_response(NotFound())


async def _upgrade_required(request: Request) -> Response:
    headers = {"upgrade": "websocket", "connection": "upgrade"}  # RFC 9110 section 15.5.22
    return Response("Connect here with a WebSocket.\n", HTTPStatus.UPGRADE_REQUIRED, headers, "text/plain")


async def _http_error(request: Request, error: Exception) -> Response:
    """What the router refuses outside the API: a wrong method."""
    if not isinstance(error, HTTPException):  # pragma: no cover  the table of handlers says so
        raise error
    return Response(f"{error.detail}\n", error.status_code, error.headers, "text/plain")
