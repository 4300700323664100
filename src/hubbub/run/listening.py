"""Accepting connections: the listening socket, and uvicorn on it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import uvicorn

from hubbub.realtime.server.http_protocol import abort_left

BACKLOG: Final = 4096
"""Connections that the kernel keeps while the loop is busy: a whole team reconnecting at once."""

_LAST_WORDS_SECONDS: Final = 1.0
"""For the answers of requests that were cancelled."""


class StartError(Exception):
    """The server can't start. The message is one line for the operator."""


def bind(host: str, port: int, *, shared: bool = False) -> socket.socket:
    """A socket of our own. uvicorn's way would end the process by itself when the port is taken. Raises StartError.

    `shared`: with others that bind it shared, too. Otherwise nobody else gets the port.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (OSError, UnicodeError) as error:
        raise StartError(f"host: there is no address {host}") from error
    listener = socket.socket(family, kind, protocol)
    try:
        # restart while old connections are in TIME_WAIT
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if shared:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0 if host == "::" else 1)
        listener.bind(address)
        listener.settimeout(0)
    except OSError as error:
        listener.close()
        raise _cannot_listen(host, port, error) from error
    return listener


def reserve(host: str, port: int) -> socket.socket:
    """The place of a port that several processes are to share; it accepts nothing itself. Raises StartError.

    First the port is taken for oneself alone, so that a second server finds it taken although it would share it.
    """
    with bind(host, port) as alone:
        _listen(alone)
        taken: int = alone.getsockname()[1]
    return bind(host, taken, shared=True)


def _listen(listener: socket.socket) -> None:
    try:
        listener.listen(BACKLOG)
    except OSError as error:
        host, port = listener.getsockname()[:2]
        raise _cannot_listen(host, port, error) from error


def _cannot_listen(host: str, port: int, error: OSError) -> StartError:
    return StartError(f"port: can't listen on {host} port {port}: {error.strerror or error}")


def url_of(listener: socket.socket) -> str:
    """What to open in a browser on this machine."""
    host, port = listener.getsockname()[:2]
    if host in {"0.0.0.0", "::"}:  # noqa: S104  compared, not bound
        host = "localhost"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class HttpServer(uvicorn.Server):
    """uvicorn without its own signals, and with a moment that one can wait for."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._accepting = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        self._accepting.set()

    async def begin(self, listener: socket.socket) -> None:
        """Accept on the socket. Returns when it does. Raises StartError."""
        _listen(listener)
        self._task = asyncio.create_task(self.serve(sockets=[listener]))
        accepting = asyncio.create_task(self._accepting.wait())
        await asyncio.wait({self._task, accepting}, return_when=asyncio.FIRST_COMPLETED)
        if self._task.done():
            accepting.cancel()
            await self._task

    def stop_accepting(self) -> None:
        for server in self.servers:
            server.close()

    async def finish(self) -> None:
        """Answer the requests that were begun, at most for the grace, then end.

        Returns when those that took longer have been cancelled and have had a moment to say so to their clients.
        """
        self.should_exit = True
        if self._task is not None:
            await self._task
            if late := self.server_state.tasks:
                await asyncio.wait(late, timeout=_LAST_WORDS_SECONDS)
        await abort_left(self.server_state)
