"""Putting a server on a port, by itself or beside an ASGI application."""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from typing import Any, Protocol

import uvicorn

from hubbub.realtime.server.acceptor import Acceptor
from hubbub.realtime.server.http_protocol import abort_left

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]
Asgi = Callable[[Scope, Receive, Send], Awaitable[None]]


class Servable(Protocol):
    """What can be put on a port: a `Server`, or an `EngineServer`."""

    @property
    def gateway(self) -> Acceptor: ...

    async def open(self) -> None: ...

    async def close(self, grace_seconds: float) -> None: ...


class Beside:
    """An ASGI application: what clients without WebSocket ask goes to the server, all else to `app`; 404 without one.

    WebSockets do not come here, see `Gateway.http_protocol`.
    """

    def __init__(self, server: Servable, app: Asgi | None) -> None:
        self._server = server
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        gateway = self._server.gateway
        if scope["type"] == "http" and gateway.serves(str(scope["path"])):
            await gateway.http(scope, receive, send)
        elif self._app is not None:
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            await _not_found(send)


async def _not_found(send: Send) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", b"9")]
    await send({"type": "http.response.start", "status": 404, "headers": headers})
    await send({"type": "http.response.body", "body": b"not found"})


async def serve(
    server: Servable,
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
        grace_seconds: how long clients have to go at the end, and requests to be answered.
        on_started: called with the port when connections are accepted.
        uvicorn_options: further options of `uvicorn.Config`, e.g. `ssl_certfile`. Which reverse proxies are believed
            is not among them: that is `GatewaySettings.trusted_proxies`.

    Raises:
        RuntimeError: the port is taken, or the application's lifespan failed; the log says which.
    """
    uvicorn_options.setdefault("log_level", "warning")
    uvicorn_options.setdefault("proxy_headers", False)  # `forwarded` does it, for WebSockets too
    uvicorn_options.setdefault("timeout_graceful_shutdown", max(1, math.ceil(grace_seconds)))
    await server.open()
    config = uvicorn.Config(
        server.gateway.forwarded(Beside(server, app)),
        host=host,
        port=port,
        http=server.gateway.http_protocol,
        ws="none",
        lifespan="off" if app is None else "auto",
        **uvicorn_options,
    )
    closing = _Closing(server, grace_seconds)
    uvicorn_server = _Uvicorn(config, closing, on_started)
    try:
        await uvicorn_server.serve()
    finally:
        await closing()
    if uvicorn_server.cancelled:
        raise asyncio.CancelledError


@contextlib.asynccontextmanager
async def serving(
    server: Servable, app: Asgi | None = None, *, host: str = "127.0.0.1", port: int = 0, **options: Any
) -> AsyncIterator[int]:
    """Serve while the block runs, for tests and for programs that do something else beside; the value is the port.

    The options are those of `serve`.
    """
    started: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    task = asyncio.create_task(serve(server, app, host=host, port=port, on_started=started.set_result, **options))
    try:
        await asyncio.wait((task, started), return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            await task
            raise RuntimeError("the server has stopped")
        yield started.result()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


class _Closing:
    """Closes a server once, however its end comes."""

    def __init__(self, server: Servable, grace_seconds: float) -> None:
        self._server = server
        self._grace_seconds = grace_seconds
        self._done = False

    async def __call__(self) -> None:
        if not self._done:
            self._done = True
            await self._server.close(self._grace_seconds)


class _Uvicorn(uvicorn.Server):
    def __init__(
        self, config: uvicorn.Config, closing: Callable[[], Awaitable[None]], on_started: Callable[[int], None] | None
    ) -> None:
        super().__init__(config)
        self._closing = closing
        self._on_started = on_started
        self.cancelled = False

    async def main_loop(self) -> None:
        """A cancelled server shuts down as one that gets a signal."""
        try:
            await super().main_loop()
        except asyncio.CancelledError:
            self.cancelled = True

    async def startup(self, sockets: list[Any] | None = None) -> None:
        try:
            await super().startup(sockets)
        except SystemExit:  # it is not for a library to end the process
            raise RuntimeError("the server can't start; the log says why") from None
        if self.started and self._on_started is not None:
            self._on_started(self.servers[0].sockets[0].getsockname()[1])

    async def shutdown(self, sockets: list[Any] | None = None) -> None:
        """Clients first: requests that wait for events would not end by themselves."""
        await self._closing()
        await super().shutdown(sockets)
        await abort_left(self.server_state)


def run(
    server: Servable,
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
