"""Putting a server on a port, by itself or beside an ASGI application."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import uvicorn

from .server import Server

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]
Asgi = Callable[[Scope, Receive, Send], Awaitable[None]]


class Beside:
    """An ASGI application: long-polling goes to the server, everything else to `app`, 404 without one."""

    def __init__(self, server: Server, app: Asgi | None) -> None:
        self._server = server
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and str(scope["path"]).startswith("/socket.io/"):
            await self._server.gateway.polling(scope, receive, send)
        elif self._app is not None:
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            await _not_found(send)


async def _not_found(send: Send) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", b"9")]
    await send({"type": "http.response.start", "status": 404, "headers": headers})
    await send({"type": "http.response.body", "body": b"not found"})


async def serve(
    server: Server,
    app: Asgi | None = None,
    *,
    host: str = "127.0.0.1",
    port: int = 8000,
    grace_seconds: float = 5.0,
    on_started: Callable[[int], None] | None = None,
    **uvicorn_options: Any,
) -> None:
    """Serve until a signal or cancellation, on the running event loop.

    Args:
        app: an ASGI application (FastAPI, Starlette, Litestar, …) for everything that is not real-time. Its lifespan
            runs before the first connection.
        port: 0 takes a free one.
        grace_seconds: how long clients have to go at the end.
        on_started: called with the port when connections are accepted.
        uvicorn_options: further options of `uvicorn.Config`, e.g. `ssl_certfile`.
    """
    await server.open()
    config = uvicorn.Config(
        Beside(server, app),
        host=host,
        port=port,
        http=server.gateway.http_protocol,
        ws=server.gateway.ws_protocol,
        lifespan="off" if app is None else "auto",
        log_level=uvicorn_options.pop("log_level", "warning"),
        **uvicorn_options,
    )
    try:
        await _Uvicorn(config, on_started).serve()
    finally:
        await server.close(grace_seconds)


class _Uvicorn(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, on_started: Callable[[int], None] | None) -> None:
        super().__init__(config)
        self._on_started = on_started

    async def startup(self, sockets: list[Any] | None = None) -> None:
        await super().startup(sockets)
        if self.started and self._on_started is not None:
            self._on_started(self.servers[0].sockets[0].getsockname()[1])


def run(
    server: Server,
    app: Asgi | None = None,
    *,
    host: str = "127.0.0.1",
    port: int = 8000,
    on_started: Callable[[int], None] | None = None,
    **options: Any,
) -> None:
    """Serve until Ctrl-C, on an event loop of its own. The arguments are those of `serve`.

    Without `on_started` the address is printed.
    """
    import uvloop

    def announce(port: int) -> None:
        print(f"http://{host}:{port}", flush=True)  # noqa: T201

    with contextlib.suppress(KeyboardInterrupt, asyncio.CancelledError):
        uvloop.run(serve(server, app, host=host, port=port, on_started=on_started or announce, **options))
